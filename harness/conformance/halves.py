"""Properties of the half-sweeps: what they solve, and from what."""

from dataclasses import replace
from typing import Any

import numpy as np

from harness.conformance import oracle
from harness.conformance.problems import Problem, irregular, shapes
from harness.conformance.subject import Subject, expect_same
from harness.conformance.violation import NotApplicable, Violation
from implementations.als import start_factors
from implementations.backend import SIDES, Side
from implementations.serving import predict

_SWEEPS = 4


def users_equal_the_oracle(subject: Subject) -> None:
    """`update_users` solves every user exactly, whatever the shape of the ratings."""
    for problem in shapes():
        _expect_exact(subject, problem, "users")


def items_equal_the_oracle(subject: Subject) -> None:
    """`update_items` solves every item exactly, whatever the shape of the ratings."""
    for problem in shapes():
        _expect_exact(subject, problem, "items")


def biases_can_be_left_out(subject: Subject) -> None:
    """With `biases=False` the rank unknowns are solved, and biases are zero."""
    for side in SIDES:
        _expect_exact(subject, _renamed(irregular(), "no biases", biases=False), side)


def regularisers_can_be_scaled_by_counts(subject: Subject) -> None:
    """With `count_scaled` a row's regularisers are multiplied by its number of ratings."""
    scaled = _renamed(irregular(), "count scaled", count_scaled=True, reg=0.05, bias_reg=0.05)
    for problem in (scaled, _renamed(scaled, "count scaled, no biases", biases=False)):
        for side in SIDES:
            _expect_exact(subject, problem, side)


def the_other_side_stays(subject: Subject) -> None:
    """A half-sweep leaves the factors of the other side as they are."""
    problem = irregular()
    for side in SIDES:
        factors = problem.factors(subject.variant.dtype)
        backend = subject.ready(problem, factors)
        backend.update(side)
        solved = {side: getattr(backend.read(), side)}
        expect_same(f"after update_{side}", backend.read(), replace(factors, **solved), problem)


def present_factors_are_used(subject: Subject) -> None:
    """A half-sweep starts from the factors just solved or just loaded, never from older ones."""
    problem = irregular()
    backend = subject.ready(problem, problem.factors(subject.variant.dtype))
    for sweep in (1, 2):
        for side in SIDES:
            before = backend.read()
            backend.update(side)
            subject.expect_half(problem, side, before, backend.read(), sweep)
    for side in SIDES:
        before = problem.factors(subject.variant.dtype, seed=2)
        backend.load(before)
        backend.update(side)
        subject.expect_half(problem, side, before, backend.read())


def sweeps_predict_as_the_oracle_does(subject: Subject) -> None:
    """After every one of several sweeps from the common start, all predictions agree."""
    problem = irregular()
    train, tolerance = problem.train, subject.variant.prediction_tolerance
    exact = start_factors(train, problem.params)
    backend = subject.ready(problem, exact)
    pairs = np.divmod(np.arange(train.n_users * train.n_items), train.n_items)
    for sweep in range(1, _SWEEPS + 1):
        exact = oracle.sweep(train, problem.params, exact)
        for side in SIDES:
            backend.update(side)
        got, expected = predict(backend.read(), *pairs), predict(exact, *pairs)
        worst = int(np.argmax(np.abs(got - expected)))
        difference = abs(got[worst] - expected[worst])
        if not difference <= tolerance:
            raise Violation(
                f"sweep {sweep}, user {pairs[0][worst]}, item {pairs[1][worst]}: predicts "
                f"{got[worst]:.10g} where the oracle predicts {expected[worst]:.10g} "
                f"(difference {difference:.1e}, allowed {tolerance:.1e}), {problem}",
                sweep=sweep,
            )


def the_objective_never_rises(subject: Subject) -> None:
    """Each half-sweep minimises over its side, so that the objective never rises."""
    plain = irregular()
    for problem in (plain, _renamed(plain, "count scaled", count_scaled=True, reg=0.05)):
        _expect_descent(subject, problem)


def threads_do_not_change_a_bit(subject: Subject) -> None:
    """One thread and several give the same factors to the last bit."""
    if subject.variant.threads(subject.threads) == 1:
        raise NotApplicable("one thread")
    problem = irregular()
    factors = problem.factors(subject.variant.dtype)
    one, several = (subject.ready(problem, factors, threads) for threads in (1, subject.threads))
    for sweep in range(1, _SWEEPS + 1):
        for side in SIDES:
            one.update(side)
            several.update(side)
            what = f"sweep {sweep}, {side}, {subject.threads} threads against 1"
            expect_same(what, several.read(), one.read(), problem)


def _renamed(problem: Problem, name: str, **changes: Any) -> Problem:
    return replace(problem.with_params(**changes), name=name)


def _expect_exact(subject: Subject, problem: Problem, side: Side) -> None:
    before = problem.factors(subject.variant.dtype)
    backend = subject.ready(problem, before)
    backend.update(side)
    subject.expect_half(problem, side, before, backend.read())


def _expect_descent(subject: Subject, problem: Problem) -> None:
    factors = problem.factors(subject.variant.dtype)
    backend = subject.ready(problem, factors)
    last = oracle.objective(problem.train, problem.params, factors)
    rounding = 100 * np.finfo(subject.variant.dtype).eps
    for sweep in range(1, _SWEEPS + 1):
        for side in SIDES:
            backend.update(side)
            now = oracle.objective(problem.train, problem.params, backend.read())
            if not now <= last * (1 + rounding):
                raise Violation(
                    f"sweep {sweep}, {side}: the objective rises from {last:.10g} to {now:.10g}, "
                    f"{problem}",
                    sweep=sweep,
                )
            last = now
