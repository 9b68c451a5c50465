"""Is there a difference, and how small a one would have shown? On logs of seconds, by t-tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtrinc

from harness.analysis.alignment import (
    Contrast,
    Series,
    aligned_mean,
    contrast,
    paired_mean,
    student_mean,
)
from harness.results.records import Record
from harness.student import student_quantile

LEVEL = 0.95
# A verdict is wrong this often where there is no difference; `detectable` is found this often.
ALPHA, POWER = 0.01, 0.9
# Fewer pairs than this make a bootstrap's interval too narrow; it is no cross-check for them.
BOOTSTRAP_PAIRS = 30
_RESAMPLES = 199
# An end of the bootstrap's interval this far outside of the other, in half-widths of the latter, is
# more than what resampling accounts for.
_MATERIAL = 0.25
# Logs of seconds carry rounding errors of about this size: no difference can be smaller.
_ROUNDING = 1e-12
# Standard deviation of log seconds between processes that do the same, which no number of rounds
# in them shows: it lies in where their code and their scratch memory happen to be
# (`scripts.measure_processes`). It differs from kernel to kernel and from machine to machine, so it
# is a guess that is worth so many degrees of freedom beside what a run's own processes show.
PROCESS_SPREAD, GUESS_FREEDOM = 0.01, 5

Verdict = Literal["faster", "slower", "no difference seen", "too few rounds"]


@dataclass(frozen=True)
class Shift:
    """A ratio of seconds, this one over the other, estimated on its log.

    Attributes
    ----------
    log : float
        Log of the ratio; above 0 where this one takes longer.
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
        """The ratio itself: above 1 where this one takes longer."""
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
        return student_quantile(1 - outside / 2, self.freedom)


def mean_shift(logs: ArrayLike) -> Shift | None:
    """Shift of the ordinary mean of independent logs, by Student's t; None where there are none."""
    values = np.asarray(logs, dtype=np.float64)
    if not len(values):
        return None
    log, variance, freedom = student_mean(values)
    return Shift(log, None if variance is None else float(np.sqrt(variance)), freedom)


def shift_of(*contrasts: Contrast, known: float = 0.0) -> Shift:
    """Shift of the sum of independent contrasts.

    The degrees of freedom are Welch's (1947, Biometrika 34, eq. 28); the `known` variance, which is
    added, has infinitely many.
    """
    log = sum(one.log for one in contrasts)
    parts = [part for one in contrasts if (part := uncertainty(one)) is not None]
    if len(parts) < len(contrasts):
        return Shift(log, None)
    total = sum(variance for variance, _ in parts) + known
    each = sum(variance**2 / freedom for variance, freedom in parts if variance)
    return Shift(log, float(np.sqrt(total)), total**2 / each if each else np.inf)


def uncertainty(one: Contrast) -> tuple[float, float] | None:
    """Variance of a contrast, and its degrees of freedom; None where rounds do not show it.

    What the rounds show, and what processes are expected to add, is a guess. Where there are
    several processes it is pooled with what their scatter shows, each by its degrees of freedom: a
    moderated variance (Smyth 2004, Statistical Applications in Genetics and Molecular Biology 3,
    section 3).
    """
    if one.variance is None:
        return None
    guess = one.variance + PROCESS_SPREAD**2 * one.processes
    if one.between is None:
        return guess, guess**2 * one.freedom / one.variance**2 if one.variance else np.inf
    freedom = GUESS_FREEDOM + one.between_freedom
    pooled = GUESS_FREEDOM * guess + one.between_freedom * one.between
    return pooled / freedom, freedom


@dataclass(frozen=True)
class Pairs:
    """Two cells in the rounds that both took part in."""

    own: Series
    other: Series

    def __len__(self) -> int:
        return len(self.own)

    @cached_property
    def contrast(self) -> Contrast | None:
        """The first against the second; None where they share no round."""
        return contrast(self.own, [self.other]) if len(self) else None

    @property
    def shift(self) -> Shift | None:
        """How many times as long the first takes; None where they share no round."""
        return None if self.contrast is None else shift_of(self.contrast)


def pair_rounds(own: Record, other: Record) -> Pairs:
    """Pair two cells of a rung, round by round."""
    rounds = common_rounds([own, other])
    return Pairs(series(own, rounds), series(other, rounds))


def common_rounds(records: Sequence[Record]) -> set[int]:
    """Rounds that all of these took part in."""
    return set.intersection(*({turn.round for turn in record.turns} for record in records))


def series(record: Record, rounds: set[int]) -> Series:
    """A cell's log seconds of a sweep in these rounds."""
    turns = [turn for turn in record.turns if turn.round in rounds]
    logs = np.log(np.array([turn.sweep_s for turn in turns]))
    return Series(logs, np.array([turn.process for turn in turns], dtype=np.int64))


def bootstrap_interval(pairs: Pairs) -> tuple[float, float] | None:
    """95 % interval of the ratio by the bootstrap's percentiles, always the same one.

    Of the estimate that was taken, paired or aligned. None under 30 rounds, or where all are alike.
    The spread between processes is not in it.
    """
    own, other = pairs.own.logs, pairs.other.logs
    if len(pairs) < BOOTSTRAP_PAIRS or np.ptp(own - other) <= _ROUNDING:
        return None
    from scipy.stats import bootstrap  # half a second: only who has so many rounds pays for it

    taken = aligned_mean if pairs.contrast and pairs.contrast.aligned else paired_mean
    interval = bootstrap(
        (own, other),
        lambda first, second: taken(first, [second]),
        paired=True,
        vectorized=False,
        confidence_level=LEVEL,
        n_resamples=_RESAMPLES,
        method="percentile",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return float(np.exp(interval.low)), float(np.exp(interval.high))


def reaches_beyond(other: tuple[float, float], interval: tuple[float, float]) -> bool:
    """Whether an end of another interval lies materially outside of this one."""
    low, high = np.log(interval)
    beyond = max(low - np.log(other[0]), np.log(other[1]) - high)
    return bool(beyond > _MATERIAL * (high - low) / 2)
