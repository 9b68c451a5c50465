"""Is there a difference, and how small a one would have shown? Student's t on logs of seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import nctdtrinc
from scipy.stats import bootstrap
from scipy.stats import t as student

from harness.analysis.speedup import LEVEL

# A verdict is wrong this often where there is no difference; `detectable` is found this often.
ALPHA, POWER = 0.01, 0.9
# Fewer pairs than this make a bootstrap's interval too narrow; it is no cross-check for them.
BOOTSTRAP_PAIRS = 30
_RESAMPLES = 4999
# An end of the bootstrap's interval this far from Student's, in half-widths of the latter, is
# more than what resampling and n - 1 instead of n account for.
_MATERIAL = 0.25
# Logs of seconds carry rounding errors of about this size: no difference can be smaller.
_ROUNDING = 1e-12

Verdict = Literal["faster", "slower", "no difference seen", "too few rounds"]


@dataclass(frozen=True)
class Shift:
    """A ratio of seconds, this one over the other, estimated on its log.

    Attributes
    ----------
    log : float
        Mean log ratio; above 0 where this one takes longer.
    error : float or None
        Standard error of `log`; None where there are too few rounds for one.
    freedom : float
        Degrees of freedom of `error`.
    """

    log: float
    error: float | None
    freedom: float = 0.0

    @property
    def ratio(self) -> float:
        """Geometric mean of the ratios: above 1 where this one takes longer."""
        return float(np.exp(self.log))

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the ratio."""
        if self.error is None:
            return None
        reach = self._quantile(1 - LEVEL) * self.error
        return float(np.exp(self.log - reach)), float(np.exp(self.log + reach))

    @property
    def verdict(self) -> Verdict:
        """What a two-sided t-test at α = .01 says of this one."""
        if self.error is None:
            return "too few rounds"
        if abs(self.log) <= max(self._quantile(ALPHA) * self.error, _ROUNDING):
            return "no difference seen"
        return "slower" if self.log > 0 else "faster"

    @property
    def detectable(self) -> float | None:
        """Smallest true ratio above 1 that this much data with this noise finds 9 times in 10.

        The test statistic of a true log ratio δ is noncentral t with noncentrality δ / error; δ is
        such that it exceeds the test's bound, t(1 - α/2; freedom), with probability .9 (Cohen 1988,
        ch. 2). The other tail is left out: it is below 1e-9 there.
        """
        if self.error is None:
            return None
        noncentrality = nctdtrinc(self.freedom, 1 - POWER, self._quantile(ALPHA))
        return float(np.exp(noncentrality * self.error))

    def _quantile(self, outside: float) -> float:
        """Bound that t leaves with this probability, both sides taken together."""
        return float(student.ppf(1 - outside / 2, self.freedom))


def paired_shift(logs: Sequence[float]) -> Shift | None:
    """Shift from the logs of per-round ratios; None where there are none."""
    values = np.asarray(logs, dtype=np.float64)
    if not len(values):
        return None
    if len(values) < 2:
        return Shift(float(values[0]), None)
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    return Shift(float(values.mean()), error, len(values) - 1)


def welch_shift(before: Sequence[float], after: Sequence[float]) -> Shift:
    """Shift between two independent samples of logs, their variances not taken as equal.

    Parameters
    ----------
    before, after : sequence of float
        At least one each.

    Notes
    -----
    Welch (1947), Biometrika 34, eq. 28: the degrees of freedom of the difference of two means.
    """
    old, new = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    log = float(new.mean() - old.mean())
    if min(len(old), len(new)) < 2:
        return Shift(log, None)
    parts = [float(values.var(ddof=1)) / len(values) for values in (old, new)]
    variance = sum(parts)
    if variance == 0:
        return Shift(log, 0.0, len(old) + len(new) - 2)
    each = sum(part**2 / (len(v) - 1) for part, v in zip(parts, (old, new), strict=True))
    return Shift(log, float(np.sqrt(variance)), variance**2 / each)


def bootstrap_interval(logs: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the geometric mean by the bootstrap (BCa: Efron 1987), always the same one.

    None under 30 values, or where all are alike.
    """
    values = np.asarray(logs, dtype=np.float64)
    if len(values) < BOOTSTRAP_PAIRS or np.ptp(values) <= _ROUNDING:
        return None
    interval = bootstrap(
        (values,),
        np.mean,
        confidence_level=LEVEL,
        n_resamples=_RESAMPLES,
        method="BCa",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return float(np.exp(interval.low)), float(np.exp(interval.high))


def intervals_disagree(logs: Sequence[float]) -> bool:
    """Whether bootstrap and Student's t tell materially different intervals of these logs."""
    shift, other = paired_shift(logs), bootstrap_interval(logs)
    if shift is None or other is None or shift.interval is None:
        return False
    ends = np.log(shift.interval)
    reach = float(ends[1] - ends[0]) / 2
    return bool(np.abs(np.log(other) - ends).max() > _MATERIAL * reach)
