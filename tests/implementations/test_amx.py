"""Sums by a matrix unit: bfloat16 parts, the plan, and half-sweeps with the unit emulated."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import bits, problems, quick, swept
from test_tiled_half_sweeps import RANKS, largest_error, problem

from harness.conformance.oracle import half_sweep
from harness.conformance.problems import Problem
from implementations.backend import SolveError
from implementations.numba_amx import EmulatedAmx
from implementations.problem import Job
from implementations.ratings import ProblemSize
from implementations.tiled import crew
from implementations.tiled.amx import plan
from implementations.tiled.amx.halves import HalvesLayout, rounded, split
from implementations.tiled.amx.plan import AmxPlan
from implementations.tiled.target import Rotation, Target

pytestmark = pytest.mark.kernel

SINGLE = np.dtype(np.float32)
# Of the largest entry of a row's side: factors are rounded to 17 bits of 24.
TOLERANCE = 5e-5
TARGET = Target(16, 32, True, Rotation.VALIGN, 128)
LARGEST = float(np.finfo(np.float32).max)
# One tile in part and whole, two of them, an odd number, then fewer slices in a block, and one.
AMX_RANKS = [rank for rank in RANKS if rank in (1, 8, 16, 20, 32, 33, 64, 100)]
FINITE = st.floats(-LARGEST, LARGEST, width=32)


def ready(given_problem: Problem, threads: int = 2) -> EmulatedAmx:
    backend = EmulatedAmx(given_problem.params, SINGLE, threads)
    backend.prepare(given_problem.train)
    backend.load(given_problem.factors("float32"))
    return backend


# bfloat16


@given(numbers=arrays(np.float32, st.integers(1, 40), elements=FINITE))
def test_two_parts_are_a_number_but_for_its_last_bits(numbers: np.ndarray) -> None:
    numbers = numbers[np.abs(numbers) < LARGEST / 2]  # the largest round to infinity
    upper, lower = split(numbers)
    for part in (upper, lower):
        assert not (part.view(np.uint32) & 0xFFFF).any()
    exact = upper.astype(np.float64) + lower
    off = np.abs(exact - numbers)
    assert (off <= 2.0**-17 * np.abs(numbers) + 2.0**-133).all()


def test_ties_go_to_even() -> None:
    ties = np.array([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8], np.float32)
    np.testing.assert_array_equal(rounded(ties), [1, 1 + 2**-6, -1])


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_so(number: float) -> None:
    numbers = np.full(3, number, np.float32)
    np.testing.assert_array_equal(rounded(numbers), numbers)
    assert np.isnan(split(numbers)[1]).all()


@pytest.mark.parametrize("bits_of_nan", [0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7FC00000])
def test_whatever_nan_stays_one(bits_of_nan: int) -> None:
    nan = np.array([bits_of_nan], np.uint32).view(np.float32)
    assert np.isnan(rounded(nan)).all()


@pytest.mark.parametrize("rank", [1, 15, 16, 17, 32, 33, 48, 64, 100])
def test_halves_are_read_as_they_were_written(rank: int) -> None:
    layout = HalvesLayout(rank, 16)
    factors = np.random.default_rng(rank).normal(size=(7, rank + 1)).astype(np.float32)
    rows = layout.pack(factors, SINGLE)
    for part, wanted in zip(layout.read_halves(rows.halves), split(rows.factors), strict=True):
        np.testing.assert_array_equal(part, wanted)
    np.testing.assert_array_equal(layout.unpack(rows), factors)
    held = sum(array.nbytes for array in rows)
    assert layout.bytes_needed(7, 4) == held


# The plan


@pytest.mark.parametrize("rank", [1, 16, 20, 48])
@pytest.mark.parametrize("biases", [True, False])
def test_every_entry_of_the_triangle_is_summed_once(rank: int, biases: bool) -> None:
    """But counts, which nobody sums, and targets: their parts, and the lanes of their own sum."""
    made = AmxPlan(rank, biases, "float32", TARGET)
    total = np.bincount(made.destinations.ravel(), minlength=made.entries + 1)
    n = made.unknowns
    expected = np.ones(made.entries)
    side = n * (n + 1) // 2
    expected[side : side + rank] = plan.PARTS
    if biases:
        expected[side + rank] = 16
        expected[side - 1] = 0  # the count
    expected[-1] = 0  # below the right-hand side
    np.testing.assert_array_equal(total[:-1], expected)
    stored = made.destinations[~made.added].ravel()
    assert np.bincount(stored, minlength=made.entries + 1)[:-1].max() == 1


def test_operands_of_a_block_fit_in_a_first_level_cache() -> None:
    for rank in (8, 32, 64, 128):
        made = AmxPlan(rank, True, "float32", TARGET)
        assert made.block == 32 * made.slices
        assert made.slices == 1 or made.slices * made.slice_bytes <= 64 << 10


# Half-sweeps


@pytest.mark.parametrize("rank", AMX_RANKS)
def test_half_sweeps_are_exact_but_for_the_parts(rank: int) -> None:
    many = problem(rank)
    assert largest_error(many, ready(many)) < TOLERANCE


@pytest.mark.parametrize(
    "changes", [{"biases": False}, {"count_scaled": True, "reg": 0.1}], ids=str
)
def test_half_sweeps_with_other_parameters(changes: dict) -> None:
    many = problem(20).with_params(**changes)
    assert largest_error(many, ready(many)) < TOLERANCE


@pytest.mark.parametrize("rank", [8, 20])
def test_with_hardly_a_regulariser_no_row_is_far_off(rank: int) -> None:
    """The squares are sums of squares, whatever was rounded before."""
    many = problem(rank, 9000).with_params(reg=1e-2, bias_reg=1e-2)
    factors = many.factors("float32")
    backend = ready(many)
    backend.update_users()
    exact = half_sweep(many.train, many.params, factors, "users")
    off = np.abs(backend.read().users - exact).max(axis=1) / (1e-3 + np.abs(exact).max(axis=1))
    assert off.max() < 1e-3


def test_a_wrong_half_sweep_is_seen() -> None:
    many = problem(8)
    assert largest_error(many, ready(many.with_params(reg=2.02))) > 5 * TOLERANCE  # 1 % off


@quick
@given(drawn=problems())
def test_threads_do_not_change_a_bit(drawn: Problem) -> None:
    drawn = drawn.with_params(rank=3, biases=True)  # compiled once
    reference = bits(swept(EmulatedAmx(drawn.params, SINGLE, 1), drawn))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_LEAST_WORK", 1)
        assert bits(swept(EmulatedAmx(drawn.params, SINGLE, 3), drawn)) == reference


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_named(bad: float) -> None:
    many = problem(8)
    factors = many.factors("float32")
    spoiled = factors.items.copy()
    spoiled[200, 4] = bad
    backend = ready(many)
    backend.load(replace(factors, items=spoiled))
    with pytest.raises(SolveError) as caught:
        backend.update_users()
    assert caught.value.row == many.train.users[many.train.items == 200].min()


def test_bytes_needed_cover_what_is_held() -> None:
    many = problem(20)
    backend = ready(many)
    parts = (backend._users, backend._items, *backend._crew.scratch)
    held = [array.nbytes for part in parts for array in part]
    for ordered in (backend._by_user, backend._by_item):
        held += [ordered.tail.nbytes, *(array.nbytes for array in ordered.csr)]
    size = ProblemSize.of(many.train)
    needed = backend.bytes_needed(Job(many.params, SINGLE, backend.threads, size))
    assert sum(held) <= needed <= 1.5 * sum(held)
