"""Measuring, in a process of its own, what the machine can do at its best."""

from collections.abc import Iterator, Sequence

from harness.measure.handle import Worker, WorkerFailure
from harness.measure.session import Session
from harness.results.events import Machine, When

_TIMEOUT_S = 60.0


def measure_machine(when: When, threads: Sequence[int]) -> Iterator[Machine]:
    """Measure the machine in a process of its own.

    Parameters
    ----------
    when : str
        "start" or "end" of a run.
    threads : sequence of int
        Numbers of threads.

    Yields
    ------
    Machine
        One for each number, ascending: after matrix products, threads of a BLAS keep a core busy
        for a while. The last one has the reason where measuring failed.
    """
    worker = Worker(max(threads), _TIMEOUT_S)
    try:
        for count in sorted(set(threads)):
            try:
                _, (middle, best) = worker.call(Session.rates, count)
            except WorkerFailure as failure:
                yield Machine(when, count, {}, {}, failure.reason)
                return
            yield Machine(when, count, middle, best)
    finally:
        worker.stop()
