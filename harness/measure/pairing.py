"""Two implementations in one process, by turns, on one copy of the ratings.

Both are made anew for every block, so that where their memory lies cancels over blocks. Within a
block they take turns as A B B A, so that a drift cancels, too. Where their code lies stays as it is
while a process lives: whoever pairs them takes several.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import getpid
from time import perf_counter

import numpy as np

from harness.difference import row_differences
from harness.measure.cores import Cores, rest
from harness.measure.timing import (
    CALIBRATION_TRIES,
    WARM_BELOW_S,
    Timed,
    sweeps_that_fill,
    timed_sweeps,
)
from implementations.als import ready, start_factors
from implementations.backend import SIDES, AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.variant import Variant

# Turns of each in a block; of sweeps that take longer than this, half as many.
TURNS, LONG_SWEEP_S = 4, 1.0


@dataclass(frozen=True)
class Block:
    """Log seconds of a sweep of both in the turns of one block; the n-th of both are neighbours."""

    old: tuple[float, ...]
    new: tuple[float, ...]


class Turns:
    """The turns of a block, and how many sweeps make one of each."""

    def __init__(self) -> None:
        self._sweeps, self._sweep_s = [0, 0], [0.0, 0.0]

    def block(self, order: tuple[int, int], sweep: Callable[[int, int], Timed]) -> Block:
        """Warm both up, and give them their turns.

        Parameters
        ----------
        order : (int, int)
            Which of the two (0: old, 1: new) is the first.
        sweep : callable
            Times so many sweeps, the second argument, of the one that is the first argument.
        """
        for which in order:
            self._calibrate(which, sweep)
        logs: dict[int, list[float]] = {0: [], 1: []}
        turns = TURNS if max(self._sweep_s) < LONG_SWEEP_S else TURNS // 2
        for _ in range(turns // 2):
            for which in (*order, *reversed(order)):
                if self._sweep_s[which] < WARM_BELOW_S:
                    sweep(which, 1)  # finds the caches full of the other's data
                timed = sweep(which, self._sweeps[which])
                logs[which].append(float(np.log(timed.seconds / timed.sweeps)))
        return Block(tuple(logs[0]), tuple(logs[1]))

    def _calibrate(self, which: int, sweep: Callable[[int, int], Timed]) -> None:
        """Warm up by a sweep, and the first time find out how many sweeps make a turn."""
        first = sweep(which, 1)
        if not self._sweeps[which]:
            tries = CALIBRATION_TRIES if first.seconds < LONG_SWEEP_S else 0
            sweep_s = min([sweep(which, 1).seconds for _ in range(tries)], default=first.seconds)
            self._sweeps[which] = sweeps_that_fill(sweep_s)
            self._sweep_s[which] = sweep_s


def drawn_order(random: np.random.Generator) -> tuple[int, int]:
    """Which of the two is the first, by chance."""
    return (1, 0) if random.integers(2) else (0, 1)


def largest_gap(models: Sequence[Factors]) -> float:
    """Largest relative difference of a row of two models."""
    gaps = [row_differences(*(getattr(m, side) for m in models)).max() for side in SIDES]
    return float(max(gaps))


class Pairing:
    """Two variants on the same ratings.

    Parameters
    ----------
    variants : (Variant, Variant)
        Old and new.
    params : AlsParams
    threads : int
    train : Ratings
    """

    def __init__(
        self, variants: tuple[Variant, Variant], params: AlsParams, threads: int, train: Ratings
    ) -> None:
        self._variants, self._params, self._threads = variants, params, threads
        self._train, self._start = train, start_factors(train, params)
        self._turns = Turns()

    def largest_difference(self) -> float:
        """Largest relative difference of a row after one sweep of both from the common start."""
        models = []
        for which in (0, 1):
            backend = self._made(which)
            timed_sweeps(backend, 1)
            models.append(backend.read())
        return largest_gap(models)

    def blocks(self, seconds: float, seed: int) -> list[Block]:
        """Blocks for about so many seconds, one at least."""
        random, end = np.random.default_rng(seed), perf_counter() + seconds
        found = [self._block(drawn_order(random))]
        while perf_counter() < end:
            found.append(self._block(drawn_order(random)))
        return found

    def _block(self, order: tuple[int, int]) -> Block:
        made = {which: self._made(which) for which in order}
        cores = {which: Cores(self._threads) for which in order}

        def sweep(which: int, sweeps: int) -> Timed:
            with cores[which].settling():
                timed = timed_sweeps(made[which], sweeps)
            rest(getpid())
            return timed

        try:
            return self._turns.block(order, sweep)
        finally:
            cores[0].release()  # the next block's threads start from this one

    def _made(self, which: int) -> AlsBackend:
        given = self._train, self._params, self._threads, self._start
        return ready(self._variants[which], *given)
