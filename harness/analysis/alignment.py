"""By how much one cell's log seconds lie above another's, and how sure that is.

Whatever else runs on a machine takes time away, and not in all rounds alike: where a neighbour
works on the same core, a sweep takes half as long again. So a cell's seconds have two modes, and a
difference of means mostly tells how often each of the two cells was disturbed. With many rounds,
one cell's are therefore shifted until they lie over the other's best: like is compared with like
(docs/method.md, "Two ways to be wrong"). That takes for granted that a disturbance costs both cells
as much; where it does not, the alignment lies away from the mean of differences within rounds, and
is not taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
# An alignment so many standard errors away from the mean difference is not taken. Equal cells came
# up to 4.3 apart in `study`: disturbances last, so the mean scatters more than its rounds show.
_MOST_APART = 5.0

Logs = NDArray[np.float64]
Estimate = Callable[[Logs, Sequence[Logs]], float]


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
    aligned : bool
        Whether cells were aligned; paired otherwise.
    """

    log: float
    variance: float | None
    freedom: float
    processes: float
    aligned: bool = False

    def __neg__(self) -> "Contrast":
        return replace(self, log=-self.log)


@dataclass(frozen=True)
class Series:
    """A cell's log seconds of a sweep, round by round.

    Attributes
    ----------
    logs : ndarray, shape (rounds,)
    processes : float
        In how many processes, one after another, they were measured; so many of equal length as
        would average out their differences as well.
    """

    logs: Logs
    processes: float = 1.0

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
    Of pairing and alignment, where they agree, the one with the smaller variance is taken, as
    Jaeckel (1971, Annals of Mathematical Statistics 42) proposes for means trimmed more or less.
    """
    if len(own) < FEWEST_TO_ALIGN:
        differences = mean_difference(own.logs, [other.logs for other in others])
        return Contrast(*student_mean(differences), _weigh_processes(own, others))
    paired = jackknife(paired_mean, own, others)
    if not others:
        return paired
    aligned = replace(jackknife(aligned_mean, own, others), aligned=True)
    return aligned if _is_better(aligned, paired) else paired


def _weigh_processes(own: Series, others: Sequence[Series]) -> float:
    """Sum of weight² / number of processes, of a cell and those whose mean it is set against."""
    weight = 1 / max(1, len(others))
    return 1 / own.processes + sum(weight**2 / other.processes for other in others)


def _is_better(aligned: Contrast, paired: Contrast) -> bool:
    """Whether an alignment is more certain than pairing, and agrees with it."""
    assert aligned.variance is not None
    assert paired.variance is not None
    most_apart = _MOST_APART * np.sqrt(paired.variance)
    return bool(aligned.variance < paired.variance and abs(aligned.log - paired.log) <= most_apart)


def mean_difference(own: Logs, others: Sequence[Logs]) -> Logs:
    """Differences from the mean of the others, round by round."""
    return own - np.mean(others, axis=0) if others else own


def paired_mean(own: Logs, others: Sequence[Logs]) -> float:
    """Mean of the differences within rounds."""
    return float(mean_difference(own, others).mean())


def aligned_mean(own: Logs, others: Sequence[Logs]) -> float:
    """Mean of the alignments with each of the others."""
    return float(np.mean([align(own, other) for other in others]))


def student_mean(differences: Logs) -> tuple[float, float | None, float]:
    """Mean of independent differences, its variance, and degrees of freedom."""
    rounds, log = len(differences), float(differences.mean())
    if rounds < 2:
        return log, None, 0.0
    return log, float(differences.var(ddof=1)) / rounds, rounds - 1


def jackknife(estimate: Estimate, own: Series, others: Sequence[Series]) -> Contrast:
    """What an estimate says of a cell and others, its variance by the delete-a-group jackknife."""
    logs, rest = own.logs, [other.logs for other in others]
    group = np.arange(len(logs)) * _GROUPS // len(logs)
    without = []
    for left_out in range(_GROUPS):
        kept = group != left_out
        without.append(estimate(logs[kept], [other[kept] for other in rest]))
    variance = (_GROUPS - 1) * float(np.var(without))
    return Contrast(estimate(logs, rest), variance, _GROUPS - 1, _weigh_processes(own, others))


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
        total = float(weights.sum())
        if total == 0:  # the median lies in a gap: nothing is near it
            break
        before, shift = shift, float(weights @ differences) / total
        if abs(shift - before) < _CLOSE:
            break
    return shift
