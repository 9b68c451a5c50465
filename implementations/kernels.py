"""The half-sweep, compiled. One module, because Numba's cache does not see callees elsewhere.

A row with ratings r_j of other-side rows [q_j; c_j] solves, for x = [p; b],

    (Σ_j z_j z_jᵀ + w·diag(ridge)) x = Σ_j z_j t_j,    z_j = [q_j; 1],  t_j = r_j - μ - c_j

(Koren, Bell, Volinsky 2009, with the bias as one more unknown). The right-hand side is kept as one
more row below the matrix: with v_j = [z_j; t_j], the lower triangle of Σ v_j v_jᵀ holds both, and
the forward substitution is that row's share of the factorisation.

Every sum runs in the order of the row's entries, one rounding per product and per addition, so all
kernels here agree to the last bit with each other and, in float64, with `naive`.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from implementations.array_backend import Model
from implementations.jit import compiled, compiled_parallel
from implementations.problem import Float
from implementations.ratings import Csr

# Ratings added to a system at a time, and the multiple to which its rows are padded. Measured:
# eight at a time halve the loads and stores of the system, and whole vectors of eight need no tail.
_AT_ONCE = 8
_LANES = 8
_CACHE_LINE = 64  # bytes


@compiled
def _width(unknowns: int) -> int:
    """Columns of a system: unknowns and right-hand side, padded to whole vectors."""
    return (unknowns + _LANES) // _LANES * _LANES


@compiled
def _aligned_zeros(rows: int, columns: int, dtype: np.dtype[Any]) -> NDArray[Float]:
    """Zeros that begin at a cache line: by chance, vectors straddled two (rank 8: 16 % slower).

    What a loop uses together is to be one of them: at what distance three lay was chance, too.
    """
    memory = np.zeros(rows * columns + _CACHE_LINE, dtype)
    per_line = _CACHE_LINE // memory.itemsize
    first = -(np.int64(memory.ctypes.data) // memory.itemsize) % per_line
    return memory[first : first + rows * columns].reshape(rows, columns)


@compiled
def _gather(csr: Csr, fixed: NDArray[Float], model: Model, entry: int, v: NDArray[Float]) -> None:
    """Write [q; 1; t] of one rating into v."""
    real = fixed.dtype.type
    rank = fixed.shape[1] - 1
    unknowns = len(model.ridge)
    row = fixed[csr.indices[entry]]
    for k in range(rank):
        v[k] = row[k]
    if unknowns > rank:
        v[rank] = real(1)
    v[unknowns] = real(np.float64(csr.values[entry]) - model.mean) - row[rank]


@compiled
def _add_eight(v: NDArray[Float], system: NDArray[Float], size: int) -> None:
    """System += v vᵀ for the eight rows of v, in their order; lower triangle in whole vectors."""
    for i in range(size):
        a, b, c, d, e, f, g, h = (
            v[0, i],
            v[1, i],
            v[2, i],
            v[3, i],
            v[4, i],
            v[5, i],
            v[6, i],
            v[7, i],
        )
        for j in range((i // _LANES + 1) * _LANES):
            # fmt: off
            system[i, j] = ((((((((system[i, j] + a * v[0, j]) + b * v[1, j]) + c * v[2, j])
                + d * v[3, j]) + e * v[4, j]) + f * v[5, j]) + g * v[6, j]) + h * v[7, j])
            # fmt: on


@compiled
def _sum_ratings(
    csr: Csr,
    fixed: NDArray[Float],
    model: Model,
    start: int,
    end: int,
    v: NDArray[Float],
    system: NDArray[Float],
) -> None:
    """System = Σ v vᵀ over the entries start … end - 1, eight of them at a time in v."""
    system[:] = 0
    for entry in range(start, end, _AT_ONCE):
        taken = min(_AT_ONCE, end - entry)
        for n in range(taken):
            _gather(csr, fixed, model, entry + n, v[n])
        v[taken:] = 0  # adds exact zeros
        _add_eight(v, system, len(model.ridge) + 1)


@compiled
def _add_ridge(system: NDArray[Float], model: Model, count: int) -> None:
    """Add w·diag(ridge), w being 1 or the row's number of ratings."""
    weight = system.dtype.type(count if model.count_scaled else 1)
    for i in range(len(model.ridge)):
        system[i, i] += weight * model.ridge[i]


@compiled
def _solve(
    system: NDArray[Float], unknowns: int, scratch: NDArray[Float], x: NDArray[Float]
) -> bool:
    """Solve one system, in place, by Cholesky. False where a pivot or the solution is not usable.

    A pivot is not usable at (unknowns)·eps·(its diagonal entry before elimination) or below.
    """
    real = system.dtype.type
    floor, column = scratch[0], scratch[1]
    for j in range(unknowns):
        floor[j] = (real(unknowns) * real(np.finfo(system.dtype).eps)) * system[j, j]
    for j in range(unknowns):
        if not system[j, j] > floor[j]:  # catches NaN, too
            return False
        root = np.sqrt(system[j, j])
        system[j, j] = root
        for i in range(j + 1, unknowns + 1):
            system[i, j] /= root
            column[i] = system[i, j]
        for i in range(j + 1, unknowns + 1):
            factor = column[i]
            for k in range(j + 1, min(i + 1, unknowns)):
                system[i, k] -= factor * column[k]
    finite = True
    for i in range(unknowns - 1, -1, -1):
        x[i] = system[unknowns, i] / system[i, i]
        finite &= np.isfinite(x[i])
        for k in range(i):
            system[unknowns, k] -= system[i, k] * x[i]
    return finite


