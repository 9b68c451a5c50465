"""Two implementations of different checkouts: a process each, by turns, renewed for every block."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.measure.exchange import read_factors, write_factors, write_ratings
from harness.measure.handle import Worker
from harness.measure.pairing import Block, Turns, largest_gap
from harness.measure.session import Session
from harness.measure.timing import Timed
from implementations.als import start_factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings


@dataclass(frozen=True)
class Side:
    """A variant, and the checkout whose code it is; None: this one.

    `row_tolerance` is how far a row of it may be off after one sweep, relative.
    """

    variant: str
    checkout: Path | None
    row_tolerance: float


class PairingApart:
    """Two sides on the same ratings, in processes of their own.

    Parameters
    ----------
    sides : (Side, Side)
        Old and new.
    params : AlsParams
    threads : int
    train : Ratings
    folder : Path
        For what passes between the processes.
    """

    def __init__(
        self,
        sides: tuple[Side, Side],
        params: AlsParams,
        threads: int,
        train: Ratings,
        folder: Path,
    ) -> None:
        self._sides, self._params, self._threads = sides, params, threads
        self._ratings, self._start, self._read = (
            folder / name for name in ("ratings", "start", "read")
        )
        write_ratings(self._ratings, train)
        write_factors(self._start, start_factors(train, params))
        self._turns = Turns()

    def largest_difference(self) -> float:
        """Largest relative difference of a row after one sweep of both from the common start."""
        models = []
        with ExitStack() as stack:
            for which in (0, 1):
                worker = self._ready(which, stack)
                worker.call(Session.turn, 1, None)
                worker.call(Session.read, self._read)
                models.append(read_factors(self._read).astype(np.dtype("float64")))
        return largest_gap(models)

    def block(self, order: tuple[int, int]) -> Block:
        """One block, of two new processes."""
        with ExitStack() as stack:
            workers = {which: self._ready(which, stack) for which in order}

            def sweep(which: int, sweeps: int) -> Timed:
                timed = workers[which].call(Session.turn, sweeps, None)[1]
                workers[which].rest()
                return timed

            return self._turns.block(order, sweep)

    def _ready(self, which: int, stack: ExitStack) -> Worker:
        """A process that is ready to sweep."""
        side = self._sides[which]
        worker = Worker(self._threads, None, side.checkout)
        stack.callback(worker.stop)
        given = self._params, self._threads, self._ratings, self._start
        worker.make_ready(side.variant, *given)
        return worker
