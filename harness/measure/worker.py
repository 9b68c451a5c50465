"""The worker: one process, one cell. It owns a backend and does what the runner tells it.

Started as ``python -m harness.measure.worker DESCRIPTOR PARENT`` with a connection to the runner,
whose process id is PARENT, behind that file descriptor; thread counts are in its environment before
NumPy is imported.
"""

import ctypes
import os
import signal
import sys
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from typing import Any

from harness.measure.exchange import map_ratings, read_factors, write_factors
from harness.measure.machine import memory_bytes, threads_in_force
from harness.measure.roofline_rates import Rater
from harness.measure.timing import calibrated_turn, timed_sweeps, turn_of_one_step
from harness.results.events import Status
from implementations.backend import SolveError
from implementations.problem import AlsParams, Factors, Ratings
from implementations.registry import find


class Session:
    """What the runner can ask for, a method each. Seconds are of the whole call."""

    def create(self, variant: str, params: dict[str, Any], threads: int) -> None:
        """Make the backend."""
        self._variant, self._params = find(variant), AlsParams(**params)
        self._backend = self._variant.create(self._params, threads)
        self._base_bytes = memory_bytes("VmRSS")

    def open(self, folder: str) -> None:
        """Map the training ratings."""
        self._train = map_ratings(Path(folder))

    def rehearse(self) -> None:
        """Lay out a single rating, so that `prepare` finds its code compiled."""
        train = self._train
        first = (train.users[:1], train.items[:1], train.values[:1])
        self._backend.prepare(Ratings(*first, train.n_users, train.n_items))

    def prepare(self) -> None:
        """Lay out the ratings."""
        self._backend.prepare(self._train)

    def load(self, folder: str) -> None:
        """Take factors from a folder."""
        self._backend.load(read_factors(Path(folder)))

    def warm_up(self) -> None:
        """Compile."""
        self._backend.warm_up()

    def turn(self, sweeps: int | None, one_step: bool) -> tuple[int, float, float]:
        """Sweep on the clock: sweeps, and the seconds of both halves.

        Parameters
        ----------
        sweeps : int or None
            None calibrates.
        one_step : bool
            Afterwards the factors are to be those of one sweep.
        """
        if sweeps is None:
            timed = calibrated_turn(self._backend)
        elif one_step:
            timed = turn_of_one_step(self._backend, sweeps)
        else:
            timed = timed_sweeps(self._backend, sweeps)
        return timed.sweeps, timed.users_s, timed.items_s

    def half_sweep(self, side: str) -> None:
        """One half-sweep, off the clock."""
        if side == "users":
            self._backend.update_users()
        else:
            self._backend.update_items()

    def read(self, folder: str) -> None:
        """Write the factors to a folder."""
        factors = self._backend.read()
        self._check(factors)
        write_factors(Path(folder), factors)

    def _check(self, factors: Factors) -> None:
        """See to it that the judge gets what its compiled code takes on trust."""
        dtype, width = self._variant.dtype, self._params.rank + 1
        for side, rows in (("users", self._train.n_users), ("items", self._train.n_items)):
            array = getattr(factors, side)
            if array.shape != (rows, width) or array.dtype != dtype:
                raise ValueError(
                    f"read gave {side} of shape {array.shape} and {array.dtype}, "
                    f"not {(rows, width)} and {dtype}"
                )

    def rates(self, threads: int) -> tuple[dict[str, float], dict[str, float]]:
        """What the machine can do; asked of a worker that has no backend."""
        return self._rater.rates(threads)

    @cached_property
    def _rater(self) -> Rater:
        return Rater()

    def facts(self) -> dict[str, Any]:
        """Memory and threads, as they are."""
        return {
            "peak_bytes": memory_bytes("VmHWM"),
            "base_bytes": self._base_bytes,
            "threads_in_force": threads_in_force(),
        }


def serve(connection: Connection, session: object) -> None:
    """Answer calls until the runner hangs up.

    An answer is (seconds, result, None), or (seconds, None, (status, reason)) where the call
    raised: this is the boundary at which anybody's exception becomes a status.
    """
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        result, failure = None, None
        start = perf_counter()
        try:
            result = getattr(session, name)(**arguments)
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
