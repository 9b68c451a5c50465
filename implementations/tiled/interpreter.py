"""The intrinsics in NumPy: what each of them means, and what runs where nothing is compiled.

Executes a plan as it stands, accumulator by accumulator; only the order of sums and the rounding
are NumPy's own.
"""

import numpy as np
from numpy.typing import NDArray

from implementations.problem import Float
from implementations.tiled.plan import ONES, By, Plan, packed_index
from implementations.tiled.task import Task


def add_ratings(
    plan: Plan, task: Task, start: int, stop: int, sums: NDArray[Float], lane: int
) -> None:
    """Sum the ratings start … stop - 1 of one row into the accumulators of a lane.

    Parameters
    ----------
    plan : Plan
    task : Task
    start, stop : int
    sums : ndarray, shape (lanes + 1, n_accumulators, lanes)
        `sums[lane]` is written, `sums[-1]` is all zeros.
    lane : int
    """
    indices = task.csr.indices[start:stop]
    rows = task.fixed.factors[indices]
    in_row = plan.layout.bias_in_row
    biases = rows[:, plan.rank] if in_row else task.fixed.biases[indices]
    centred = task.csr.values[start:stop].astype(np.float64) - task.model.mean
    target = centred.astype(rows.dtype) - biases
    vectors = rows.reshape(len(rows), plan.layout.vectors, plan.lanes)
    ones = np.ones((len(rows), plan.lanes), rows.dtype)
    for number, (term, v) in enumerate(plan.accumulators):
        vector = ones if v == ONES else vectors[:, v]
        match term.by:
            case By.FACTOR:
                multiplier = rows[:, term.which, None]
            case By.ROTATION:
                multiplier = np.roll(vector, -term.which, axis=1)
            case By.TARGET:
                multiplier = target[:, None]
            case By.ONE:
                multiplier = ones
        with np.errstate(all="ignore"):  # what is not finite is found by `solve`
            sums[lane, number] = (multiplier * vector).sum(axis=0)


def gather_systems(plan: Plan, sums: NDArray[Float], packed: NDArray[Float]) -> None:
    """Bring the accumulators of all lanes into packed systems, one to a lane.

    Parameters
    ----------
    plan : Plan
    sums : ndarray, shape (lanes + 1, n_accumulators, lanes)
    packed : ndarray, shape (entries + 1, lanes)
        Written, the entries that no accumulator holds excepted; the last row is for the rest.
    """
    packed[plan.destinations] = np.moveaxis(sums[:-1], 0, -1)


def solve(
    plan: Plan, packed: NDArray[Float], inverse: NDArray[Float], floor: NDArray[Float]
) -> int:
    """Solve all systems in place: the last row of the triangle becomes the solution.

    Parameters
    ----------
    plan : Plan
    packed : ndarray, shape (entries + 1, lanes)
    inverse : ndarray, shape (unknowns, lanes)
        Receives 1 / the diagonal of the Cholesky factor.
    floor : ndarray, shape (unknowns, lanes)
        A pivot must be above this.

    Returns
    -------
    int
        Bit l is set where a pivot of lane l is not above its floor, or a number is not finite.
    """
    n = plan.unknowns
    rows = [packed[packed_index(i, 0) : packed_index(i, i) + 1] for i in range(n + 1)]
    failed = np.zeros(plan.lanes, bool)
    with np.errstate(all="ignore"):  # what is not finite is found in the end
        for k in range(n):
            failed |= ~(rows[k][k] > floor[k])
            inverse[k] = 1 / np.sqrt(rows[k][k])
            for i in range(k + 1, n + 1):
                rows[i][k] *= inverse[k]
                for j in range(k + 1, min(i, n - 1) + 1):
                    rows[i][j] -= rows[i][k] * rows[j][k]
        for k in reversed(range(n)):
            rows[n][k] *= inverse[k]
            rows[n][:k] -= rows[k][:k] * rows[n][k]
    failed |= ~np.isfinite(rows[n][:n]).all(axis=0)
    return sum(1 << lane for lane in range(plan.lanes) if failed[lane])


def write_back(
    plan: Plan, packed: NDArray[Float], rows: NDArray[np.int64], factors: NDArray[Float]
) -> None:
    """Write the solutions into rows of the plan's layout.

    Parameters
    ----------
    plan : Plan
    packed : ndarray, shape (entries + 1, lanes)
        As `solve` leaves it.
    rows : ndarray, shape (lanes,), int64
        Row of each lane.
    factors : ndarray, shape (n_rows + 1, stride)
        Biases that are not in the rows are left to the caller.
    """
    solution = packed[packed_index(plan.unknowns, 0) :]
    factors[rows] = 0
    written = plan.unknowns if plan.layout.bias_in_row else plan.rank
    factors[rows, :written] = solution[:written].T
    if plan.layout.bias_in_row:
        factors[rows, plan.rank + 1] = 1


def write_relaxed(
    plan: Plan,
    packed: NDArray[Float],
    rows: NDArray[np.int64],
    factors: NDArray[Float],
    relaxation: Float,
) -> None:
    """As `write_back`, but so many times as far as to the solutions, from what is there.

    Parameters
    ----------
    plan, packed, rows, factors
        As in `write_back`.
    relaxation : floating
    """
    old = factors[rows]
    write_back(plan, packed, rows, factors)
    factors[rows] = old - relaxation * (old - factors[rows])


def take(counter: NDArray[np.int64]) -> int:
    """Give the counter's number, and raise it by one."""
    counter[0] += 1
    return int(counter[0]) - 1
