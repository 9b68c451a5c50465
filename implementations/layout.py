"""Layouts of the ratings: compressed by row, and rows cut into chunks of equal work."""

import numpy as np
from numpy.typing import NDArray

from implementations.jit import compiled
from implementations.problem import Csr, ProblemSize, Ratings


@compiled
def _is_sorted(users: NDArray[np.int32], items: NDArray[np.int32]) -> bool:
    """Whether entries ascend by user, then item."""
    for n in range(1, len(users)):
        if users[n] < users[n - 1] or (users[n] == users[n - 1] and items[n] < items[n - 1]):
            return False
    return True


@compiled
def _offsets(rows: NDArray[np.int32], n_rows: int) -> NDArray[np.int64]:
    """Where each row starts and ends, were the entries sorted by row."""
    indptr = np.zeros(n_rows + 1, np.int64)
    for row in rows:
        indptr[row + 1] += 1
    for row in range(n_rows):
        indptr[row + 1] += indptr[row]
    return indptr


@compiled
def _scatter(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    indptr: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Stable counting sort of the entries by row."""
    indices_out = np.empty(len(columns), np.int32)
    values_out = np.empty(len(values), np.float32)
    position = indptr[:-1].copy()
    for n in range(len(rows)):
        at = position[rows[n]]
        indices_out[at] = columns[n]
        values_out[at] = values[n]
        position[rows[n]] = at + 1
    return indices_out, values_out


@compiled
def _rows_of(indptr: NDArray[np.int64]) -> NDArray[np.int32]:
    """Row of each entry."""
    rows = np.empty(indptr[-1], np.int32)
    for row in range(len(indptr) - 1):
        rows[indptr[row] : indptr[row + 1]] = row
    return rows


def transpose(csr: Csr, n_columns: int) -> Csr:
    """The same ratings compressed by column; entries of a column ascend by row."""
    indptr = _offsets(csr.indices, n_columns)
    return Csr(indptr, *_scatter(csr.indices, _rows_of(csr.indptr), csr.values, indptr))


def by_user(train: Ratings) -> Csr:
    """Ratings compressed by user, items ascending.

    Ratings that are sorted already are not copied: the result shares their arrays.
    """
    indptr = _offsets(train.users, train.n_users)
    if _is_sorted(train.users, train.items):
        return Csr(indptr, train.items, train.values)
    unordered = Csr(indptr, *_scatter(train.users, train.items, train.values, indptr))
    # A counting sort is stable: sorted by item first, then by user, both ids ascend.
    return transpose(transpose(unordered, train.n_items), train.n_users)


def chunks_of_equal_work(
    indptr: NDArray[np.int64], n_chunks: int, row_cost: float
) -> NDArray[np.int64]:
    """Cut rows into at most `n_chunks` runs of about the same work.

    Parameters
    ----------
    indptr : ndarray, shape (n_rows + 1,), int64
    n_chunks : int
    row_cost : float
        Work of a row itself, in units of the work of one of its ratings.

    Returns
    -------
    ndarray, shape (at most n_chunks + 1,), int64
        Ascending row numbers from 0 to n_rows.
    """
    work = indptr + row_cost * np.arange(len(indptr))
    cuts = np.searchsorted(work, np.linspace(0, work[-1], n_chunks + 1))
    cuts[0], cuts[-1] = 0, len(indptr) - 1
    return np.unique(cuts).astype(np.int64)


def csr_bytes(size: ProblemSize) -> int:
    """Bytes of one `Csr` of these ratings, compressed by either side."""
    return 8 * size.n_ratings + 8 * (max(size.n_users, size.n_items) + 1)
