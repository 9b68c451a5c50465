"""Whole half-sweeps of `numba-tiled` against the dense oracle, on every kind of target.

The suite runs a covering choice: every rank, every width in both dtypes. All combinations run with
``ALS_TILED_GRID=1 pytest tests/implementations/test_tiled_half_sweeps.py``, in some minutes.
"""

import os
from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given
from strategies import bits, problems, quick, swept
from tiled_task import rotation

from harness.conformance.oracle import half_sweep
from harness.conformance.problems import Problem, irregular
from implementations.backend import SolveError
from implementations.factors import Factors
from implementations.numba_tiled import NumbaTiled
from implementations.problem import AlsParams, Job
from implementations.ratings import ProblemSize, Ratings
from implementations.tiled import crew, schedule
from implementations.tiled.target import Target, host_target

pytestmark = pytest.mark.kernel

COMPILED = not numba.config.DISABLE_JIT
RANKS = [1, 3, 8, 13, 16, 20, 31, 32, 33, 64, 100, 128] if COMPILED else [1, 8, 20]
WIDTHS = [16, 8, 4, 2]
# Of the largest entry of a row's side: sums of 300 products, and systems of condition 1e4.
TOLERANCE = {"float32": 2e-4, "float64": 1e-11}


def target(dtype: str, lanes: int) -> Target:
    """As many registers as processors with such vectors have; rotations where this one has them."""
    wide = lanes * np.dtype(dtype).itemsize >= 64
    registers, block = (32, 128) if wide else (16, 32)
    return Target(lanes, registers, lanes != 4, rotation(dtype, lanes), block)


