"""Properties of what cannot be solved: said at once, by its lowest row, and got over."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from harness.conformance.problems import Problem, irregular
from harness.conformance.subject import Subject
from harness.conformance.violation import Violation
from implementations.backend import SIDES, AlsBackend, Side, SolveError
from implementations.factors import Factors

if TYPE_CHECKING:
    from implementations.ratings import Ratings


def singular_systems_raise(subject: Subject) -> None:
    """Without regularisers and from zeros, SolveError names the side and its lowest rated row."""
    for biases in (True, False):
        problem = irregular().with_params(reg=0.0, bias_reg=0.0, biases=biases)
        problem = replace(problem, name="no regulariser, zeros")
        factors = problem.factors(subject.variant.dtype)
        zeros = Factors(np.zeros_like(factors.users), np.zeros_like(factors.items), factors.mean)
        for side in SIDES:
            lowest = int(getattr(problem.train, side).min())
            _expect_failure(subject.ready(problem, zeros), side, lowest, problem)


def not_finite_factors_raise(subject: Subject) -> None:
    """From factors that are not finite, SolveError names the lowest row that depends on them."""
    problem = replace(irregular(), name="NaN loaded")
    for side in SIDES:
        for value in (np.nan, np.inf):
            factors, lowest = _poisoned(problem, subject.variant.dtype, side, value)
            _expect_failure(subject.ready(problem, factors), side, lowest, problem)


def a_failure_can_be_got_over(subject: Subject) -> None:
    """After SolveError, `load` makes the backend as good as new."""
    problem = irregular()
    for side in SIDES:
        factors, lowest = _poisoned(problem, subject.variant.dtype, side, np.nan)
        backend = subject.ready(problem, factors)
        _expect_failure(backend, side, lowest, problem)
        before = problem.factors(subject.variant.dtype)
        backend.load(before)
        backend.update(side)
        subject.expect_half(problem, side, before, backend.read())


def _poisoned(problem: Problem, dtype: str, side: Side, value: float) -> tuple[Factors, int]:
    """Factors with one bad row on the other side, and the lowest row of `side` that has rated it.

    Of the other side's rows, the one whose lowest row is highest: not the first row by chance.
    """
    train: Ratings = problem.train
    rows, others = train.users, train.items
    if side == "items":
        rows, others = others, rows
    lowest = {int(other): int(rows[others == other].min()) for other in np.unique(others)}
    bad = max(lowest, key=lambda other: lowest[other])
    factors = problem.factors(dtype)
    fixed = factors.items if side == "users" else factors.users
    fixed[bad, 0] = value
    return factors, lowest[bad]


def _expect_failure(backend: AlsBackend, side: Side, lowest: int, problem: Problem) -> None:
    try:
        backend.update(side)
    except SolveError as error:
        if (error.side, error.row) != (side, lowest):
            raise Violation(
                f"SolveError names {error.side} row {error.row} where {side} row {lowest} is the "
                f"lowest that fails, {problem}"
            ) from None
    else:
        got = getattr(backend.read(), side)[lowest]
        raise Violation(f"{side} row {lowest}: {got[0]:.10g} where SolveError is due, {problem}")
