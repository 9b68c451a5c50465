"""The intrinsics in NumPy: what each of them means, and what runs where nothing is compiled.

Executes a plan as it stands, accumulator by accumulator; only the order of sums and the rounding
are NumPy's own.
"""

import numpy as np
from numpy.typing import NDArray

from implementations.problem import Float
from implementations.tiled.amx import interpreter as amx
from implementations.tiled.amx.plan import AmxPlan
from implementations.tiled.plan import ONES, By, Plan
from implementations.tiled.rows import Rows
from implementations.tiled.systems import Systems, packed_index
from implementations.tiled.task import Scratch, Task


def open_unit(plan: Systems, scratch: Scratch) -> None:
    """Get what this thread needs beside its scratch: NumPy, nothing."""


def close_unit(plan: Systems, scratch: Scratch) -> None:
    """Give it back."""


def add_ratings(
    plan: Systems, task: Task, start: int, stop: int, scratch: Scratch, lane: int
) -> None:
    """Sum the ratings start … stop - 1 of one row into the accumulators of a lane.

    Parameters
    ----------
    plan : Systems
    task : Task
    start, stop : int
    scratch : Scratch
        `sums[lane]` is written, `sums[-1]` is all zeros.
    lane : int
    """
    if isinstance(plan, AmxPlan):
        amx.add_ratings(plan, task, start, stop, scratch.sums, lane)
    elif isinstance(plan, Plan):
        _add_ratings(plan, task, start, stop, scratch.sums, lane)


def _add_ratings(
    plan: Plan, task: Task, start: int, stop: int, sums: NDArray[Float], lane: int
) -> None:
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


def gather_systems(plan: Systems, sums: NDArray[Float], packed: NDArray[Float]) -> None:
    """Bring the accumulators of all lanes into packed systems, one to a lane.

    Parameters
    ----------
    plan : Systems
    sums : ndarray, shape (lanes + 1, n_accumulators, lanes)
    packed : ndarray, shape (entries + 1, lanes)
        Written, the entries that no accumulator holds excepted; the last row is for the rest.
    """
    if isinstance(plan, AmxPlan):
        amx.gather_systems(plan, sums, packed)
        return
    packed[plan.destinations] = np.moveaxis(sums[:-1], 0, -1)


def solve(
    plan: Systems, packed: NDArray[Float], inverse: NDArray[Float], floor: NDArray[Float]
) -> int:
    """Solve all systems in place: the last row of the triangle becomes the solution.

    Parameters
    ----------
    plan : Systems
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


def write_back(plan: Systems, packed: NDArray[Float], rows: NDArray[np.int64], out: Rows) -> None:
    """Write the solutions into rows of the plan's layout.

    Parameters
    ----------
    plan : Systems
    packed : ndarray, shape (entries + 1, lanes)
        As `solve` leaves it.
    rows : ndarray, shape (lanes,), int64
        Row of each lane.
    out : Rows
        Biases that are not in the rows are left to the caller.
    """
    factors = out.factors
    solution = packed[packed_index(plan.unknowns, 0) :]
    factors[rows] = 0
    written = plan.unknowns if plan.layout.bias_in_row else plan.rank
    factors[rows, :written] = solution[:written].T
    if plan.layout.bias_in_row:
        factors[rows, plan.rank + 1] = 1
    _write_halves(plan, rows, out)


def _write_halves(plan: Systems, rows: NDArray[np.int64], out: Rows) -> None:
    if isinstance(plan, AmxPlan):
        plan.layout.write_halves(out.halves, rows, out.factors[rows])


def write_relaxed(
    plan: Systems,
    packed: NDArray[Float],
    rows: NDArray[np.int64],
    out: Rows,
    relaxation: Float,
) -> None:
    """As `write_back`, but so many times as far as to the solutions, from what is there.

    Parameters
    ----------
    plan, packed, rows, out
        As in `write_back`.
    relaxation : floating
    """
    old = out.factors[rows]
    write_back(plan, packed, rows, out)
    out.factors[rows] = old - relaxation * (old - out.factors[rows])
    _write_halves(plan, rows, out)


def take(counter: NDArray[np.int64]) -> int:
    """Give the counter's number, and raise it by one."""
    counter[0] += 1
    return int(counter[0]) - 1