EVERY = [(rank, dtype, width) for rank in RANKS for dtype in TOLERANCE for width in WIDTHS]
# Narrow vectors and high ranks take longest to compile: the two are kept apart.
COVERING = [
    (rank, dtype, WIDTHS[(place + shift) % 4])
    for place, rank in enumerate(RANKS)
    for dtype, shift in (("float32", 1), ("float64", place // 2))[: 1 + place % 2]
]
CASES = EVERY if os.environ.get("ALS_TILED_GRID") else COVERING


def problem(rank: int, n_ratings: int = 900) -> Problem:
    """Rows of many lengths, the first and last of each side empty, and a heavy row on each."""
    rng = np.random.default_rng(rank)
    observed = np.zeros((45, 330), bool)
    observed.ravel()[rng.choice(observed.size, n_ratings, replace=False)] = True
    observed[7] = observed[:, 9] = True
    observed[[0, -1]] = False
    observed[:, [0, -1]] = False
    users, items = (ids.astype(np.int32) for ids in np.nonzero(observed))
    values = (rng.integers(1, 11, len(users)) / 2).astype(np.float32)
    params = AlsParams(rank=rank, reg=2.0, bias_reg=0.5)
    return Problem("many lengths", Ratings(users, items, values, *observed.shape), params)


def ready(given_problem: Problem, dtype: str, lanes: int | None = None, threads: int = 2):
    own = host_target(np.dtype(dtype)) if lanes is None else target(dtype, lanes)
    backend = NumbaTiled(given_problem.params, np.dtype(dtype), threads, own)
    backend.prepare(given_problem.train)
    backend.load(given_problem.factors(dtype))
    return backend


def largest_error(given_problem: Problem, backend: NumbaTiled) -> float:
    """Of both half-sweeps from the same factors, relative to the largest number of the side."""
    before = given_problem.factors(backend.dtype.name)
    errors = []
    for side, update in (("users", backend.update_users), ("items", backend.update_items)):
        backend.load(before)
        update()
        exact = half_sweep(given_problem.train, given_problem.params, before, side)
        actual = getattr(backend.read(), side)
        errors.append(np.abs(actual - exact).max() / np.abs(exact).max())
        assert not actual[~exact.any(axis=1)].any(), "rows without ratings are zeros"
    return float(max(errors))


@pytest.mark.parametrize(("rank", "dtype", "lanes"), CASES)
def test_half_sweeps_are_exact(rank: int, dtype: str, lanes: int) -> None:
    many = problem(rank)
    assert largest_error(many, ready(many, dtype, lanes)) < TOLERANCE[dtype]


@pytest.mark.parametrize(
    "changes", [{"biases": False}, {"count_scaled": True, "reg": 0.1}], ids=str
)
@pytest.mark.parametrize("rank", [8, 32] if COMPILED else [8])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_half_sweeps_with_other_parameters(dtype: str, rank: int, changes: dict) -> None:
    many = problem(rank).with_params(**changes)
    assert largest_error(many, ready(many, dtype)) < TOLERANCE[dtype]


def test_a_wrong_half_sweep_is_seen() -> None:
    many = problem(8)
    backend = ready(many.with_params(reg=2.02), "float64")  # 1 % off
    assert largest_error(many, backend) > 1e6 * TOLERANCE["float64"]


@pytest.mark.parametrize("dtype", TOLERANCE)
@quick
@given(drawn=problems())
def test_threads_and_chunks_do_not_change_a_bit(dtype: str, drawn: Problem) -> None:
    drawn = drawn.with_params(rank=3, biases=True)  # compiled once
    reference = bits(swept(NumbaTiled(drawn.params, np.dtype(dtype), 1), drawn))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_LEAST_WORK", 1)
        for chunks_per_thread in (1, 3, 1000):
            patch.setattr(schedule, "_CHUNKS_PER_THREAD", chunks_per_thread)
            backend = NumbaTiled(drawn.params, np.dtype(dtype), 3)
            assert bits(swept(backend, drawn)) == reference


def failing(spoiled: Problem, dtype: str, side: str, factors: Factors) -> int:
    """Row that a half-sweep from these factors names."""
    backend = ready(spoiled, dtype)
    backend.load(factors)
    with pytest.raises(SolveError) as caught:
        (backend.update_users if side == "users" else backend.update_items)()
    assert caught.value.side == side
    return caught.value.row


@pytest.mark.parametrize("side", ["users", "items"])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_the_lowest_row_without_a_solution_is_named(dtype: str, side: str) -> None:
    """No regulariser, and most rows with fewer ratings than unknowns: pivots are rounding noise."""
    many = problem(8).with_params(reg=0.0, bias_reg=0.0)
    ids = getattr(many.train, side)
    counts = np.bincount(ids)
    scarce = np.flatnonzero((counts > 0) & (counts < many.params.unknowns))
    row = failing(many, dtype, side, many.factors(dtype)) if len(scarce) else None
    assert row == (scarce[0] if len(scarce) else None)


def test_without_regulariser_rows_with_many_ratings_are_solved() -> None:
    """Fewer rows than lanes: what is in the lanes without a row fails nobody."""
    full = problem(3, 14_000).with_params(reg=0.0, bias_reg=0.0)
    train, few = full.train, full.train.users < 4
    some = replace(train, users=train.users[few], items=train.items[few], values=train.values[few])
    fewer = replace(full, train=some)
    backend = ready(fewer, "float64")
    backend.update_users()
    exact = half_sweep(some, fewer.params, fewer.factors("float64"), "users")
    np.testing.assert_allclose(backend.read().users, exact, rtol=1e-9)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_named(dtype: str, bad: float) -> None:
    """The lowest user of the item whose factors are spoiled, in whichever chunk or lane."""
    many = problem(8)
    factors = many.factors(dtype)
    for item in (5, 200, 300):
        spoiled = factors.items.copy()
        spoiled[item, 4] = bad
        row = failing(many, dtype, "users", replace(factors, items=spoiled))
        assert row == many.train.users[many.train.items == item].min()


def test_bytes_needed_cover_what_is_held() -> None:
    many = problem(20)
    backend = ready(many, "float32")
    held = [
        array.nbytes
        for part in (backend._users, backend._items, *backend._crew.scratch)
        for array in part
    ]
    for ordered in (backend._by_user, backend._by_item):
        held += [ordered.tail.nbytes, *(array.nbytes for array in ordered.csr)]
    needed = backend.bytes_needed(
        Job(many.params, backend.dtype, backend.threads, ProblemSize.of(many.train))
    )
    assert sum(held) <= needed <= 1.5 * sum(held)


@pytest.mark.skipif(not COMPILED, reason="NUMBA_DISABLE_JIT=1: nothing is compiled")
def test_half_sweeps_compile_nothing_whatever_the_arrays() -> None:
    from implementations.tiled.kernel import solve_chunks

    plain = irregular()
    backend = ready(plain, "float64")
    backend.warm_up()
    compiled = len(solve_chunks.signatures)
    before = bits(backend.read())
    backend.warm_up()
    assert bits(backend.read()) == before
    for array in (plain.train.users, plain.train.items, plain.train.values):
        array.flags.writeable = False
    for arrays in (plain.train, replace(plain.train, items=plain.train.items.view(np.memmap))):
        backend.prepare(arrays)
        backend.update_users()
        backend.update_items()
    assert len(solve_chunks.signatures) == compiled
    ready(plain.with_params(rank=27), "float64").update_users()  # another plan
    assert len(solve_chunks.signatures) == compiled + 1
