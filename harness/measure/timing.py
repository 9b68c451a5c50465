"""The timed region: two half-sweeps, each alone between readings of the clock."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from math import ceil
from time import perf_counter_ns

from harness.measure.counters import Counts, Reading, counted
from implementations.als import sweep
from implementations.backend import AlsBackend

Clock = Callable[[], int]
ReadCounters = Callable[[], Reading | None]
Around = Callable[[], AbstractContextManager[None]]


def uncounted() -> None:
    """Count nothing."""


# Shorter turns would time the clock and the wake-up of threads along with the sweep.
SHORTEST_TURN_S = 0.02
# The first sweep of a turn finds the caches full of somebody else's data. Of sweeps shorter than
# this it takes per cents longer than the next ones, so it is made off the clock.
WARM_BELOW_S = 0.1
CALIBRATION_TRIES = 3


@dataclass(frozen=True)
class Timed:
    """So many sweeps, and the seconds of their halves, or of them as a whole.

    Attributes
    ----------
    sweeps : int
    users_s, items_s : float or None
        None where there are no halves.
    whole_s : float or None
        What so many iterations make a fit longer; None where there are halves.
    fits : tuple of (int, float)
        The fits that were made: iterations, seconds.
    counts : Counts or None
        Instructions and cycles of these sweeps; None where they are not counted.
    warm_ups : int
        Sweeps right before these, off the clock.
    """

    sweeps: int
    users_s: float | None
    items_s: float | None
    whole_s: float | None = None
    fits: tuple[tuple[int, float], ...] = ()
    counts: Counts | None = None
    warm_ups: int = 0

    @property
    def seconds(self) -> float:
        """All sweeps."""
        if self.whole_s is not None:
            return self.whole_s
        return (self.users_s or 0.0) + (self.items_s or 0.0)

    @property
    def clock_s(self) -> float:
        """All that was on the clock: whole fits, where there were some."""
        return sum(seconds for _, seconds in self.fits) if self.fits else self.seconds

    def stands_out(self, least_s: float, share: float) -> bool:
        """Whether the sweeps take so many seconds, and such a share of the longest fit."""
        longest_s = max((seconds for _, seconds in self.fits), default=self.seconds)
        return self.seconds >= max(least_s, share * longest_s)

    def with_fit(self, sweeps: int, seconds: float) -> "Timed":
        """The same, and one more fit."""
        return replace(self, fits=(*self.fits, (sweeps, seconds)))


def timed_sweeps(
    backend: AlsBackend,
    sweeps: int,
    clock: Clock = perf_counter_ns,
    count: ReadCounters = uncounted,
) -> Timed:
    """Time whole sweeps.

    Parameters
    ----------
    backend : AlsBackend
        Prepared, loaded and warmed up.
    sweeps : int
    clock : callable
        Nanoseconds.
    count : callable
        What the counters say so far.
    """
    users = items = 0
    before = count()
    for _ in range(sweeps):
        start = clock()
        backend.update_users()
        middle = clock()
        backend.update_items()
        end = clock()
        users += middle - start
        items += end - middle
    return Timed(sweeps, users * 1e-9, items * 1e-9, counts=since(before, count()))


def since(before: Reading | None, now: Reading | None) -> Counts | None:
    """Counts between two readings; None where nothing is counted."""
    return None if before is None or now is None else counted(before, now)


def calibrated_turn(
    backend: AlsBackend,
    clock: Clock = perf_counter_ns,
    look: Callable[[Timed], None] = lambda _: None,
    count: ReadCounters = uncounted,
    around: Around = nullcontext,
) -> Timed:
    """First turn of a cell: one sweep, or, where that is short, as many warm ones as fill a turn.

    The factors are afterwards those of one sweep, however many were timed. `look` is called off
    the clock, right after the first sweep, which is made within `around`.
    """
    with around():
        first = timed_sweeps(backend, 1, clock, count)
    look(first)
    if first.seconds >= WARM_BELOW_S:
        return first
    after_one = backend.read()
    sweep(backend)
    # The shortest of some, lest one that was disturbed decides for the rest of the cell's turns.
    warm_s = min(timed_sweeps(backend, 1, clock).seconds for _ in range(CALIBRATION_TRIES))
    timed = timed_sweeps(backend, sweeps_that_fill(warm_s), clock, count)
    backend.load(after_one)
    return replace(timed, warm_ups=1 + CALIBRATION_TRIES)


def warm_turn(
    backend: AlsBackend,
    sweeps: int,
    clock: Clock = perf_counter_ns,
    count: ReadCounters = uncounted,
    *,
    one_step: bool = False,
    around: Around = nullcontext,
) -> Timed:
    """Make a sweep off the clock, then time several.

    Parameters
    ----------
    backend, sweeps, clock, count
        As of `timed_sweeps`.
    one_step : bool
        Whether to go on afterwards from where one sweep would have led. Copying factors leaves its
        traces in the caches, so the sweep off the clock follows that.
    around : callable
        What the sweep off the clock is made within.
    """
    after_one = None
    if one_step:
        sweep(backend)
        after_one = backend.read()
    with around():
        sweep(backend)
    timed = timed_sweeps(backend, sweeps, clock, count)
    if after_one is not None:
        backend.load(after_one)
    return replace(timed, warm_ups=1)


def sweeps_that_fill(sweep_s: float) -> int:
    """Sweeps that together last for the shortest turn."""
    return max(1, ceil(SHORTEST_TURN_S / max(sweep_s, 1e-6)))
