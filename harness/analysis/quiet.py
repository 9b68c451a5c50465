"""One cell set against others by their quickest rounds: how cells of two runs are compared.

Within a run, whatever else the machine does is there for all cells alike, and pairing or alignment
take it out. From one run to the next it is not the same: neighbours work more or less of the time,
and cost kernels of different kinds differently much. What is the same is how long a sweep takes
while nobody disturbs it, and the quickest rounds of many are of that kind.
"""

from collections.abc import Sequence

import numpy as np

from harness.analysis.alignment import Contrast, Logs, Series, contrast, jackknife

# With fewer rounds, the quickest of them are too few to be left out in groups.
FEWEST_QUIET = 60
# Quick is what this share of rounds stays below. Of equal runs beside more or less busy neighbours,
# results scattered least at .03 to .05; from .2 on, two to eight times as widely.
_SHARE = 0.05
# Standard deviation between runs of a cell's log seconds over its yardstick's, beside what rounds
# and processes show. `scripts.repeat_runs` measures what comes of it.
RUN_SPREAD = 0.010


def quiet_contrast(own: Series, others: Sequence[Series] = ()) -> Contrast:
    """Set a cell's quick rounds against the mean of those of others.

    Takes what `contrast` takes. With fewer than 60 rounds, cells are paired or aligned by it, as
    within a run.
    """
    if len(own) < FEWEST_QUIET:
        return contrast(own, others)
    return jackknife(_quick_difference, own, others)


def typical_log(logs: Logs) -> float:
    """Log seconds of a quick round, or of the middle one where there are fewer than 60."""
    return float(np.median(logs) if len(logs) < FEWEST_QUIET else _quick_log(logs))


def _quick_difference(own: Logs, others: Sequence[Logs]) -> float:
    return _quick_log(own) - (float(np.mean([_quick_log(o) for o in others])) if others else 0.0)


def _quick_log(logs: Logs) -> float:
    return float(np.quantile(logs, _SHARE))
