"""What came of a published figure: reproduced, NOT reproduced, or why it was not tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean, stdev

from harness.reproduce.protocol import Figure
from harness.student import student_quantile

_LEVEL = 0.95


class Verdict(StrEnum):
    """The three answers that there are."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "NOT reproduced"
    NOT_TRIED = "cannot be tried here"


@dataclass(frozen=True)
class Outcome:
    """A published figure, and what came of it.

    Attributes
    ----------
    protocol : str
    figure : Figure
    verdict : Verdict
    here : float or None
        The figure here: a mean, where there are several seeds.
    tolerance : float or None
        Largest difference, of a speed-up largest factor, that counts as reproduced.
    n_seeds : int
    reason : str
        Why it cannot be tried, or gave no figure; empty where there is one.
    """

    protocol: str
    figure: Figure
    verdict: Verdict
    here: float | None = None
    tolerance: float | None = None
    n_seeds: int = 0
    reason: str = ""


def compare(protocol: str, figure: Figure, values: Sequence[float], original: bool) -> Outcome:
    """Hold what was measured against what was published.

    Parameters
    ----------
    protocol : str
        Its name.
    figure : Figure
    values : sequence of float
        One for each seed (at least three where the split is not the original one); of a speed-up
        one in all.
    original : bool
        Whether the split is that of the publication. Otherwise that is one more draw of the same
        kind, and the half-width of its 95 % prediction interval adds to the tolerance.
    """
    here = fmean(values)
    if figure.quantity == "speed-up":
        tolerance = figure.tolerance
        near = max(here / figure.published, figure.published / here) <= tolerance
    else:
        tolerance = figure.tolerance + (0.0 if original else _spread(values))
        near = abs(here - figure.published) <= tolerance  # false for what is not a number
    verdict = Verdict.REPRODUCED if near else Verdict.NOT_REPRODUCED
    return Outcome(protocol, figure, verdict, here, tolerance, len(values))


def not_tried(protocol: str, figure: Figure, reason: str) -> Outcome:
    """Outcome of a figure that cannot be tried here."""
    return Outcome(protocol, figure, Verdict.NOT_TRIED, reason=reason)


def not_solved(protocol: str, figure: Figure, reason: str) -> Outcome:
    """Outcome of a figure whose normal equations have no solution here."""
    return Outcome(protocol, figure, Verdict.NOT_REPRODUCED, reason=reason)


def exit_status(outcomes: Sequence[Outcome]) -> int:
    """0 where all that could be tried were reproduced, 1 where one was not."""
    return int(any(outcome.verdict is Verdict.NOT_REPRODUCED for outcome in outcomes))


def _spread(values: Sequence[float]) -> float:
    """Half of the interval in which one more draw lies with 95 % probability (Student's t)."""
    n = len(values)
    return student_quantile((1 + _LEVEL) / 2, n - 1) * stdev(values) * sqrt(1 + 1 / n)
