"""The runner's end of a worker."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from signal import SIGKILL
from time import perf_counter
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar, cast

from harness.measure.cores import rest
from harness.measure.machine import oom_kills, thread_environment
from harness.measure.processor_time import count_descendants
from harness.measure.session import Session
from harness.results.events import Status
from harness.scratch import scratch_folder
from implementations.problem import AlsParams

P = ParamSpec("P")
R = TypeVar("R")

_NO_ANSWER = (0.0, None, None)
# Rubbish begins with what is taken for a length: nobody is to wait for so many bytes.
_LONGEST_ANSWER_BYTES = 1 << 20
# How often to look whether a worker that does not answer is still there, and how long one that
# hung up may take to end.
_LOOK_S, _LAST_BREATH_S = 1.0, 5.0


class WorkerFailure(Exception):  # noqa: N818 - a failure of the worker, not an error here
    """A worker did not do what it was told; it is gone when this is raised."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class Worker:
    """A worker process.

    Parameters
    ----------
    threads : int
        Set for every library in its environment, before anything is imported.
    timeout_s : float or None
        Longest time to wait for an answer.
    checkout : Path, optional
        Another checkout of this project, whose code it runs instead.
    """

    def __init__(self, threads: int, timeout_s: float | None, checkout: Path | None = None) -> None:
        self._timeout_s = timeout_s
        self._kills_before = oom_kills()
        self._connection, theirs = Pipe()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        # What it leaves there goes with it, however it ends: a JVM spills and a library unpacks.
        self._scratch = scratch_folder()
        # The worker finds what this process finds: modules of --impl module:Class, too.
        first = [] if checkout is None else [str(checkout)]
        path = os.pathsep.join([*first, *(entry or os.curdir for entry in sys.path)])
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "harness.measure.worker",
                str(theirs.fileno()),
                str(os.getpid()),
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            env={
                **os.environ,
                **thread_environment(threads),
                "PYTHONPATH": path,
                "TMPDIR": self._scratch.name,
            },
            cwd=checkout,
            start_new_session=True,  # Ctrl-C reaches the runner only
        )
        theirs.close()

    def call(
        self, method: Callable[Concatenate[Session, P], R], *given: P.args, **named: P.kwargs
    ) -> tuple[float, R]:
        """Call a method of the worker's session.

        Parameters
        ----------
        method : callable
            Such as `Session.prepare`.
        *given, **named
            Its arguments.

        Returns
        -------
        seconds : float
            That the call took, in the worker.
        result

        Raises
        ------
        WorkerFailure
            Where it raised, died, gave no answer in time, or answered rubbish.
        """
        name = method.__name__
        try:
            self._connection.send((method, given, named))
            answered = self._wait_for_answer()
            seconds, result, failure = self._receive() if answered else _NO_ANSWER
        except (EOFError, ConnectionError):
            self._fail(*self._how_it_died(name))
        except Exception as error:  # noqa: BLE001 - whatever reading rubbish raises
            self._fail("failed", f"{name}: an answer that cannot be read ({error})")
        if not answered:
            self._fail("timeout", f"{name}: no answer for {self._timeout_s:g} s")
        if failure is not None:
            self._fail(*failure)
        return seconds, cast("R", result)

    def make_ready(
        self, variant: str, params: AlsParams, threads: int, ratings: Path, start: Path
    ) -> None:
        """Take its session to the first sweep: made, ratings laid out, factors loaded, compiled.

        Parameters
        ----------
        variant : str
        params : AlsParams
        threads : int
        ratings, start : Path
            Folders (`harness.measure.exchange`).
        """
        self.call(Session.create, variant, params, threads)
        self.call(Session.open, ratings)
        self.call(Session.prepare)
        self.call(Session.load, start)
        self.call(Session.warm_up)

    @property
    def process_id(self) -> int:
        """Number of the process."""
        return self._process.pid

    def rest(self) -> None:
        """Wait until threads of its that go on spinning after a call have stopped."""
        rest(self.process_id)

    def stop(self) -> None:
        """Hang up, and make sure that the process is gone, and all that it started."""
        if self._errors.closed:
            return
        self._connection.close()
        count_descendants(self._process.pid)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, SIGKILL)  # it leads a group of its own
        self._process.wait()
        self._errors.close()
        self._scratch.cleanup()

    def _wait_for_answer(self) -> bool:
        """Whether there is an answer in time.

        A dead worker is noticed even where processes that it forked hold its pipe open.
        """
        timeout_s = float("inf") if self._timeout_s is None else self._timeout_s
        start = perf_counter()
        while (left_s := timeout_s - (perf_counter() - start)) > 0:
            if self._connection.poll(min(left_s, _LOOK_S)):
                return True
            if self._process.poll() is not None and not self._connection.poll():
                raise EOFError
        return False

    def _receive(self) -> tuple[float, Any, tuple[Status, str] | None]:
        answer: tuple[float, Any, tuple[Status, str] | None]
        answer = ForkingPickler.loads(self._connection.recv_bytes(_LONGEST_ANSWER_BYTES))
        return answer

    def _fail(self, status: Status, reason: str) -> NoReturn:
        self.stop()
        raise WorkerFailure(status, reason)

    def _how_it_died(self, name: str) -> tuple[Status, str]:
        try:
            code = self._process.wait(_LAST_BREATH_S)
        except subprocess.TimeoutExpired:
            return "failed", f"{name}: the worker hung up"
        if code == -SIGKILL:
            cause = "for lack of memory" if oom_kills() > self._kills_before else "by SIGKILL"
            return "out_of_memory", f"{name}: the system killed the worker {cause}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return "failed", f"{name}: the worker ended with {how}{last}"
