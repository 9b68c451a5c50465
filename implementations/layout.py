"""Layouts of the ratings: compressed by row, and rows cut into chunks of equal work."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.chunked import in_chunks
from implementations.jit import compiled
from implementations.ratings import Csr, ProblemSize, Ratings


@compiled
def _is_sorted(users: NDArray[np.int32], items: NDArray[np.int32]) -> bool:
    """Whether entries ascend by user, then item."""
    for n in range(1, len(users)):
        if users[n] < users[n - 1] or (users[n] == users[n - 1] and items[n] < items[n - 1]):
            return False
    return True


@compiled
def _sort(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    position: NDArray[np.int64],
    into: Csr,
) -> None:
    """Stable counting sort of entries by row; `position` is where the next of each row goes."""
    for n in range(len(rows)):
        at = position[rows[n]]
        into.indices[at] = columns[n]
        into.values[at] = values[n]
        position[rows[n]] = at + 1


def _sort_by_row(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    values: NDArray[np.float32],
    n_rows: int,
) -> Csr:
    """Entries by row, those of a row in their order."""
    into = _empty(np.bincount(rows, minlength=n_rows))
    _sort(rows, columns, values, into.indptr[:-1].copy(), into)
    return into


def _empty(counts: NDArray[np.int64]) -> Csr:
    """Room for so many entries in each row."""
    indptr = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=indptr[1:])
    return Csr(indptr, np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32))


@compiled
def _count(chunk: int, first: int, end: int, csr: Csr, counts: NDArray[np.int64]) -> None:
    """Count the entries of each column in a chunk of rows."""
    for entry in range(csr.indptr[first], csr.indptr[end]):
        counts[chunk, csr.indices[entry]] += 1


@compiled
def _turn(
    chunk: int, first: int, end: int, csr: Csr, position: NDArray[np.int64], into: Csr
) -> None:
    """Put the entries of a chunk of rows where its next one of each column goes."""
    for row in range(first, end):
        for entry in range(csr.indptr[row], csr.indptr[row + 1]):
            column = csr.indices[entry]
            at = position[chunk, column]
            into.indices[at] = row
            into.values[at] = csr.values[entry]
            position[chunk, column] = at + 1


def transpose(csr: Csr, n_columns: int, threads: int = 1) -> Csr:
    """The same ratings compressed by column; entries of a column ascend by row.

    Parameters
    ----------
    csr : Csr
    n_columns : int
    threads : int
        The result does not depend on them.

    Notes
    -----
    A counting sort, a chunk of rows to a thread. There is no race: each chunk counts for itself,
    and from all counts follows where each chunk's entries of each column go.
    """
    csr, chunks = read_only(csr), chunks_of_equal_work(csr.indptr, threads, 0.0)
    counts = np.zeros((len(chunks) - 1, n_columns), np.int64)
    in_chunks(_count, chunks, csr, counts, threads=threads)
    into = _empty(counts.sum(axis=0))
    position = into.indptr[:-1] + np.cumsum(counts, axis=0) - counts
    in_chunks(_turn, chunks, csr, position, into, threads=threads)
    return read_only(into)


def by_user(train: Ratings, threads: int = 1) -> Csr:
    """Ratings compressed by user, items ascending.

    Ratings that are sorted already are not copied: the result shares their arrays.

    Parameters
    ----------
    train : Ratings
    threads : int
        The result does not depend on them.
    """
    users, items, values = (
        _of_one_type(array) for array in (train.users, train.items, train.values)
    )
    if _is_sorted(users, items):
        starts = np.searchsorted(users, np.arange(train.n_users + 1, dtype=np.int32))
        return read_only(Csr(starts.astype(np.int64), items, values))
    unordered = _sort_by_row(users, items, values, train.n_users)
    # A counting sort is stable: sorted by item first, then by user, both ids ascend.
    return transpose(transpose(unordered, train.n_items, threads), train.n_users, threads)


def read_only(csr: Csr) -> Csr:
    """The same as views that cannot be written.

    So they have one type to compiled code, whatever they were made from, a read-only memory map for
    one: it is compiled once.
    """
    return Csr(*(_of_one_type(array) for array in csr))


def _of_one_type(array: NDArray[Any]) -> NDArray[Any]:
    """A view that cannot be written; a copy only of what is not contiguous and aligned."""
    view = np.require(array, requirements=["C", "A"]).view(np.ndarray)
    view.flags.writeable = False
    return view


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
