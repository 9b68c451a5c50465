"""A half-sweep: chunks of rows, rows in batches, ratings in passes.

The control flow is here, compiled for a plan; vectors are the intrinsics' business. Without
compilation (NUMBA_DISABLE_JIT) the same control flow runs over their NumPy twins.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from implementations.jit import F, compiled
from implementations.kernels import Model
from implementations.problem import Csr, Float
from implementations.tiled.plan import Plan
from implementations.tiled.rows import Rows, aligned_zeros

COMPILED = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]  # made at run time

if TYPE_CHECKING or not COMPILED:
    from implementations.tiled.interpreter import (
        add_ratings,
        gather_systems,
        solve,
        take,
        write_back,
    )
else:
    from implementations.tiled.intrinsics import (
        add_ratings,
        gather_systems,
        solve,
        take,
        write_back,
    )


class Task(NamedTuple):
    """A half-sweep, the same for all threads.

    Attributes
    ----------
    csr : Csr
        Ratings by row of the side that is solved.
    tail : ndarray, shape (2 · block,), int32
        The last block of `csr.indices`, and padding for the prefetch to run into.
    fixed : Rows
        The other side; only read.
    out : Rows
        The side that is solved: each row is written by the thread that takes its chunk.
    model : Model
    chunks : ndarray, shape (n_chunks, 2), int64
        First row and end of each chunk, in the order in which they are to be taken.
    rank : int
    tolerance : floating
        A pivot must be above this share of what stood in its place: unknowns · eps.
    """

    csr: Csr
    tail: NDArray[np.int32]
    fixed: Rows
    out: Rows
    model: Model
    chunks: NDArray[np.int64]
    rank: int
    tolerance: Float


class Scratch(NamedTuple):
    """Memory of one thread; about as large as a first- or second-level cache.

    Attributes
    ----------
    sums : ndarray, shape (lanes + 1, n_accumulators, lanes)
        Accumulators of the batch's rows, and zeros.
    packed : ndarray, shape (entries + 1, lanes)
        Systems of the batch; the last row takes what is no entry.
    inverse, floor : ndarray, shape (unknowns, lanes)
        1 / diagonal of the factors; lowest pivots.
    rows, counts : ndarray, shape (lanes,), int64
        Row of each lane, and its number of ratings.
    position : ndarray, shape (2,), int64
        Next row of the chunk taken, and its end.
    """

    sums: NDArray[Float]
    packed: NDArray[Float]
    inverse: NDArray[Float]
    floor: NDArray[Float]
    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    position: NDArray[np.int64]

    @classmethod
    def of(cls, plan: Plan) -> "Scratch":
        """Scratch for a plan."""
        dtype, lanes = np.dtype(plan.dtype), plan.lanes
        return cls(
            aligned_zeros((lanes + 1, len(plan.accumulators), lanes), dtype),
            aligned_zeros((plan.entries + 1, lanes), dtype),
            aligned_zeros((plan.unknowns, lanes), dtype),
            aligned_zeros((plan.unknowns, lanes), dtype),
            np.zeros(lanes, np.int64),
            np.zeros(lanes, np.int64),
            np.zeros(2, np.int64),
        )


def _inlined(function: F) -> F:
    """Compile as a part of the caller: by itself, LLVM would optimise it once more for nothing."""
    inlined: Any = numba.njit(inline="always")
    result: F = inlined(function)
    return result


@_inlined
def _complete(task: Task, scratch: Scratch) -> None:
    """Add the counts and the ridge to the gathered systems, and set their lowest pivots."""
    packed, counts, model = scratch.packed, scratch.counts, task.model
    real = packed.dtype.type
    for i in range(len(model.ridge)):
        entry = i * (i + 3) // 2  # on the diagonal
        for lane in range(len(counts)):
            if i == task.rank:  # the bias's own: Σ 1
                packed[entry, lane] = counts[lane]
            weight = real(counts[lane] if model.count_scaled else 1)
            packed[entry, lane] += weight * model.ridge[i]
            scratch.floor[i, lane] = task.tolerance * packed[entry, lane]


@_inlined
def _solve_batch(plan: Plan, task: Task, filled: int, scratch: Scratch) -> int:
    """Solve the rows of the first lanes, and write them; gives the lowest that failed."""
    none = len(task.csr.indptr) - 1
    rows, out = scratch.rows, task.out
    for lane in range(filled, len(rows)):
        rows[lane] = none  # the row that is not one: lanes without a row are written there
        scratch.counts[lane] = 0
    gather_systems(plan, scratch.sums, scratch.packed)
    _complete(task, scratch)
    failed = solve(plan, scratch.packed, scratch.inverse, scratch.floor)
    write_back(plan, scratch.packed, rows, out.factors)
    unknowns = len(task.model.ridge)
    solution = unknowns * (unknowns + 1) // 2
    if len(out.biases):  # they are not in the rows
        for lane in range(filled):
            has_bias = unknowns > task.rank
            bias = scratch.packed[solution + task.rank, lane] if has_bias else 0
            out.biases[rows[lane]] = bias
    lowest = none
    for lane in range(filled):  # chunks are not taken in the order of their rows
        if failed >> lane & 1:
            lowest = min(lowest, rows[lane])
    return lowest


@_inlined
def _next_row(task: Task, counter: NDArray[np.int64], position: NDArray[np.int64]) -> int:
    """Next row of this thread's chunk or, where that is done, of the next; -1 where none is."""
    while position[0] == position[1]:
        chunk = take(counter)
        if chunk >= len(task.chunks):
            return -1
        position[0], position[1] = task.chunks[chunk, 0], task.chunks[chunk, 1]
    position[0] += 1
    return int(position[0]) - 1


@_inlined
def _fill_batch(plan: Plan, task: Task, counter: NDArray[np.int64], scratch: Scratch) -> int:
    """Sum the ratings of as many rows as there are lanes; fewer only at the end of all chunks."""
    indptr = task.csr.indptr
    filled = 0
    while filled < len(scratch.rows):
        row = _next_row(task, counter, scratch.position)
        if row < 0:
            break
        start, stop = indptr[row], indptr[row + 1]
        if start == stop:
            task.out.factors[row] = 0
            task.out.biases[row : row + 1] = 0  # nothing, where the biases are in the rows
            continue
        add_ratings(plan, task, start, stop, scratch.sums, filled)
        scratch.rows[filled] = row
        scratch.counts[filled] = stop - start
        filled += 1
    return filled


@compiled
def solve_chunks(plan: Plan, task: Task, counter: NDArray[np.int64], scratch: Scratch) -> int:
    """Take chunks until there are none left, and solve their rows.

    There is no race: a chunk is taken once, a row belongs to one chunk, and what a row becomes
    depends on its own ratings alone: the lanes of a batch never mix. So neither the number of
    threads nor the cut into chunks changes a bit.

    Parameters
    ----------
    plan : Plan
    task : Task
    counter : ndarray, shape (1,), int64
        Number of the next chunk, shared by all threads.
    scratch : Scratch
        This thread's own.

    Returns
    -------
    int
        The lowest row that failed, of those solved here; the number of rows where none did.
    """
    lowest = len(task.csr.indptr) - 1
    scratch.position[0] = scratch.position[1] = 0
    while True:
        filled = _fill_batch(plan, task, counter, scratch)
        if filled == 0:
            return lowest
        lowest = min(lowest, _solve_batch(plan, task, filled, scratch))
