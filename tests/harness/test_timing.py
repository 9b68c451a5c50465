"""The timed region, with a clock that counts: it moves only where a half-sweep moves it."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from harness.measure.timing import (
    SHORTEST_TURN_S,
    calibrated_turn,
    sweeps_that_fill,
    timed_sweeps,
    warm_turn,
)
from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings

_USERS_NS, _ITEMS_NS, _OFF_THE_CLOCK_NS = 1_000, 10_000, 10**12


@dataclass
class Clock:
    """Nanoseconds that pass only where somebody says so."""

    now: int = 0
    calls: list[str] = field(default_factory=list)

    def __call__(self) -> int:
        self.calls.append("clock")
        return self.now

    def spend(self, call: str, nanoseconds: int) -> None:
        self.calls.append(call)
        self.now += nanoseconds


class Counting(AlsBackend):
    """Its only factor is the number of sweeps made; each method takes a known time."""

    def __init__(self, clock: Clock, sweep_factor: int = 1) -> None:
        super().__init__(AlsParams(), np.dtype("float64"))
        self.clock, self.sweep_factor = clock, sweep_factor
        self.users = self.items = 0

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return 0

    def prepare(self, train: Ratings) -> None:
        raise AssertionError("no turn prepares")

    def load(self, factors: Factors) -> None:
        self.clock.spend("load", _OFF_THE_CLOCK_NS)
        self.users, self.items = int(factors.users[0, 0]), int(factors.items[0, 0])

    def update_users(self) -> None:
        self.clock.spend("users", _USERS_NS * self.sweep_factor)
        self.users += 1

    def update_items(self) -> None:
        self.clock.spend("items", _ITEMS_NS * self.sweep_factor)
        self.items = self.users

    def read(self) -> Factors:
        self.clock.spend("read", _OFF_THE_CLOCK_NS)
        return Factors(np.full((1, 1), self.users, float), np.full((1, 1), self.items, float), 0.0)


def _backend(sweep_factor: int = 1) -> tuple[Counting, Clock]:
    clock = Clock()
    return Counting(clock, sweep_factor), clock


def test_each_half_sweep_stands_alone_between_two_readings_of_the_clock():
    backend, clock = _backend()
    timed_sweeps(backend, 2, clock)
    assert clock.calls == ["clock", "users", "clock", "items", "clock"] * 2


def test_the_halves_are_told_apart():
    backend, clock = _backend()
    timed = timed_sweeps(backend, 3, clock)
    assert timed.users_s == pytest.approx(3 * _USERS_NS * 1e-9)
    assert timed.items_s == pytest.approx(3 * _ITEMS_NS * 1e-9)
    assert timed.seconds == pytest.approx(3 * (_USERS_NS + _ITEMS_NS) * 1e-9)
    assert timed.sweeps == 3


def test_several_sweeps_leave_the_factors_of_exactly_one():
    backend, clock = _backend()
    timed = warm_turn(backend, 5, clock, one_step=True)
    assert (backend.users, backend.items) == (1, 1)
    assert (timed.sweeps, timed.warm_ups) == (5, 1)
    assert timed.seconds == pytest.approx(5 * (_USERS_NS + _ITEMS_NS) * 1e-9)


def test_a_sweep_off_the_clock_comes_first_and_nothing_is_read_or_loaded_for_timing_alone():
    backend, clock = _backend()
    warm_turn(backend, 1, clock)
    assert clock.calls == ["users", "items", "clock", "users", "clock", "items", "clock"]
    assert backend.users == 2


def test_long_sweeps_need_no_calibration():
    backend, clock = _backend(sweep_factor=10_000)  # 110 ms a sweep
    timed = calibrated_turn(backend, clock)
    assert (timed.sweeps, timed.warm_ups) == (1, 0)
    assert clock.calls.count("users") == 1
    assert (backend.users, backend.items) == (1, 1)


class ColdFirst(Counting):
    """After anything but another sweep of its own, it takes longer by a fixed time."""

    def update_users(self) -> None:
        warm = [call for call in self.clock.calls if call != "clock"][-1:] == ["items"]
        super().update_users()
        self.clock.now += 0 if warm else 5_000_000


@pytest.mark.parametrize("sweep_factor", [100, 1_700, 1_900, 8_000])
def test_what_the_caches_lack_at_first_is_on_no_clock(sweep_factor):
    """Whether one, two or more sweeps make a turn: equal cells are to have equal seconds."""
    clock = Clock()
    backend = ColdFirst(clock, sweep_factor)
    sweep_s = sweep_factor * (_USERS_NS + _ITEMS_NS) * 1e-9
    first = calibrated_turn(backend, clock)
    clock.spend("another's turn", 0)
    second = warm_turn(backend, first.sweeps, clock, one_step=True)
    for timed in (first, second):
        assert timed.seconds / timed.sweeps == pytest.approx(sweep_s)
    assert (backend.users, backend.items) == (2, 2)


@pytest.mark.parametrize("sweep_factor", [1, 10, 1_000, 3_000])
def test_a_calibrated_turn_is_long_enough_and_leaves_the_factors_of_one_sweep(sweep_factor):
    backend, clock = _backend(sweep_factor)
    timed = calibrated_turn(backend, clock)
    assert timed.seconds >= SHORTEST_TURN_S
    assert timed.seconds < 2 * SHORTEST_TURN_S  # what is off the clock would be far more
    assert (backend.users, backend.items) == (1, 1)


def test_calibration_goes_by_the_second_sweep():
    clock = Clock()
    backend = ColdFirst(clock)
    timed = calibrated_turn(backend, clock)
    assert timed.sweeps == sweeps_that_fill((_USERS_NS + _ITEMS_NS) * 1e-9)
    assert (backend.users, backend.items) == (1, 1)


def test_the_timed_sweeps_follow_those_that_calibrate():
    class SlowSecond(Counting):
        def update_items(self) -> None:
            super().update_items()
            if self.clock.calls.count("items") > 1:
                self.clock.now += 30_000_000

    clock = Clock()
    backend = SlowSecond(clock)
    timed = calibrated_turn(backend, clock)
    assert timed.sweeps == 1
    assert timed.items_s > 0.03
    assert (backend.users, backend.items) == (1, 1)


@pytest.mark.parametrize(
    ("sweep_s", "sweeps"), [(1.0, 1), (0.02, 1), (0.019, 2), (0.01, 2), (0.003, 7), (0.0, 20_000)]
)
def test_sweeps_that_fill_a_turn(sweep_s, sweeps):
    assert sweeps_that_fill(sweep_s) == sweeps
