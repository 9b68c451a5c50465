"""The worker: one process, one cell. It does what the runner tells it.

Started as ``python -m harness.measure.worker DESCRIPTOR PARENT`` with a connection to the runner,
whose process id is PARENT, behind that file descriptor; thread counts are in its environment before
NumPy is imported.
"""

import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from traceback import extract_tb

from harness.measure.session import Session
from harness.results.events import Status
from implementations.backend import SolveError


def serve(connection: Connection, session: Session) -> None:
    """Answer calls, each a method of the session and its arguments, until the runner hangs up.

    An answer is (seconds, result, None), or (seconds, None, (status, reason)) where the call
    raised: this is the boundary at which anybody's exception becomes a status.
    """
    while True:
        try:
            method, given, named = connection.recv()
        except EOFError:
            return
        result, failure = None, None
        start = perf_counter()
        try:
            result = method(session, *given, **named)
        except Exception as error:  # noqa: BLE001 - the worker's boundary
            failure = describe(error)
        connection.send((perf_counter() - start, result, failure))


def describe(error: Exception) -> tuple[Status, str]:
    """Status and reason of an exception, with the place where it was raised."""
    if isinstance(error, SolveError):
        return "diverged", str(error)
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    if frames := extract_tb(error.__traceback__):
        reason += f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"
    return ("out_of_memory" if isinstance(error, MemoryError) else "failed"), reason


def _die_with_parent() -> None:
    """Have the system end this process when the runner ends, however that ends (Linux)."""
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def main() -> None:
    """Serve on the connection behind the descriptor given."""
    _die_with_parent()
    if os.getppid() != int(sys.argv[2]):
        return  # the runner died before the line above
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
    serve(Connection(int(sys.argv[1])), Session())


if __name__ == "__main__":
    main()
