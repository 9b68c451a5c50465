"""Which of two is faster, from turns that both had in several processes: one interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from harness.analysis.alignment import Contrast, align, delete_a_group
from harness.analysis.inference import ALPHA, LEVEL, Shift, shift_of
from harness.student import student_quantile

# Somebody else may disturb one of the two for as long as a process lives: of many processes, so
# large a part at either end is left out.
TRIM = 0.2
FEWEST_TO_TRIM = 20


class ProcessTurns(NamedTuple):
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


def pair_result(processes: Sequence[ProcessTurns]) -> PairResult:
    """Mean of what processes say, with its interval.

    Parameters
    ----------
    processes : sequence of ProcessTurns
        Those of one process share where its code lies, so they count as one observation: by how
        much the new one's lie above the old one's, aligned.

    Returns
    -------
    PairResult
        Without a standard error where there is a single turn of each.

    Notes
    -----
    From twenty processes on, without the lowest and the highest fifth (Tukey, McLaughlin 1963). The
    variance of their scatter is pooled with the guess of what processes differ by, as in a run.
    """
    aligned = [_aligned(turns) for turns in processes]
    n, turns = len(aligned), sum(len(turns.new) for turns in processes)
    shifts = np.array([shift for shift, _ in aligned])
    cut = int(TRIM * n) if n >= FEWEST_TO_TRIM else 0
    kept = np.sort(shifts)[cut : n - cut]
    scatter, freedom = None, len(kept) - 1
    if n > 1:
        winsorized = np.clip(shifts, kept[0], kept[-1])
        scatter = float(winsorized.var(ddof=1)) / ((1 - 2 * cut / n) ** 2 * n)
    within = [variance for _, variance in aligned if variance is not None]
    variance = float(np.mean(within)) / n if within else scatter
    lone = turns - n if within else freedom
    log = float(kept.mean())
    return PairResult(shift_of(Contrast(log, variance, lone, 2 / n, scatter, freedom)), turns, n)


def _aligned(turns: ProcessTurns) -> tuple[float, float | None]:
    """By how much the new one's turns lie above the old one's, and the variance of that.

    By the jackknife, without a turn of each at a time; None where there is one of each.
    """
    new, old = np.asarray(turns.new), np.asarray(turns.old)
    shift, n = align(new, old), len(new)
    if n < 2:
        return shift, None
    without = np.array([align(np.delete(new, k), np.delete(old, k)) for k in range(n)])
    return shift, delete_a_group(shift, without, np.ones(n, np.int64))


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
