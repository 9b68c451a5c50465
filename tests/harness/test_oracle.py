"""The oracle against the definition: its rows minimise the objective, and nothing else does."""

from dataclasses import replace

import numpy as np
import pytest

from harness.conformance import oracle
from harness.conformance.problems import Problem, irregular
from implementations.backend import Side
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings

pytestmark = pytest.mark.kernel

PROBLEMS = {
    "plain": irregular(),
    "no biases": irregular().with_params(biases=False),
    "count scaled": irregular().with_params(count_scaled=True),
}


@pytest.mark.parametrize("side", ["users", "items"])
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def test_a_half_sweep_minimises_the_objective(problem: Problem, side: Side) -> None:
    factors = problem.factors("float64")
    exact = oracle.half_sweep(problem.train, problem.params, factors, side)
    lowest = oracle.objective(problem.train, problem.params, replace(factors, **{side: exact}))
    for row in range(len(exact)):
        for column in range(problem.params.unknowns):
            for step in (1e-3, -1e-3):
                moved = exact.copy()
                moved[row, column] += step
                there = replace(factors, **{side: moved})
                value = oracle.objective(problem.train, problem.params, there)
                # Empty rows cost nothing where regularisers are scaled by counts.
                assert value > lowest or (value == lowest and not exact[row].any())


def test_a_row_by_hand() -> None:
    """One user, rank 1: (4 + 2, 2; 2, 1 + 3) [p; b] = [2t; t], t = 5 - 3 - .5."""
    train = Ratings(np.zeros(1, "i4"), np.zeros(1, "i4"), np.array([5], "f4"), 1, 1)
    factors = Factors(np.zeros((1, 2)), np.array([[2.0, 0.5]]), 3.0)
    params = AlsParams(rank=1, reg=2.0, bias_reg=3.0)
    exact = oracle.half_sweep(train, params, factors, "users")
    np.testing.assert_allclose(exact, [[0.45, 0.15]], rtol=1e-14)
    fitted = replace(factors, users=exact)
    error = 5 - (3 + 0.5 + 0.15 + 2 * 0.45)
    penalty = 2 * (0.45**2 + 2**2) + 3 * (0.15**2 + 0.5**2)
    assert oracle.objective(train, params, fitted) == pytest.approx(error**2 + penalty, rel=1e-14)


def test_empty_rows_and_left_out_biases_are_zero() -> None:
    problem = PROBLEMS["no biases"]
    exact = oracle.half_sweep(problem.train, problem.params, problem.factors("float64"), "users")
    np.testing.assert_array_equal(np.flatnonzero(~exact.any(axis=1)), [0, 6, 13])
    assert not exact[:, -1].any()


def test_a_sweep_is_users_then_items_from_the_new_users() -> None:
    problem = irregular()
    start = problem.factors("float64")
    after = oracle.sweep(problem.train, problem.params, start)
    expected = oracle.half_sweep(problem.train, problem.params, start, "users")
    np.testing.assert_array_equal(after.users, expected)
    expected = oracle.half_sweep(problem.train, problem.params, after, "items")
    np.testing.assert_array_equal(after.items, expected)
