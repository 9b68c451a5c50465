"""The two ways to be wrong, from trials whose truth is known: how often each happens."""

from collections.abc import Sequence
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
# A method is fit for use where it sees at most, and at least, so many differences.
MOST_FALSE, LEAST_FOUND = 0.05, 0.90


@dataclass(frozen=True)
class Trial:
    """Two cells of one run, of which one is the same as the other, or slowed down.

    Attributes
    ----------
    kind : {"same", "slowed"}
    condition : {"quiet", "loaded"}
    pairs : Pairs
        The one that may be slowed down, and the other.
    """

    kind: Kind
    condition: Condition
    pairs: Pairs

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
    plain, slowed : tuple of Series
        Of the same rounds.
    """

    condition: Condition
    plain: tuple[Series, ...]
    slowed: tuple[Series, ...]

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """All pairs of cells: of two that are the same, and of one slowed down and one not."""
        same = [*combinations(self.plain, 2), *combinations(self.slowed, 2)]
        return (
            *(Trial("same", self.condition, Pairs(own, other)) for other, own in same),
            *(
                Trial("slowed", self.condition, Pairs(own, other))
                for own, other in product(self.slowed, self.plain)
            ),
        )

    def independent(self, kind: Kind) -> int:
        """How many pairs of a kind there are of which no two have a cell in common."""
        if kind == "slowed":
            return min(len(self.plain), len(self.slowed))
        return len(self.plain) // 2 + len(self.slowed) // 2


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
    """

    kind: Kind
    condition: Condition
    trials: int
    found: int
    independent: int

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
    def met(self) -> bool:
        """Whether the share is what is asked of the method."""
        return self.share <= MOST_FALSE if self.kind == "same" else self.share >= LEAST_FOUND


def rates(runs: Sequence[StudyRun]) -> list[Rate]:
    """The rates of all kinds and conditions that have trials."""
    found = []
    for condition in CONDITIONS:
        some = [run for run in runs if run.condition == condition]
        trials = [trial for run in some for trial in run.trials]
        for kind in KINDS:
            hits = [trial.found for trial in trials if trial.kind == kind]
            if hits:
                independent = sum(run.independent(kind) for run in some)
                found.append(Rate(kind, condition, len(hits), sum(hits), independent))
    return found


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


def trials_frame(trials: Sequence[Trial]) -> pd.DataFrame:
    """A row for each trial: kind, condition, ratio, low, high (95 % interval), found."""
    rows = []
    for trial in trials:
        low, high = trial.shift.interval or (np.nan, np.nan)
        ends = {"ratio": trial.shift.ratio, "low": low, "high": high}
        names = {"kind": trial.kind, "condition": trial.condition}
        rows.append(names | ends | {"found": trial.found})
    return pd.DataFrame(rows, columns=["kind", "condition", "ratio", "low", "high", "found"])
