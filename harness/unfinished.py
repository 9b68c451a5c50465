"""Does work go on after a half-sweep has returned? Its seconds would be on nobody's clock."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from implementations.backend import SIDES, AlsBackend, Side
from implementations.factors import Factors

# A first read may find memory cold. What it takes longer than a second one is suspected where it is
# both this share of the half-sweep and this long, and believed where it is so every time.
_SHARE, _LEAST_S = 0.25, 0.002
_TRIALS = 4


class UnfinishedWork(Exception):  # noqa: N818 - what an implementation did, not an error here
    """Half-sweeps return before their work is done. The message is one line."""


@dataclass(frozen=True)
class Aftermath:
    """Seconds of a half-sweep, and of two reads of the factors right after it."""

    side: Side
    update_s: float
    first_s: float
    second_s: float

    @property
    def is_suspect(self) -> bool:
        """Whether the first read seems to have waited for work that went on."""
        waited_s = self.first_s - self.second_s
        return waited_s > max(_LEAST_S, _SHARE * self.update_s)


def expect_settled(backend: AlsBackend, side: Side, update_s: float) -> None:
    """See, right after a half-sweep, that nothing goes on; only where it seems so, sweep more.

    Parameters
    ----------
    backend : AlsBackend
    side : {"users", "items"}
        That was solved last.
    update_s : float
        What that took.

    Raises
    ------
    UnfinishedWork
        As `expect_finished`.
    """
    if _reads(backend, side, update_s).is_suspect:
        expect_finished(backend)


def expect_finished(backend: AlsBackend) -> None:
    """Make half-sweeps, see that nothing goes on after them, and go back to the present factors.

    Parameters
    ----------
    backend : AlsBackend
        Ready to sweep.

    Raises
    ------
    UnfinishedWork
        Where reading the factors right after a half-sweep takes longer than reading them once more
        by a good part of the half-sweep, time after time, or where they change in between.
    """
    factors = backend.read()
    for side in SIDES:
        seen = [_look(backend, side)]
        while seen[-1].is_suspect:
            if len(seen) == _TRIALS:
                raise UnfinishedWork(_text(min(seen, key=lambda one: one.first_s)))
            seen.append(_look(backend, side))
    backend.load(factors)


def _look(backend: AlsBackend, side: Side) -> Aftermath:
    start = perf_counter()
    backend.update(side)
    return _reads(backend, side, perf_counter() - start)


def _reads(backend: AlsBackend, side: Side, update_s: float) -> Aftermath:
    start = perf_counter()
    first = backend.read()
    middle = perf_counter()
    second = backend.read()
    end = perf_counter()
    if changed := _changed(first, second):
        raise UnfinishedWork(
            f"{changed} changed after update_{side} had returned: its work is not done then"
        )
    return Aftermath(side, update_s, middle - start, end - middle)


def _changed(first: Factors, second: Factors) -> str:
    """Side whose factors are not the same, NaN being the same as NaN."""
    for side in SIDES:
        if not np.array_equal(getattr(first, side), getattr(second, side), equal_nan=True):
            return side
    return ""


def _text(seen: Aftermath) -> str:
    return (
        f"update_{seen.side} returns before its work is done: it takes {seen.update_s:.2g} s, and "
        f"reading the factors right after it {seen.first_s:.2g} s, once more {seen.second_s:.2g} s"
    )