@compiled
def solve_rows(
    csr: Csr, fixed: NDArray[Float], model: Model, first: int, stop: int, out: NDArray[Float]
) -> int:
    """Solve rows first … stop - 1 of one side, each from its own ratings.

    Parameters
    ----------
    csr : Csr
        Ratings by row of the side that is solved.
    fixed : ndarray, shape (n_other, rank + 1)
        Factors and biases of the other side.
    model : Model
    first, stop : int
    out : ndarray, shape (n_rows, rank + 1)
        Written in these rows only.

    Returns
    -------
    int
        The lowest row that failed, where this stopped; -1 where none did.
    """
    unknowns = len(model.ridge)
    width = _width(unknowns)
    room = _aligned_zeros(_AT_ONCE + unknowns + 3, width, out.dtype)
    v, system, scratch = room[:_AT_ONCE], room[_AT_ONCE:-2], room[-2:]
    for row in range(first, stop):
        out[row] = 0
        start, end = csr.indptr[row], csr.indptr[row + 1]
        if start == end:
            continue
        _sum_ratings(csr, fixed, model, start, end, v, system)
        _add_ridge(system, model, end - start)
        if not _solve(system, unknowns, scratch, out[row]):
            return row
    return -1


@compiled_parallel
def solve_chunks(
    csr: Csr,
    fixed: NDArray[Float],
    model: Model,
    chunks: NDArray[np.int64],
    out: NDArray[Float],
) -> int:
    """Solve all rows of one side, a chunk of rows to a thread at a time.

    There is no race: a row belongs to one chunk, a chunk to one thread, and `fixed` is only read.

    Parameters
    ----------
    csr, fixed, model, out
        As in `solve_rows`.
    chunks : ndarray, shape (n_chunks + 1,), int64
        Chunk c is the rows chunks[c] … chunks[c + 1] - 1.

    Returns
    -------
    int
        The lowest row that failed; -1 where none did.
    """
    failed = np.empty(len(chunks) - 1, np.int64)
    for c in numba.prange(len(chunks) - 1):
        failed[c] = solve_rows(csr, fixed, model, chunks[c], chunks[c + 1], out)
    for row in failed:
        if row >= 0:
            return int(row)
    return -1


@compiled
def _outer(z: NDArray[Float], unknowns: int, product: NDArray[Float]) -> None:
    """Packed lower triangle of z zᵀ, row after row."""
    at = 0
    for i in range(unknowns):
        for j in range(i + 1):
            product[at + j] = z[i] * z[j]
        at += i + 1


@compiled
def _unpack(packed: NDArray[Float], unknowns: int, system: NDArray[Float]) -> None:
    """Spread a packed triangle, whose last row is the right-hand side, over a system."""
    at = 0
    for i in range(unknowns + 1):
        for j in range(min(i + 1, unknowns)):
            system[i, j] = packed[at + j]
        at += i + 1


@compiled
def solve_columns(
    csr: Csr, fixed: NDArray[Float], model: Model, block: int, out: NDArray[Float]
) -> int:
    """Solve the side that `csr` is not sorted by, scattering ratings into systems of its rows.

    The systems of one block of rows at a time are in memory. Entries ascend within a row of `csr`,
    so that each row is left where the block ends and taken up there for the next.

    Parameters
    ----------
    csr : Csr
        Ratings by row of the fixed side.
    fixed : ndarray, shape (n_rows, rank + 1)
    model : Model
    block : int
        Rows of the solved side whose systems are held at a time.
    out : ndarray, shape (n_columns, rank + 1)

    Returns
    -------
    int
        The lowest row that failed, where this stopped; -1 where none did.
    """
    real = out.dtype.type
    rank = fixed.shape[1] - 1
    unknowns = len(model.ridge)
    triangle = unknowns * (unknowns + 1) // 2
    packed = np.empty((block, triangle + unknowns + 1), out.dtype)
    counts = np.empty(block, np.int64)
    product = np.empty(triangle, out.dtype)
    z = np.ones(rank + 1, out.dtype)
    system = _aligned_zeros(unknowns + 1, _width(unknowns), out.dtype)
    scratch = _aligned_zeros(2, _width(unknowns), out.dtype)
    position = csr.indptr[:-1].copy()
    for first in range(0, len(out), block):
        stop = min(first + block, len(out))
        packed[:] = 0
        counts[:] = 0
        for row in range(len(fixed)):
            entry, end = position[row], csr.indptr[row + 1]
            if entry == end or csr.indices[entry] >= stop:
                continue
            z[:rank] = fixed[row, :rank]
            _outer(z, unknowns, product)
            while entry < end and csr.indices[entry] < stop:
                into = packed[csr.indices[entry] - first]
                for p in range(triangle):
                    into[p] += product[p]
                t = real(np.float64(csr.values[entry]) - model.mean) - fixed[row, rank]
                for i in range(unknowns):
                    into[triangle + i] += t * z[i]
                counts[csr.indices[entry] - first] += 1
                entry += 1
            position[row] = entry
        for row in range(first, stop):
            out[row] = 0
            if counts[row - first]:
                _unpack(packed[row - first], unknowns, system)
                _add_ridge(system, model, counts[row - first])
                if not _solve(system, unknowns, scratch, out[row]):
                    return row
    return -1
