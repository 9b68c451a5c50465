"""A half-sweep: chunks of rows, rows in batches, ratings in passes.

The control flow is here, compiled for a plan; vectors are the intrinsics' business. Without
compilation (NUMBA_DISABLE_JIT) the same control flow runs over their NumPy twins.
"""

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numpy.typing import NDArray

from implementations.jit import F, compiled
from implementations.tiled.systems import Systems
from implementations.tiled.task import Scratch, Task

COMPILED = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]  # made at run time

if TYPE_CHECKING or not COMPILED:
    from implementations.tiled.interpreter import (
        add_ratings,
        close_unit,
        gather_systems,
        open_unit,
        solve,
        take,
        write_back,
        write_relaxed,
    )
else:
    from implementations.tiled.intrinsics import (
        add_ratings,
        close_unit,
        gather_systems,
        open_unit,
        solve,
        take,
        write_back,
        write_relaxed,
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
def _solve_batch(plan: Systems, task: Task, filled: int, scratch: Scratch) -> int:
    """Solve the rows of the first lanes, and write them; gives the lowest that failed."""
    none = len(task.csr.indptr) - 1
    rows, out = scratch.rows, task.out
    for lane in range(filled, len(rows)):
        rows[lane] = none  # the row that is not one: lanes without a row are written there
        scratch.counts[lane] = 0
    gather_systems(plan, scratch.sums, scratch.packed)
    _complete(task, scratch)
    failed = solve(plan, scratch.packed, scratch.inverse, scratch.floor)
    if task.relaxation == 1:
        write_back(plan, scratch.packed, rows, out)
    else:
        write_relaxed(plan, scratch.packed, rows, out, task.relaxation)
    unknowns = len(task.model.ridge)
    solution = unknowns * (unknowns + 1) // 2
    if len(out.biases):  # they are not in the rows
        for lane in range(filled):
            has_bias = unknowns > task.rank
            bias = scratch.packed[solution + task.rank, lane] if has_bias else 0
            if task.relaxation != 1:
                old = out.biases[rows[lane]]
                bias = old - task.relaxation * (old - bias)
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
def _fill_batch(plan: Systems, task: Task, counter: NDArray[np.int64], scratch: Scratch) -> int:
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
            task.out.halves[row : row + 1] = 0  # nothing, where there are none
            continue
        add_ratings(plan, task, start, stop, scratch, filled)
        scratch.rows[filled] = row
        scratch.counts[filled] = stop - start
        filled += 1
    return filled


@compiled
def solve_chunks(plan: Systems, task: Task, counter: NDArray[np.int64], scratch: Scratch) -> int:
    """Take chunks until there are none left, and solve their rows.

    There is no race: a chunk is taken once, a row belongs to one chunk, and what a row becomes
    depends on its own ratings alone: the lanes of a batch never mix. So neither the number of
    threads nor the cut into chunks changes a bit.

    Parameters
    ----------
    plan : Systems
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
    open_unit(plan, scratch)
    while True:
        filled = _fill_batch(plan, task, counter, scratch)
        if filled == 0:
            close_unit(plan, scratch)
            return lowest
        lowest = min(lowest, _solve_batch(plan, task, filled, scratch))
