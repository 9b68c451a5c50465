"""Which of two is faster, from blocks of turns that both had: one estimate, one interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats.mstats import winsorize

from harness.analysis.inference import ALPHA, LEVEL, Shift
from harness.student import student_quantile

# Blocks that somebody else disturbed lie at both ends: so large a part of either is left out.
TRIM = 0.2
FEWEST_BLOCKS = 6


@dataclass(frozen=True)
class PairResult:
    """How many times as long NEW takes as OLD.

    Attributes
    ----------
    shift : Shift
        Of NEW against OLD.
    blocks : int
    """

    shift: Shift
    blocks: int

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


def pair_result(old: Sequence[float], new: Sequence[float]) -> PairResult:
    """Trimmed mean of the differences in log seconds, with its t interval (Tukey, McLaughlin 1963).

    Parameters
    ----------
    old, new : sequence of float
        Mean log seconds of a sweep of each, block by block.

    Returns
    -------
    PairResult
        Without a standard error where there are fewer than six blocks.
    """
    differences = np.sort(np.asarray(new) - np.asarray(old))
    n = len(differences)
    cut = int(TRIM * n)
    log = float(differences[cut : n - cut].mean())
    if n < FEWEST_BLOCKS:
        return PairResult(Shift(log, None), n)
    deviation = float(np.asarray(winsorize(differences, (TRIM, TRIM))).std(ddof=1))
    kept = n - 2 * cut
    error = deviation / ((1 - 2 * cut / n) * np.sqrt(n))
    return PairResult(Shift(log, float(error), kept - 1), n)


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
        return "too few blocks"
    return f"{result.shift.verdict} (α = {ALPHA:g})"
