"""The timed region, with a clock that counts: it moves only where a half-sweep moves it."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from harness.measure.timing import (
    SHORTEST_TURN_S,
    calibrated_turn,
    sweeps_that_fill,
    timed_sweeps,
    turn_of_one_step,
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
    timed = turn_of_one_step(backend, 5, clock)
    assert (backend.users, backend.items) == (1, 1)
    assert timed.sweeps == 5
    assert timed.seconds == pytest.approx(5 * (_USERS_NS + _ITEMS_NS) * 1e-9)


def test_a_turn_of_one_sweep_neither_reads_nor_loads():
    backend, clock = _backend()
    turn_of_one_step(backend, 1, clock)
    assert clock.calls == ["clock", "users", "clock", "items", "clock"]


def test_sweeps_that_are_long_enough_need_no_calibration():
    backend, clock = _backend(sweep_factor=2_000)  # 22 ms a sweep
    timed = calibrated_turn(backend, clock)
    assert timed.sweeps == 1
    assert clock.calls.count("users") == 1
    assert (backend.users, backend.items) == (1, 1)


@pytest.mark.parametrize("sweep_factor", [1, 10, 1_000])
def test_a_calibrated_turn_is_long_enough_and_leaves_the_factors_of_one_sweep(sweep_factor):
    backend, clock = _backend(sweep_factor)
    timed = calibrated_turn(backend, clock)
    assert timed.seconds >= SHORTEST_TURN_S
    assert timed.seconds < 2 * SHORTEST_TURN_S  # what is off the clock would be far more
    assert (backend.users, backend.items) == (1, 1)


def test_calibration_goes_by_the_second_sweep():
    class ColdFirst(Counting):
        def update_users(self) -> None:
            super().update_users()
            if self.clock.calls.count("users") == 1:
                self.clock.now += 9_000_000

    clock = Clock()
    backend = ColdFirst(clock)
    timed = calibrated_turn(backend, clock)
    assert timed.sweeps == sweeps_that_fill((_USERS_NS + _ITEMS_NS) * 1e-9)
    assert (backend.users, backend.items) == (1, 1)


def test_a_first_sweep_that_only_was_slow_for_being_first_is_timed_once_more():
    """Between both thresholds: the second sweep alone fills a turn, the first did not."""

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
