"""Rung 2, whole arrays: rows of similar length padded to one batch, batched products and solves.

No Python loop runs over rows or ratings: only over batches, and over the unknowns of a batch.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.array_backend import ArrayBackend, ridge
from implementations.backend import Side, SolveError
from implementations.problem import Float, Job
from implementations.ratings import Ratings

# Bytes of other-side rows that a batch gathers (a single longer row exceeds it). Measured: batches
# that fit the second-level cache; smaller ones pay for Python, larger ones for memory.
_BATCH_BYTES = 1 << 20
# Lengths are padded up to a grid with this many steps an octave: at most an eighth is padding.
_STEPS = 8


class Batch(NamedTuple):
    """Rows of one padded length."""

    rows: NDArray[np.int64]  # (n,)
    counts: NDArray[np.int64]  # (n,)
    others: NDArray[np.int64]  # (n, length): ids of the other side; n_other where padded
    values: NDArray[np.float32]  # (n, length): 0 where padded


class NumpyBatched(ArrayBackend):
    """Batches of padded rows, for both sides."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Padded ids and ratings of both sides, the sort that makes them, and one batch's arrays.

        The longest row is not known: one with a rating for every row of the other side is assumed.
        """
        size, columns = job.size, job.params.unknowns + 1
        row_bytes = columns * job.dtype.itemsize
        padded = 2 * (1 + 1 / _STEPS) * (8 + 4) * size.n_ratings
        rows = 3 * (size.n_users + size.n_items) * row_bytes
        longest = max(size.n_users, size.n_items, _BATCH_BYTES // row_bytes)
        batch = 2 * longest * row_bytes
        return int(padded + 3 * 8 * size.n_ratings + 2 * job.factor_bytes + rows + batch)

    def prepare(self, train: Ratings) -> None:
        """Pad both sides into batches."""
        row_bytes = (self.params.unknowns + 1) * self.dtype.itemsize
        users, items, values = train.users, train.items, train.values
        user_shape, item_shape = (train.n_users, train.n_items), (train.n_items, train.n_users)
        self._by_user = list(batches(users, items, values, user_shape, row_bytes))
        self._by_item = list(batches(items, users, values, item_shape, row_bytes))

    def update_users(self) -> None:
        """Solve the users for the present items."""
        self._solve("users", self._by_user, self._factors.items, self._factors.users)

    def update_items(self) -> None:
        """Solve the items for the present users."""
        self._solve("items", self._by_item, self._factors.users, self._factors.items)

    def _solve(
        self, side: Side, batched: list[Batch], fixed: NDArray[Float], out: NDArray[Float]
    ) -> None:
        table = self._table(fixed)
        diagonal = ridge(self.params).astype(self.dtype)
        unknowns = len(diagonal)
        mean = self._factors.mean
        failed = []
        out[:] = 0
        for batch in batched:
            weight = batch.counts.astype(self.dtype) if self.params.count_scaled else 1
            matrix, rhs = normal_equations(gather(table, batch, mean), weight, diagonal)
            solution, usable = solve(matrix, rhs)
            out[batch.rows, :unknowns] = solution
            failed.extend(batch.rows[~usable].tolist())
        if failed:
            raise SolveError(side, min(failed))

    def _table(self, fixed: NDArray[Float]) -> NDArray[Float]:
        """Rows [q; 1; c], or [q; c] without biases, and a last row of zeros for the padding."""
        table = np.zeros((len(fixed) + 1, self.params.unknowns + 1), self.dtype)
        rank = self.params.rank
        table[:-1, :rank] = fixed[:, :rank]
        table[:-1, rank:-1] = 1
        table[:-1, -1] = fixed[:, -1]
        return table


def gather(table: NDArray[Float], batch: Batch, mean: float) -> NDArray[Float]:
    """Vectors [z; t] of a batch's ratings, shape (n, length, unknowns + 1); z = 0 where padded.

    Parameters
    ----------
    table : ndarray, shape (n_other + 1, unknowns + 1)
        Rows [z; c] of the other side, and one of zeros.
    batch : Batch
    mean : float
    """
    v = table.take(batch.others, axis=0)
    centred = np.subtract(batch.values, mean, dtype=np.float64)
    v[..., -1] = centred.astype(v.dtype, copy=False) - v[..., -1]
    return v


def normal_equations(
    v: NDArray[Float], weight: NDArray[Float] | int, diagonal: NDArray[Float]
) -> tuple[NDArray[Float], NDArray[Float]]:
    """Matrix Σ z zᵀ + w·diag(ridge) and right-hand side Σ z t of each row of a batch.

    Parameters
    ----------
    v : ndarray, shape (n, length, unknowns + 1)
        As `gather` gives it.
    weight : ndarray, shape (n,), or 1
    diagonal : ndarray, shape (unknowns,)
        The ridge.
    """
    gram = v.transpose(0, 2, 1) @ v
    matrix, rhs = gram[:, :-1, :-1], gram[:, :-1, -1]
    every = np.arange(len(diagonal))
    matrix[:, every, every] += np.multiply.outer(weight, diagonal)
    return matrix, rhs


def padded_length(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Length to which a row is padded: a function of its number of ratings alone."""
    step = 2 ** np.maximum(0, np.floor(np.log2(np.maximum(counts, 1))) - np.log2(_STEPS))
    padded: NDArray[np.int64] = (np.ceil(counts / step) * step).astype(np.int64)
    return padded


