"""What a half-sweep works on: its task, the same for all threads, and each thread's scratch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.array_backend import Model
from implementations.problem import Float
from implementations.ratings import Csr
from implementations.tiled.rows import Rows, aligned_zeros
from implementations.tiled.systems import Systems


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
    relaxation : floating
        How far to go from the old rows to the solutions; 1: all the way, whatever was there.
    """

    csr: Csr
    tail: NDArray[np.int32]
    fixed: Rows
    out: Rows
    model: Model
    chunks: NDArray[np.int64]
    rank: int
    tolerance: Float
    relaxation: Float


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
    work : ndarray, shape (work_bytes,), uint8
        For ratings while they are summed, where the plan takes any.
    """

    sums: NDArray[Float]
    packed: NDArray[Float]
    inverse: NDArray[Float]
    floor: NDArray[Float]
    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    position: NDArray[np.int64]
    work: NDArray[np.uint8]

    @classmethod
    def of(cls, plan: Systems) -> "Scratch":
        """Scratch for a plan."""
        dtype, lanes = np.dtype(plan.dtype), plan.lanes
        return cls(
            aligned_zeros((lanes + 1, plan.n_accumulators, lanes), dtype),
            aligned_zeros((plan.entries + 1, lanes), dtype),
            aligned_zeros((plan.unknowns, lanes), dtype),
            aligned_zeros((plan.unknowns, lanes), dtype),
            np.zeros(lanes, np.int64),
            np.zeros(lanes, np.int64),
            np.zeros(2, np.int64),
            aligned_zeros((plan.work_bytes,), np.dtype(np.uint8)),
        )
