"""The two ways to be wrong, from trials whose truth is known: how often each happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import beta

from harness.analysis.alignment import Series
from harness.analysis.inference import LEVEL, Pairs, Shift, mean_shift

Kind = Literal["same", "slowed"]
Condition = Literal["quiet", "loaded"]
KINDS: tuple[Kind, ...] = ("same", "slowed")
CONDITIONS: tuple[Condition, ...] = ("quiet", "loaded")
# A method is fit for use where it sees at most, and at least, so many differences; the latter where
# one row in so many, or more, is solved twice: about 5 %.
MOST_FALSE, LEAST_FOUND, FOUND_FROM = 0.05, 0.90, 36


@dataclass(frozen=True)
class Trial:
    """Two cells of one run, of which one is the same as the other, or slowed down.

    Attributes
    ----------
    kind : {"same", "slowed"}
    condition : {"quiet", "loaded"}
    pairs : Pairs
        The one that may be slowed down, and the other.
    one_in : int or None
        One row in so many is solved twice by the one that is slowed down.
    """

    kind: Kind
    condition: Condition
    pairs: Pairs
    one_in: int | None = None

    @cached_property
    def shift(self) -> Shift:
        """What a run of this length says of the two."""
        shift = self.pairs.shift
        if shift is None:
            raise ValueError("a trial has no round")
        return shift

    @property
    def found(self) -> bool:
        """Whether a difference was seen where there is none, or that which there is."""
        verdict = self.shift.verdict
        return verdict == "slower" if self.kind == "slowed" else verdict in ("faster", "slower")


@dataclass(frozen=True)
class StudyRun:
    """The cells of one run: an implementation under several names, and itself slowed down.

    Attributes
    ----------
    condition : {"quiet", "loaded"}
    plain : tuple of Series
        Of the same rounds, like all of them.
    slowed : mapping of int to tuple of Series
        By how many rows one is solved twice of.
    """

    condition: Condition
    plain: tuple[Series, ...]
    slowed: Mapping[int, tuple[Series, ...]]

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """All pairs of cells: of two that are the same, and of one slowed down and one not."""
        same = [pair for group in self._groups for pair in combinations(group, 2)]
        return (
            *(Trial("same", self.condition, Pairs(own, other)) for other, own in same),
            *(
                Trial("slowed", self.condition, Pairs(own, other), one_in)
                for one_in, cells in self.slowed.items()
                for own, other in product(cells, self.plain)
            ),
        )

    def independent(self, one_in: int | None) -> int:
        """How many pairs of a kind there are of which no two have a cell in common."""
        if one_in is None:
            return sum(len(group) // 2 for group in self._groups)
        return min(len(self.plain), len(self.slowed.get(one_in, ())))

    @property
    def _groups(self) -> tuple[tuple[Series, ...], ...]:
        """Cells that are the same as one another."""
        return (self.plain, *self.slowed.values())


@dataclass(frozen=True)
class Rate:
    """How often something was found in trials of one kind and condition.

    Trials that have a cell in common are not independent. The share found in all pairs of a run
    scatters at most as widely as that in pairs without a common cell (Hoeffding 1963, Journal of
    the American Statistical Association 58, section 5), so its interval is that of as many trials
    as there are of the latter.

    Attributes
    ----------
    kind : {"same", "slowed"}
    condition : {"quiet", "loaded"}
    trials, found : int
    independent : int
        Trials without a common cell.
    one_in : int or None
        As of `Trial`.
    """

    kind: Kind
    condition: Condition
    trials: int
    found: int
    independent: int
    one_in: int | None = None

    @property
    def share(self) -> float:
        """Found, of all trials."""
        return self.found / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share (Clopper and Pearson 1934)."""
        hits, misses = self.share * self.independent, (1 - self.share) * self.independent
        low = beta.ppf((1 - LEVEL) / 2, hits, misses + 1) if hits else 0.0
        high = beta.ppf((1 + LEVEL) / 2, hits + 1, misses) if misses else 1.0
        return float(low), float(high)

    @property
    def met(self) -> bool | None:
        """Whether the share is what is asked of the method; None where nothing is."""
        if self.one_in is None:
            return self.share <= MOST_FALSE
        return self.share >= LEAST_FOUND if self.one_in <= FOUND_FROM else None

    @property
    def proven(self) -> bool:
        """Whether all of the interval is what is asked of the share."""
        low, high = self.interval
        return high <= MOST_FALSE if self.one_in is None else low >= LEAST_FOUND


def rates(runs: Sequence[StudyRun]) -> list[Rate]:
    """The rates of all conditions and slow-downs that have trials, the smallest slow-down first."""
    found = []
    for condition in CONDITIONS:
        some = [run for run in runs if run.condition == condition]
        levels = sorted({one_in for run in some for one_in in run.slowed}, reverse=True)
        for one_in in (None, *levels):
            trials = [trial for run in some for trial in run.trials if trial.one_in == one_in]
            if trials:
                independent = sum(run.independent(one_in) for run in some)
                hits = sum(trial.found for trial in trials)
                kind: Kind = "same" if one_in is None else "slowed"
                found.append(Rate(kind, condition, len(trials), hits, independent, one_in))
    return found


def coverage(trials: Sequence[Trial], true_log: float) -> float | None:
    """Share of the trials whose interval holds the true ratio; None where none has an interval."""
    ends = [trial.shift.interval for trial in trials]
    held = [low <= np.exp(true_log) <= high for low, high in filter(None, ends)]
    return float(np.mean(held)) if held else None


def overall_shift(trials: Sequence[Trial]) -> Shift | None:
    """Shift over all these trials, each of which counts once."""
    return mean_shift([trial.shift.log for trial in trials])


def excess_spread(trials: Sequence[Trial]) -> float | None:
    """Spread of the trials' results, over what their standard errors lead to expect.

    1 where these tell all. Above it, two cells that do the same differ from one another by more
    than they should; below it, differences could be seen that are not. None where there are fewer
    than two trials.
    """
    shifts = [trial.shift for trial in trials]
    errors = [shift.error for shift in shifts if shift.error is not None]
    if len(errors) < 2 or not any(errors):
        return None
    expected = np.sqrt(np.mean(np.square(errors)))
    return float(np.std([shift.log for shift in shifts], ddof=1) / expected)


_COLUMNS = ("kind", "condition", "one_in", "ratio", "low", "high", "found")


def trials_frame(trials: Sequence[Trial]) -> pd.DataFrame:
    """A row for each trial: kind, condition, one_in, ratio, low, high (95 % interval), found."""
    rows = []
    for trial in trials:
        low, high = trial.shift.interval or (np.nan, np.nan)
        ends = {"ratio": trial.shift.ratio, "low": low, "high": high}
        names = {"kind": trial.kind, "condition": trial.condition, "one_in": trial.one_in}
        rows.append(names | ends | {"found": trial.found})
    return pd.DataFrame(rows, columns=[*_COLUMNS])
