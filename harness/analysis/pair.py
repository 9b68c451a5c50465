"""Which of two is faster, from turns that both had in several processes: one interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from harness.analysis.alignment import Contrast, Series, align, contrast
from harness.analysis.inference import ALPHA, LEVEL, Shift, shift_of
from harness.student import student_quantile

# Somebody else may disturb one of the two for as long as a process lives: of many processes, so
# large a part at either end is left out.
TRIM = 0.2
FEWEST_TO_TRIM = 20
# From so many processes on, their own scatter says how sure they are.
FEWEST_PROCESSES = 6


class Turns(NamedTuple):
    """Log seconds of a sweep in the turns of one process; the n-th of both are neighbours."""

    old: Sequence[float]
    new: Sequence[float]


@dataclass(frozen=True)
class PairResult:
    """How many times as long NEW takes as OLD.

    Attributes
    ----------
    shift : Shift
        Of NEW against OLD.
    turns, processes : int
    """

    shift: Shift
    turns: int
    processes: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval, as a share of the ratio; infinite without one."""
        interval = self.shift.interval
        return (
            float("inf") if interval is None else (interval[1] - interval[0]) / 2 / self.shift.ratio
        )

    def is_equivalent(self, margin: float) -> bool:
        """Whether the ratio is seen to lie within 1 / (1 + margin) … 1 + margin.

        Two one-sided t-tests at 5 % (Schuirmann 1987).
        """
        shift = self.shift
        if shift.error is None:
            return False
        reach = student_quantile(LEVEL, shift.freedom) * shift.error
        return bool(abs(shift.log) + reach < np.log1p(margin))


def pair_result(processes: Sequence[Turns]) -> PairResult:
    """Mean of what processes say, with its t interval.

    Parameters
    ----------
    processes : sequence of Turns
        Those of one process share where its code lies, so they count as one observation: by how
        much the new one's lie above the old one's, aligned.

    Returns
    -------
    PairResult
        Without a standard error where there is a single turn of each.

    Notes
    -----
    From twenty processes on, without the lowest and the highest fifth (Tukey, McLaughlin 1963).
    Fewer than six tell little of what processes differ by: they are judged as in a run.
    """
    shifts = np.array([align(turns.new, turns.old) for turns in processes])
    n, turns = len(shifts), sum(len(turns.new) for turns in processes)
    if n < FEWEST_PROCESSES:
        return PairResult(shift_of(_as_in_a_run(processes)), turns, n)
    cut = int(TRIM * n) if n >= FEWEST_TO_TRIM else 0
    kept = np.sort(shifts)[cut : n - cut]
    winsorized = np.clip(shifts, kept[0], kept[-1])
    deviation = float(winsorized.std(ddof=1))
    error = deviation / ((1 - 2 * cut / n) * np.sqrt(n))
    return PairResult(Shift(float(kept.mean()), float(error), len(kept) - 1), turns, n)


def _as_in_a_run(processes: Sequence[Turns]) -> Contrast:
    """What few processes say, by the scatter of their turns, their own, and the guess."""
    number = np.repeat(np.arange(len(processes)), [len(turns.new) for turns in processes])
    old, new = (np.concatenate([turns[side] for turns in processes]) for side in (0, 1))
    return contrast(Series(new, number), [Series(old, number)])


def verdict_on(result: PairResult, equivalent: float | None) -> str:
    """What is said of NEW: equivalent, faster, slower, or neither.

    Parameters
    ----------
    result : PairResult
    equivalent : float or None
        Margin within which they count as equivalent, where that is asked for.
    """
    if equivalent is not None and result.is_equivalent(equivalent):
        return f"equivalent within {100 * equivalent:g} %"
    if result.shift.error is None:
        return "too few turns"
    return f"{result.shift.verdict} (α = {ALPHA:g})"
