"""Turns of several processes that do the same: each a process anew, or forked from one."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

import numpy as np

from harness.measure.cores import rest
from harness.measure.handle import Worker
from harness.measure.session import Session
from harness.measure.worker import serve
from implementations.problem import AlsParams

P = ParamSpec("P")
R = TypeVar("R")
_LAYER = "NUMBA_THREADING_LAYER"
# Seconds of users' and items' half-sweeps, in each round and process.
Seconds = list[list[list[float]]]


class Job(NamedTuple):
    """What the processes do, and for how long; in `folder` are `ratings` and `start`."""

    name: str
    params: AlsParams
    threads: int
    folder: Path
    processes: int
    rounds: int


class Process(Protocol):
    """Another process with a session."""

    def call(
        self, method: Callable[Concatenate[Session, P], R], *given: P.args, **named: P.kwargs
    ) -> tuple[float, R]:
        """Call a method of its session; seconds and result."""
        ...

    def rest(self) -> None:
        """Wait until its threads have stopped."""
        ...


class Forked:
    """A child of this process: its compiled code is this process's own, and where that lies.

    Parameters
    ----------
    stack : ExitStack
        Ends it.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._connection, theirs = Pipe()
        self._process = get_context("fork").Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        stack.callback(self._process.join)
        stack.callback(self._process.kill)

    def call(
        self, method: Callable[Concatenate[Session, P], R], *given: P.args, **named: P.kwargs
    ) -> tuple[float, R]:
        """Call a method of its session; seconds and result.

        Raises
        ------
        RuntimeError
            With what it raised.
        """
        self._connection.send((method, given, named))
        seconds, result, failure = self._connection.recv()
        if failure is not None:
            raise RuntimeError(failure)
        return seconds, result

    def rest(self) -> None:
        """Wait until its threads have stopped."""
        rest(self._process.pid or 0)


def _serve(connection: Connection) -> None:
    serve(connection, Session())


@contextmanager
def _workqueue() -> Iterator[None]:
    """Have Numba use its own layer of threads, which outlives a fork; OpenMP's does not."""
    before = os.environ.get(_LAYER)
    os.environ[_LAYER] = "workqueue"
    try:
        yield
    finally:
        del os.environ[_LAYER]
        os.environ.update({} if before is None else {_LAYER: before})


def spawned_turns(job: Job) -> Seconds:
    """Of processes that were started one by one, each with its compiled code where it came to."""
    with ExitStack() as stack:
        workers = []
        for _ in range(job.processes):
            workers.append(Worker(job.threads, None))
            stack.callback(workers[-1].stop)
        return _turns(workers, job)


def forked_turns(job: Job) -> Seconds:
    """Of processes that were forked from one that had compiled."""
    with _workqueue():
        worker = Worker(job.threads, None)
    try:
        return worker.call(_fork_and_turn, job)[1]
    finally:
        worker.stop()


def workqueue_turns(job: Job) -> Seconds:
    """Of processes that were started one by one, with the layer of threads of the forked ones."""
    with _workqueue():
        return spawned_turns(job)


def _fork_and_turn(session: Session, job: Job) -> Seconds:
    """What the parent of forked processes does, itself a worker."""
    _make(session, job)
    with ExitStack() as stack:
        return _turns([Forked(stack) for _ in range(job.processes)], job)


def _make(session: Session, job: Job) -> None:
    """A backend, and with it all arrays, anew; compiled where it is not yet."""
    session.create(job.name, job.params, job.threads)
    session.open(job.folder / "ratings")
    session.prepare()
    session.load(job.folder / "start")
    session.warm_up()


def _turns(processes: Sequence[Process], job: Job) -> Seconds:
    """Turns of all processes, in an order shuffled each round."""
    taken, sweeps = [], None
    for number in range(job.rounds):
        halves = [[0.0, 0.0]] * len(processes)
        for which in np.random.default_rng(number).permutation(len(processes)):
            processes[which].call(_make, job)
            warm = sweeps is not None
            timed = processes[which].call(Session.turn, sweeps, None, warm, number)[1]
            processes[which].rest()
            sweeps = timed.sweeps
            halves[which] = [timed.users_s / sweeps, timed.items_s / sweeps]
        taken.append(halves)
    return taken


OF_THREADS = "started one by one, workqueue"
WAYS: dict[str, Callable[[Job], Seconds]] = {
    "started one by one": spawned_turns,
    OF_THREADS: workqueue_turns,
    "forked from one": forked_turns,
}
