"""Where the logs of a cell's seconds lie: the mean of the faster part of its rounds.

Whatever else runs on a machine only takes time away, and mostly not in all rounds: where a
neighbour works on the same core, a sweep takes half as long again. So a cell's seconds have two
modes, and a mean or a median, paired or not, tells how many of its rounds were disturbed. The
fastest rounds hardly do (Chen and Revels 2016, "Robust benchmarking in noisy environments";
measured in docs/method.md, "Two ways to be wrong").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

# A tenth of the rounds, of few rounds six, of fewer all: then the mean is the ordinary one.
_SHARE, _FEWEST = 10, 6


def faster_part(rounds: int) -> int:
    """How many of so many rounds make the faster part."""
    return min(rounds, max(_FEWEST, ceil(rounds / _SHARE)))


def faster_mean(logs: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Mean of the faster part of the logs, along an axis."""
    part = faster_part(logs.shape[axis])
    mean: NDArray[np.float64] = np.sort(logs, axis).take(range(part), axis).mean(axis)
    return mean


def influences(logs: Sequence[float]) -> NDArray[np.float64]:
    """A value for each round, whose mean is the mean of the faster part, and whose scatter its own.

    Parameters
    ----------
    logs : sequence of float
        One at least.

    Notes
    -----
    For a mean trimmed at the upper end only, each value is the mean plus its influence (Wilcox,
    Introduction to Robust Estimation, 2012, 3.3): the logs winsorised there, centred, times the
    number of rounds over that of the faster part.
    """
    values = np.asarray(logs, dtype=np.float64)
    part = faster_part(len(values))
    ordered = np.sort(values)
    winsorised = np.minimum(values, ordered[part - 1])
    stretched = (winsorised - winsorised.mean()) * (len(values) / part)
    shifted: NDArray[np.float64] = ordered[:part].mean() + stretched
    return shifted


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of cells' locations, all over the same rounds.

    Attributes
    ----------
    log : float
    variance : float or None
        Of `log`, by the scatter of the rounds; None with a single round.
    freedom : float
        Degrees of freedom of `variance`.
    processes : float
        Sum of weight² / number of processes, over the cells.
    """

    log: float
    variance: float | None
    freedom: float
    processes: float


def contrast(terms: Sequence[tuple[float, Sequence[float], int]]) -> Contrast:
    """Add cells up, each with its weight.

    Rounds are kept together, so what hit several cells in one round cancels as far as it can.

    Parameters
    ----------
    terms : sequence of (weight, logs, processes)
        Of each cell: the logs of its seconds, one a round, the same rounds for all; and in how
        many processes, one after another, they were measured.

    Notes
    -----
    Tukey and McLaughlin (1963), in the form for dependent samples of Yuen (1974; Wilcox 2012,
    5.9.5): with h of n rounds in the faster part, the sum of squares over h (h - 1) in units of
    the winsorised logs, and h - 1 degrees of freedom.
    """
    values = np.sum([weight * influences(logs) for weight, logs, _ in terms], axis=0)
    processes = sum(weight**2 / count for weight, _, count in terms)
    rounds, log = len(values), float(values.mean())
    part = faster_part(rounds)
    if part < 2:
        return Contrast(log, None, 0.0, processes)
    squares = float(np.square(values - log).sum())
    return Contrast(log, squares * part / (part - 1) / rounds**2, part - 1, processes)
