"""What is held to the contract, by what, and with which outcome."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.conformance import oracle
from harness.conformance.problems import Problem
from harness.conformance.violation import Violation, compare_rows
from implementations.backend import AlsBackend, Side
from implementations.factors import Factors
from implementations.ratings import ProblemSize, Ratings
from implementations.variant import Variant


@dataclass(frozen=True)
class Subject:
    """A variant and the number of threads to check it with."""

    variant: Variant
    threads: int = 2

    def ready(
        self,
        problem: Problem,
        factors: Factors,
        threads: int | None = None,
        train: Ratings | None = None,
    ) -> AlsBackend:
        """Make a backend, prepared, loaded and warmed up.

        Parameters
        ----------
        problem : Problem
        factors : Factors
        threads : int, optional
            Left out: those of the subject.
        train : Ratings, optional
            The ratings to prepare; left out: a copy of those of the problem.

        Returns
        -------
        AlsBackend

        Raises
        ------
        Violation
            Where the backend refuses so small a problem.
        """
        threads, size = threads or self.threads, ProblemSize.of(problem.train)
        if reason := self.variant.made_by.refuses(self.variant.job(problem.params, threads, size)):
            raise Violation(f"refuses {problem}: {reason}")
        backend = self.variant.create(problem.params, threads)
        backend.prepare(problem.copy_of_ratings() if train is None else train)
        backend.load(factors)
        backend.warm_up()
        return backend

    def expect_half(
        self,
        problem: Problem,
        side: Side,
        before: Factors,
        after: Factors,
        sweep: int | None = None,
    ) -> None:
        """Raise a Violation where a half-sweep did not lead from `before` to `after`."""
        exact = oracle.half_sweep(problem.train, problem.params, before, side)
        tolerance = self.variant.row_tolerance
        if wrong := compare_rows(side, getattr(after, side), exact, tolerance):
            when = f"sweep {sweep}, " if sweep else ""
            text = wrong.text("the oracle", tolerance)
            raise Violation(f"{when}{text}, {problem}", wrong, sweep)


def expect_same(what: str, got: Factors, expected: Factors, problem: Problem) -> None:
    """Raise a Violation where factors are not the same to the last bit, naming the first row."""
    side: Side
    for side in ("users", "items"):
        if wrong := compare_rows(side, getattr(got, side), getattr(expected, side), 0.0):
            raise Violation(f"{what}: {wrong.text('the original', 0)}, {problem}", wrong)
    if got.mean != expected.mean or np.isnan(got.mean):
        raise Violation(f"{what}: mean {got.mean!r} where it was {expected.mean!r}, {problem}")


@dataclass(frozen=True)
class Property:
    """One property of the contract.

    Attributes
    ----------
    name, statement : str
        A few words, and one sentence.
    holds : callable
        Takes a Subject; returns where the property holds, raises Violation where it does not, and
        NotApplicable where it says nothing of the subject.
    """

    name: str
    statement: str
    holds: Callable[[Subject], None]

    @classmethod
    def of(cls, holds: Callable[[Subject], None]) -> "Property":
        """Property whose name is that of the function, and whose statement is its docstring."""
        return cls(holds.__name__.replace("_", " "), str(holds.__doc__).partition("\n")[0], holds)


@dataclass(frozen=True)
class Outcome:
    """What became of one property.

    Attributes
    ----------
    name, statement : str
        The property.
    passed : bool
        True also where it does not apply; `detail` then says why.
    detail : str
        One line; empty where the property simply holds.
    """

    name: str
    statement: str
    passed: bool
    detail: str