def batches(
    rows: NDArray[np.int32],
    others: NDArray[np.int32],
    values: NDArray[np.float32],
    shape: tuple[int, int],
    row_bytes: int,
) -> Iterator[Batch]:
    """Cut rows into batches of one padded length each; rows without ratings are in none.

    Parameters
    ----------
    rows, others, values : ndarray, shape (n_ratings,)
        The ratings; `rows` are the ids of the side that is solved.
    shape : tuple of int
        Number of rows, number of others.
    row_bytes : int
        Bytes of one gathered row of the other side.
    """
    n_rows, n_others = shape
    order = order_by(rows, others)
    others, values = others[order], values[order]
    del order
    counts = np.bincount(rows, minlength=n_rows)
    starts = np.cumsum(counts) - counts
    lengths = padded_length(counts)
    by_length = np.argsort(lengths, kind="stable")
    edges = np.flatnonzero(np.diff(lengths[by_length])) + 1
    for group in np.split(by_length, edges):
        length = int(lengths[group[0]]) if len(group) else 0
        if length == 0:
            continue
        most = max(1, _BATCH_BYTES // (length * row_bytes))
        for first in range(0, len(group), most):
            chosen = group[first : first + most]
            entry = starts[chosen, None] + np.arange(length)
            real = np.arange(length) < counts[chosen, None]
            entry[~real] = 0
            yield Batch(
                chosen,
                counts[chosen],
                np.where(real, others[entry], n_others).astype(np.int64),
                np.where(real, values[entry], np.float32(0)),
            )


def order_by(rows: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.int64]:
    """Order of entries by row, then other, as `numpy.lexsort` gives it.

    NumPy sorts 16-bit numbers by radix, several times as fast as it compares 32-bit ones: ids are
    sorted half by half, from the lowest, each sort being stable.
    """
    order = np.arange(len(rows))
    falls, ties = rows[1:] < rows[:-1], rows[1:] == rows[:-1]
    if not (falls | (ties & (others[1:] < others[:-1]))).any():
        return order
    for ids in (others, rows):
        if (ids[order[1:]] >= ids[order[:-1]]).all():
            continue
        for shift in (0, 16):
            half = (ids[order] >> shift).astype(np.uint16)
            order = order[np.argsort(half, kind="stable")]
    return order


def solve(matrix: NDArray[Float], rhs: NDArray[Float]) -> tuple[NDArray[Float], NDArray[np.bool_]]:
    """Solve a batch of systems by Cholesky.

    Parameters
    ----------
    matrix : ndarray, shape (n, unknowns, unknowns)
    rhs : ndarray, shape (n, unknowns)

    Returns
    -------
    solution : ndarray, shape (n, unknowns)
    usable : ndarray, shape (n,), bool
        False where a pivot is at (unknowns)·eps·(its diagonal entry) or below, or the solution is
        not finite.
    """
    unknowns = rhs.shape[1]
    with np.errstate(all="ignore"):  # what is not finite is found below
        lower = factorise(matrix)
        pivots = np.diagonal(lower, axis1=1, axis2=2) ** 2
        floor = unknowns * np.finfo(rhs.dtype).eps * np.diagonal(matrix, axis1=1, axis2=2)
        x = rhs.copy()
        for i in range(unknowns):
            x[:, i] -= np.einsum("nk,nk->n", lower[:, i, :i], x[:, :i])
            x[:, i] /= lower[:, i, i]
        for i in reversed(range(unknowns)):
            x[:, i] -= np.einsum("nk,nk->n", lower[:, i + 1 :, i], x[:, i + 1 :])
            x[:, i] /= lower[:, i, i]
    return x, (pivots > floor).all(axis=1) & np.isfinite(x).all(axis=1)


def factorise(matrix: NDArray[Float]) -> NDArray[Float]:
    """Cholesky factors of a batch; NaN where a matrix has none.

    NumPy says that some matrix of the batch has none, not which: then, and only then, one by one.
    """
    try:
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        if len(matrix) == 1:
            return np.full_like(matrix, np.nan)
        return np.concatenate([factorise(one[None]) for one in matrix])
