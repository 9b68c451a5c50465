"""The batches of the NumPy rung."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import problems, quick

from harness.conformance.problems import Problem
from implementations.numpy_batched import batches, factorise, padded_length, solve

pytestmark = pytest.mark.kernel


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=50))
def test_padded_length_is_little_more_and_never_falls(drawn: list[int]) -> None:
    counts = np.sort(np.array(drawn, np.int64))
    padded = padded_length(counts)
    assert padded.dtype == np.int64
    assert (padded >= counts).all()
    assert (padded <= counts * 1.125).all()
    assert (np.diff(padded) >= 0).all()
    np.testing.assert_array_equal(padded_length(padded), padded)


def test_there_are_few_lengths() -> None:
    lengths = np.unique(padded_length(np.arange(1, 33_333)))
    assert len(lengths) < 8 * 15


@quick
@given(problem=problems(), row_bytes=st.sampled_from([1, 1000, 1 << 20]))
def test_batches_hold_every_rating_once(problem: Problem, row_bytes: int) -> None:
    train = problem.train
    seen = []
    for batch in batches(
        train.users, train.items, train.values, (train.n_users, train.n_items), row_bytes
    ):
        real = batch.others < train.n_items
        np.testing.assert_array_equal(real.sum(axis=1), batch.counts)
        assert (batch.values[~real] == 0).all()
        rows = np.broadcast_to(batch.rows[:, None], real.shape)
        seen += zip(rows[real], batch.others[real], batch.values[real], strict=True)
    assert sorted(seen) == sorted(zip(train.users, train.items, train.values, strict=True))


def test_one_bad_system_does_not_spoil_its_batch() -> None:
    good = np.array([[4.0, 1.0], [1.0, 3.0]])
    matrix = np.stack([good, np.zeros((2, 2)), good, np.full((2, 2), np.nan)])
    rhs = np.ones((4, 2))
    solution, usable = solve(matrix, rhs)
    np.testing.assert_array_equal(usable, [True, False, True, False])
    np.testing.assert_allclose(
        solution[[0, 2]], np.linalg.solve(good, np.ones(2))[None].repeat(2, 0)
    )


def test_factors_of_a_batch_are_those_of_each() -> None:
    root = np.random.default_rng(3).standard_normal((5, 6, 4))
    matrix = root.transpose(0, 2, 1) @ root
    lower = factorise(matrix)
    np.testing.assert_allclose(lower @ lower.transpose(0, 2, 1), matrix, rtol=1e-12, atol=1e-12)
