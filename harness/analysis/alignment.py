"""By how much one cell's log seconds lie above another's, and how sure that is.

Whatever else runs on a machine takes time away, and not in all rounds alike: where a neighbour
works on the same core, a sweep takes half as long again. So a cell's seconds have two modes, and a
difference of means mostly tells how often each of the two cells was disturbed. With many rounds,
one cell's are therefore shifted until they lie over the other's best: like is compared with like
(docs/method-details.md, "Two ways to be wrong"). That takes for granted that a disturbance costs
both cells as much; where it does not, the alignment lies away from the mean of differences within
rounds, and is not taken.
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
# An alignment needs modes that are narrow beside the bell: this share of the differences of all
# pairs must lie within two widths of it. Two equal modes, however often each is met, put half of
# them there. Without modes, what is densest is so by luck, and looks certain to the jackknife:
# intervals then miss in up to 15 of 100 runs instead of 5 (tests/harness/test_inference.py).
_LEAST_NEAR = 0.4

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
    between : float or None
        Variance of `log` by the scatter of the processes, and so of what differs between these,
        too; None with a single one, or few rounds.
    between_freedom : int
        Degrees of freedom of `between`.
    aligned : bool
        Whether cells were aligned; paired otherwise.
    """

    log: float
    variance: float | None
    freedom: float
    processes: float
    between: float | None = None
    between_freedom: int = 0
    aligned: bool = False

    def __neg__(self) -> "Contrast":
        return replace(self, log=-self.log)


@dataclass(frozen=True)
class Series:
    """A cell's log seconds of a sweep, round by round.

    Attributes
    ----------
    logs : ndarray, shape (rounds,)
    process : ndarray, shape (rounds,), int64
        Which of the cell's processes, one after another, each was measured in.
    """

    logs: Logs
    process: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.logs)

    @property
    def processes(self) -> float:
        """How many processes; so many of equal length as would average out their differences."""
        lengths = np.unique(self.process, return_counts=True)[1]
        return len(self) ** 2 / float(np.square(lengths).sum()) if len(self) else 1.0


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
    if not others or not all(_has_modes(own.logs, other.logs) for other in others):
        return paired
    aligned = replace(jackknife(aligned_mean, own, others), aligned=True)
    return aligned if _is_better(aligned, paired) else paired


def _has_modes(own: Logs, other: Logs) -> bool:
    """Whether enough of all differences lie near the alignment of two cells."""
    away = np.abs(np.subtract.outer(own, other) - align(own, other))
    return bool(np.mean(away <= 2 * _WIDTH) >= _LEAST_NEAR)


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
    """What an estimate says of a cell and others, with its variances by the jackknife.

    Left out in turn are groups of neighbouring rounds, and all rounds of a process.
    """
    logs, rest = own.logs, [other.logs for other in others]
    whole = estimate(logs, rest)

    def variance(groups: NDArray[np.int64]) -> float:
        kept = [groups != group for group in np.unique(groups)]
        without = [estimate(logs[some], [other[some] for other in rest]) for some in kept]
        return delete_a_group(whole, np.array(without), np.bincount(groups))

    processes = _processes_met([own, *others])
    n_processes = int(processes.max()) + 1
    return Contrast(
        whole,
        variance(np.arange(len(logs)) * _GROUPS // len(logs)),
        _GROUPS - 1,
        _weigh_processes(own, others),
        variance(processes) if n_processes > 1 else None,
        n_processes - 1,
    )


def delete_a_group(whole: float, without: Logs, sizes: NDArray[np.int64]) -> float:
    """Variance of an estimate by the jackknife that leaves out groups of observations.

    Parameters
    ----------
    whole : float
        The estimate from all observations.
    without : ndarray, shape (n_groups,)
        The estimate without each group.
    sizes : ndarray, shape (n_groups,)
        Observations of each group.

    Notes
    -----
    For groups of unequal sizes, Busing, Meijer and van der Leeden (1999, Statistics and Computing
    9, eq. 10); with equal ones, the ordinary jackknife.
    """
    times = sizes.sum() / sizes
    pseudo = times * whole - (times - 1) * without
    mean = float(np.sum(whole - without) + np.sum(without / times))
    return float(np.mean(np.square(pseudo - mean) / (times - 1)))


def _processes_met(cells: Sequence[Series]) -> NDArray[np.int64]:
    """Number, from 0, of the set of processes that each round's turns were taken in."""
    labels = np.stack([cell.process for cell in cells])
    numbers = np.unique(labels, axis=1, return_inverse=True)[1]
    return np.asarray(numbers, dtype=np.int64).ravel()


def align(own: ArrayLike, other: ArrayLike) -> float:
    """Shift at which one sample lies best over the other.

    It is where the differences of all pairs are densest, found from their median uphill. Pairs of
    which one was disturbed lie off to both sides and hardly count.

    Notes
    -----
    Uphill is to the weighted mean of the differences (mean shift: Fukunaga and Hostetler 1975).
    Where the density is concave, that step is lengthened to Newton's, which is the same one over
    1 - the weighted variance in squares of the bell's width: a tenth of the steps, or less.
    """
    differences = np.subtract.outer(np.asarray(own), np.asarray(other)).ravel()
    shift = float(np.median(differences))
    for _ in range(_MOST_STEPS):
        away = (differences - shift) / _WIDTH
        weights = np.exp(-0.5 * np.square(away))
        total = float(weights.sum())
        if total == 0:  # the median lies in a gap: nothing is near it
            break
        # Sums, not dot products: threads of a BLAS are not worth waking for so few numbers.
        step = float((weights * away).sum()) / total
        concave = 1.0 - float((weights * np.square(away)).sum()) / total
        if concave > 0:
            step = max(-1.0, min(1.0, step / concave))
        shift += step * _WIDTH
        if abs(step) * _WIDTH < _CLOSE:
            break
    return shift
