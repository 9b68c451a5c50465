"""Two implementations of different checkouts: a process each, by turns, renewed for every block."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from harness.difference import row_differences
from harness.measure.exchange import read_factors, write_factors, write_ratings
from harness.measure.handle import Worker
from harness.measure.pairing import LONG_SWEEP_S, TURNS, Block
from harness.measure.session import Session
from harness.measure.timing import sweeps_that_fill
from implementations.als import start_factors
from implementations.backend import SIDES
from implementations.problem import AlsParams
from implementations.ratings import Ratings


@dataclass(frozen=True)
class Side:
    """A variant, and the checkout whose code it is; None: this one."""

    variant: str
    checkout: Path | None


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
        self._sweeps = [0, 0]
        self._is_long = False

    def largest_difference(self) -> float:
        """Largest relative difference of a row after one sweep of both from the common start."""
        models = []
        with ExitStack() as stack:
            for which in (0, 1):
                worker = self._ready(which, stack)
                worker.call(Session.turn, 1, None)
                worker.call(Session.read, self._read)
                models.append(read_factors(self._read).astype(np.dtype("float64")))
        gaps = [row_differences(*(getattr(m, side) for m in models)).max() for side in SIDES]
        return float(max(gaps))

    def block(self, new_first: bool) -> Block:
        """One block, of two new processes."""
        order = (1, 0) if new_first else (0, 1)
        logs: dict[int, list[float]] = {0: [], 1: []}
        with ExitStack() as stack:
            workers = {which: self._ready(which, stack) for which in order}
            for which in order:
                self._calibrate(which, workers[which])
            for _ in range(TURNS // 4 if self._is_long else TURNS // 2):
                for which in (*order, *reversed(order)):
                    timed = workers[which].call(Session.turn, self._sweeps[which], None)[1]
                    logs[which].append(float(np.log(timed.seconds / timed.sweeps)))
        return Block(fmean(logs[0]), fmean(logs[1]))

    def _calibrate(self, which: int, worker: Worker) -> None:
        """Warm up, and the first time find out how many sweeps make a turn."""
        worker.call(Session.turn, 1, None)
        if not self._sweeps[which]:
            second = worker.call(Session.turn, 1, None)[1]
            self._sweeps[which] = sweeps_that_fill(second.seconds)
            self._is_long |= second.seconds > LONG_SWEEP_S

    def _ready(self, which: int, stack: ExitStack) -> Worker:
        """A process that is ready to sweep."""
        side = self._sides[which]
        worker = Worker(self._threads, None, side.checkout)
        stack.callback(worker.stop)
        worker.call(Session.create, side.variant, self._params, self._threads)
        worker.call(Session.open, self._ratings)
        worker.call(Session.prepare)
        worker.call(Session.load, self._start)
        worker.call(Session.warm_up)
        return worker
