"""The runner's end of a worker."""

import os
import subprocess
import sys
import tempfile
from multiprocessing import Pipe
from signal import SIGKILL
from typing import Any, NoReturn

from harness.measure.machine import oom_kills, thread_environment
from harness.results.events import Status

_NO_ANSWER = (0.0, None, None)


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
    """

    def __init__(self, threads: int, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s
        self._kills_before = oom_kills()
        self._connection, theirs = Pipe()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `stop`
        # The worker finds what this process finds: modules of --impl module:Class, too.
        path = os.pathsep.join(entry or os.curdir for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.measure.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            env={**os.environ, **thread_environment(threads), "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C reaches the runner only
        )
        theirs.close()

    def call(self, name: str, **arguments: Any) -> tuple[float, Any]:
        """Call a method of the worker's session.

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
        try:
            self._connection.send((name, arguments))
            answered = self._connection.poll(self._timeout_s)
            seconds, result, failure = self._connection.recv() if answered else _NO_ANSWER
        except (EOFError, ConnectionError):
            self._fail(*self._how_it_died(name))
        except Exception as error:  # noqa: BLE001 - whatever reading rubbish raises
            self._fail("failed", f"{name}: an answer that cannot be read ({error})")
        if not answered:
            self._fail("timeout", f"{name}: no answer for {self._timeout_s:.0f} s")
        if failure is not None:
            self._fail(*failure)
        return seconds, result

    def stop(self) -> None:
        """Hang up, and make sure that the process is gone."""
        self._connection.close()
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def _fail(self, status: Status, reason: str) -> NoReturn:
        self.stop()
        raise WorkerFailure(status, reason)

    def _how_it_died(self, name: str) -> tuple[Status, str]:
        code = self._process.wait()
        if code == -SIGKILL:
            cause = "for lack of memory" if oom_kills() > self._kills_before else "by SIGKILL"
            return "out_of_memory", f"{name}: the system killed the worker {cause}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return "failed", f"{name}: the worker ended with {how}{last}"
