"""The timed region: two half-sweeps, each alone between readings of the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import perf_counter_ns

from implementations.backend import AlsBackend

Clock = Callable[[], int]

# Shorter turns would time the clock and the wake-up of threads along with the sweep.
SHORTEST_TURN_S = 0.02


@dataclass(frozen=True)
class Timed:
    """So many sweeps, and the seconds of their halves."""

    sweeps: int
    users_s: float
    items_s: float

    @property
    def seconds(self) -> float:
        """Both halves of all sweeps."""
        return self.users_s + self.items_s


def timed_sweeps(backend: AlsBackend, sweeps: int, clock: Clock = perf_counter_ns) -> Timed:
    """Time whole sweeps.

    Parameters
    ----------
    backend : AlsBackend
        Prepared, loaded and warmed up.
    sweeps : int
    clock : callable
        Nanoseconds.
    """
    users = items = 0
    for _ in range(sweeps):
        start = clock()
        backend.update_users()
        middle = clock()
        backend.update_items()
        end = clock()
        users += middle - start
        items += end - middle
    return Timed(sweeps, users * 1e-9, items * 1e-9)


def calibrated_turn(backend: AlsBackend, clock: Clock = perf_counter_ns) -> Timed:
    """First turn of a cell: one sweep, or, where that is too short, as many as fill a turn.

    The factors are afterwards those of one sweep, however many were timed.
    """
    start = backend.read()
    first = timed_sweeps(backend, 1, clock)
    if first.seconds >= SHORTEST_TURN_S:
        return first
    second = timed_sweeps(backend, 1, clock)  # the first one found its caches cold
    sweeps = sweeps_that_fill(second.seconds)
    backend.load(start)
    return turn_of_one_step(backend, sweeps, clock)


def turn_of_one_step(backend: AlsBackend, sweeps: int, clock: Clock = perf_counter_ns) -> Timed:
    """Time several sweeps, then go on from where one of them would have led."""
    if sweeps == 1:
        return timed_sweeps(backend, 1, clock)
    start = backend.read()
    timed = timed_sweeps(backend, sweeps, clock)
    backend.load(start)
    backend.update_users()
    backend.update_items()
    return timed


def sweeps_that_fill(sweep_s: float) -> int:
    """Sweeps that together last for the shortest turn."""
    return max(1, ceil(SHORTEST_TURN_S / max(sweep_s, 1e-6)))
