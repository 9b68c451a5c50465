"""By how much one cell's log seconds lie above another's, and how sure that is.

Whatever else runs on a machine takes time away, and not in all rounds alike: where a neighbour
works on the same core, a sweep takes half as long again. So a cell's seconds have two modes, and a
difference of means mostly tells how often each of the two cells was disturbed. With many rounds,
one cell's are therefore shifted until they lie over the other's best: like is compared with like,
however many rounds were disturbed (docs/method.md, "Two ways to be wrong"). What hits all cells of
a round alike cancels in differences within rounds only; of both, the more certain one is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# From so many rounds on, cells may be aligned; below, their rounds are paired.
FEWEST_TO_ALIGN = 20
# Differences count by a bell curve of this width (log seconds): wide beside the scatter within a
# mode, narrow beside the distance between modes. Measured: .03 to .08 do.
_WIDTH = 0.05
_MOST_STEPS, _CLOSE = 200, 1e-9
# The jackknife leaves out groups of neighbouring rounds: what disturbs one disturbs the next.
_GROUPS = 20

Logs = NDArray[np.float64]


@dataclass(frozen=True)
class Contrast:
    """By how much a cell's log seconds lie above those of others, over rounds that have all.

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

    def __neg__(self) -> "Contrast":
        return Contrast(-self.log, self.variance, self.freedom, self.processes)


@dataclass(frozen=True)
class Series:
    """A cell's log seconds of a sweep, round by round.

    Attributes
    ----------
    logs : ndarray, shape (rounds,)
    processes : int
        In how many processes, one after another, they were measured.
    """

    logs: Logs
    processes: int = 1

    def __len__(self) -> int:
        return len(self.logs)


def contrast(own: Series, others: Sequence[Series] = ()) -> Contrast:
    """Set a cell against the mean of others.

    Parameters
    ----------
    own : Series
        Of one round at least.
    others : sequence of Series
        Of the same rounds.

    Notes
    -----
    The estimate with the least variance is taken, as Jaeckel (1971, Annals of Mathematical
    Statistics 42) proposes for means trimmed more or less.
    """
    weight = 1 / max(1, len(others))
    processes = 1 / own.processes + sum(weight**2 / other.processes for other in others)
    logs = own.logs, [other.logs for other in others]
    log, variance, freedom = _paired(*logs)
    if others and variance is not None and len(own) >= FEWEST_TO_ALIGN:
        aligned = _aligned(*logs)
        if aligned[1] < variance:
            log, variance, freedom = aligned
    return Contrast(log, variance, freedom, processes)


def _paired(own: Logs, others: Sequence[Logs]) -> tuple[float, float | None, float]:
    """Mean of the differences within rounds, its variance, and degrees of freedom (Student)."""
    differences = own - np.mean(others, axis=0) if others else own
    rounds, log = len(differences), float(differences.mean())
    if rounds < 2:
        return log, None, 0.0
    return log, float(differences.var(ddof=1)) / rounds, rounds - 1


def _aligned(own: Logs, others: Sequence[Logs]) -> tuple[float, float, float]:
    """Mean of the alignments, its variance by the jackknife, and degrees of freedom.

    Notes
    -----
    Delete-a-group jackknife: Shao and Tu, The Jackknife and Bootstrap (1995), 5.5.
    """
    group = np.arange(len(own)) * _GROUPS // len(own)
    without = [
        np.mean([align(own[group != left_out], other[group != left_out]) for other in others])
        for left_out in range(_GROUPS)
    ]
    log = float(np.mean([align(own, other) for other in others]))
    variance = (_GROUPS - 1) * float(np.var(without))
    return log, variance, _GROUPS - 1


def align(own: ArrayLike, other: ArrayLike) -> float:
    """Shift at which one sample lies best over the other.

    It is where the differences of all pairs are densest, found from their median uphill (mean
    shift: Fukunaga and Hostetler 1975). Pairs of which one was disturbed lie off to both sides and
    hardly count.
    """
    differences = np.subtract.outer(np.asarray(own), np.asarray(other)).ravel()
    shift = float(np.median(differences))
    for _ in range(_MOST_STEPS):
        weights = np.exp(-0.5 * np.square((differences - shift) / _WIDTH))
        before, shift = shift, float(weights @ differences / weights.sum())
        if abs(shift - before) < _CLOSE:
            break
    return shift
