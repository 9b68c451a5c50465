"""Which rows are solved together, and in which order the threads take them."""

import heapq
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from implementations.layout import chunks_of_equal_work

# Chunks per thread: enough that the last ones to finish leave little idle.
_CHUNKS_PER_THREAD = 32
# A row costs as much as this many of its ratings: measured, and about the same for all ranks.
ROW_COST = 30


def schedule(indptr: NDArray[np.int64], threads: int) -> NDArray[np.int64]:
    """Cut rows into chunks, heaviest first.

    A row is not cut. One with far more ratings than a chunk should have makes a heavy chunk, and
    starts at once instead of keeping everybody waiting in the end.

    Parameters
    ----------
    indptr : ndarray, shape (n_rows + 1,), int64
    threads : int

    Returns
    -------
    ndarray, shape (n_chunks, 2), int64
        First row and end of each chunk, in the order in which they are to be taken.
    """
    cuts = chunks_of_equal_work(indptr, _CHUNKS_PER_THREAD * threads, ROW_COST)
    chunks = np.column_stack((cuts[:-1], cuts[1:]))
    return chunks[np.argsort(-chunk_work(indptr, chunks), kind="stable")]


def chunk_work(indptr: NDArray[np.int64], chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Work of each chunk, in units of a rating."""
    first, stop = chunks.T
    work: NDArray[np.int64] = indptr[stop] - indptr[first] + ROW_COST * (stop - first)
    return work


def simulate(work: Iterable[float], threads: int) -> tuple[float, float]:
    """Have threads take pieces of work in their order, each when it is free.

    Parameters
    ----------
    work : iterable of float
    threads : int

    Returns
    -------
    finished : float
        When the last piece is done.
    idle : float
        Share of all threads' time until then that was spent with nothing to do.
    """
    free = [0.0] * threads
    total = 0.0
    for piece in work:
        heapq.heapreplace(free, free[0] + piece)
        total += piece
    finished = max(free)
    return finished, (1 - total / (finished * threads) if finished else 0.0)
