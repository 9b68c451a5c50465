"""Which of two is faster, from turns that both had in several processes: one interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import trim_mean
from scipy.stats.mstats import winsorize

from harness.analysis.alignment import Contrast
from harness.analysis.inference import ALPHA, LEVEL, Shift, shift_of
from harness.student import student_quantile

# What somebody else disturbed lies at both ends: so large a part of either is left out.
TRIM = 0.2
FEWEST_TO_TRIM = 10
# From so many processes on, their own scatter says how sure they are.
FEWEST_PROCESSES = 6


@dataclass(frozen=True)
class PairResult:
    """How many times as long NEW takes as OLD.

    Attributes
    ----------
    shift : Shift
        Of NEW against OLD.
    blocks, processes : int
    """

    shift: Shift
    blocks: int
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


def pair_result(processes: Sequence[Sequence[float]]) -> PairResult:
    """Mean of what processes say, with its t interval.

    Parameters
    ----------
    processes : sequence of sequence of float
        Differences in log seconds, new less old, of the blocks of each process. Those of one
        process share where its code lies, so they count as one: their trimmed mean.

    Returns
    -------
    PairResult
        Without a standard error where there is a single block.

    Notes
    -----
    From ten processes on, without the lowest and the highest fifth (Tukey, McLaughlin 1963). Fewer
    than six tell little of what processes differ by: the variance is moderated then, as in a run.
    """
    means = np.array([trim_mean(blocks, TRIM) for blocks in processes])
    n, blocks = len(means), sum(map(len, processes))
    if n < FEWEST_PROCESSES:
        return PairResult(shift_of(_few(processes, means)), blocks, n)
    cut = int(TRIM * n) if n >= FEWEST_TO_TRIM else 0
    kept = n - 2 * cut
    log = float(np.sort(means)[cut : n - cut].mean())
    deviation = float(np.asarray(winsorize(means, (cut / n, cut / n))).std(ddof=1))
    error = deviation / ((1 - 2 * cut / n) * np.sqrt(n))
    return PairResult(Shift(log, float(error), kept - 1), blocks, n)


def _few(processes: Sequence[Sequence[float]], means: NDArray[np.float64]) -> Contrast:
    """What few processes say, by the scatter of blocks within them, and by their own."""
    n = len(means)
    residuals = np.concatenate([np.asarray(one) - np.mean(one) for one in processes])
    freedom = len(residuals) - n
    lone = float(np.sum(residuals**2)) / freedom if freedom else None
    variance = None if lone is None else lone * float(np.mean([1 / len(p) for p in processes])) / n
    between = float(means.var(ddof=1)) / n if n > 1 else None
    if variance is None and between is not None:  # a block to a process: their scatter has both
        variance, freedom = between, n - 1
    return Contrast(float(means.mean()), variance, freedom, 2 / n, between, n - 1)


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
