"""What a cell will cost, from its size and what was seen: seconds of a sweep, bytes of a worker.

Both the runner (is there time, is there room?) and the analysis (projection) ask here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.results.events import Cell
from harness.results.records import Run
from harness.student import student_quantile

# Interpreter, NumPy, Numba with what it compiles: measured 150 to 260 MiB, taken with a margin.
_INTERPRETER_BYTES = 300 << 20
_RATING_BYTES = 12  # users int32, items int32, values float32, mapped from the rung's files
_LEVEL = 0.95


class Size(NamedTuple):
    """What seconds depend on."""

    ratings: int
    users: int
    items: int


@dataclass(frozen=True)
class Seen:
    """A measured cell: its size and the median seconds of its half-sweeps."""

    size: Size
    users_s: float
    items_s: float


@dataclass(frozen=True)
class Projected:
    """Seconds of a cell that was not measured.

    Attributes
    ----------
    users_s, items_s : float
    low, high : float or None
        95 % interval of their sum, by the jackknife; None where fewer than three cells were seen.
    """

    users_s: float
    items_s: float
    low: float | None
    high: float | None

    @property
    def sweep_s(self) -> float:
        """Seconds of a sweep."""
        return self.users_s + self.items_s


def worker_bytes(bytes_needed: int, n_ratings: int) -> int:
    """Bytes a worker may take: what its backend says, the mapped ratings, and the interpreter."""
    return bytes_needed + _RATING_BYTES * n_ratings + _INTERPRETER_BYTES


def seen(run: Run, variant: str, threads: int) -> list[Seen]:
    """All measured cells of a variant with this thread count, one a rung."""
    found = []
    for rung in run.rungs.values():
        record = rung.records.get(Cell(rung.started.rung, variant, threads))
        if record is not None and record.turns:
            size = Size(rung.started.train, rung.started.users, rung.started.items)
            # Without halves, both are taken for alike: their sum is what counts.
            halves = record.median_halves_s or (record.median_sweep_s / 2,) * 2
            found.append(Seen(size, *halves))
    return found


def project(seen: Sequence[Seen], size: Size) -> Projected | None:
    """Seconds of a sweep at a size, from cells of the same implementation and rank.

    Each side's seconds are modelled as α·ratings + β·rows of that side with α, β ≥ 0, fitted to
    the smallest sum of squared relative errors.

    Parameters
    ----------
    seen : sequence of Seen
    size : Size

    Returns
    -------
    Projected or None
        None where nothing was seen.
    """
    if not seen:
        return None
    users_s, items_s = _halves(seen, size)
    low = high = None
    if len(seen) >= 3:
        without = [sum(_halves([*seen[:i], *seen[i + 1 :]], size)) for i in range(len(seen))]
        low, high = _jackknife(users_s + items_s, np.array(without))
    return Projected(users_s, items_s, low, high)


def _halves(seen: Sequence[Seen], size: Size) -> tuple[float, float]:
    users = _fit([(s.size.ratings, s.size.users, s.users_s) for s in seen])
    items = _fit([(s.size.ratings, s.size.items, s.items_s) for s in seen])
    return (
        float(users @ (size.ratings, size.users)),
        float(items @ (size.ratings, size.items)),
    )


def _fit(rows: list[tuple[int, int, float]]) -> NDArray[np.float64]:
    """Non-negative (α, β) with (α·ratings + β·rows) / seconds nearest to 1."""
    from scipy.optimize import nnls  # takes long to import: only who projects pays for it

    table = np.array(rows, dtype=np.float64)
    solution: NDArray[np.float64] = nnls(table[:, :2] / table[:, 2:], np.ones(len(table)))[0]
    return solution


def _jackknife(estimate: float, without: NDArray[np.float64]) -> tuple[float, float]:
    """Interval of an estimate from the estimates that leave one out, on the log scale."""
    n = len(without)
    logs = np.log(np.maximum(without, 1e-12))
    error = float(np.sqrt((n - 1) / n * np.sum((logs - logs.mean()) ** 2)))
    factor = float(np.exp(student_quantile((1 + _LEVEL) / 2, n - 1) * error))
    return estimate / factor, estimate * factor
