"""The factors of one side in memory, as the kernel gathers and writes them."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.problem import Float

CACHE_LINE = 64  # bytes


class Rows(NamedTuple):
    """Factors and biases of one side, and one row more, for the lanes of a batch without a row.

    Attributes
    ----------
    factors : ndarray, shape (n_rows + 1, stride)
        As `RowLayout` says; the first element and each row are aligned to whole vectors.
    biases : ndarray, shape (n_rows + 1,), or (0,) where they stand in the rows
    halves : ndarray, shape (n_rows + 1, halves_stride), int16, or (0, 0) where there are none
        The factors once more, as a matrix unit takes them (`amx.halves`).
    """

    factors: NDArray[Float]
    biases: NDArray[Float]
    halves: NDArray[np.int16]


@dataclass(frozen=True)
class RowLayout:
    """Where a row keeps what.

    A row is padded to whole vectors. Where the padding has room for two, it is [q, c, 1, 0 …]:
    the bias then comes with the same cache line as the factors, and the sum of the targets with
    their products with the row. Otherwise it is [q, 0 …], with the biases in an array of their
    own: two more elements would cost a whole vector, and often a cache line, for every rating.

    Attributes
    ----------
    rank : int
    lanes : int
        Elements of a vector.
    """

    rank: int
    lanes: int

    @property
    def vectors(self) -> int:
        """Vectors of a row."""
        return -(-self.rank // self.lanes)

    @property
    def stride(self) -> int:
        """Elements from a row to the next."""
        return self.vectors * self.lanes

    @property
    def bias_in_row(self) -> bool:
        """Whether the row holds its bias, at `rank`, and a one, at `rank + 1`."""
        return self.rank + 2 <= self.stride

    def pack(self, factors: NDArray[Float], dtype: np.dtype[Any]) -> Rows:
        """Copy factors, shape (n_rows, rank + 1) with the bias last, into this layout."""
        n_rows, none = len(factors), np.zeros((0, 0), np.int16)
        packed = aligned_zeros((n_rows + 1, self.stride), dtype)
        packed[:n_rows, : self.rank] = factors[:, : self.rank]
        if self.bias_in_row:
            packed[:n_rows, self.rank] = factors[:, self.rank]
            packed[:, self.rank + 1] = 1
            return Rows(packed, np.zeros(0, dtype), none)
        biases = np.zeros(n_rows + 1, dtype)
        biases[:n_rows] = factors[:, self.rank]
        return Rows(packed, biases, none)

    def unpack(self, rows: Rows) -> NDArray[Float]:
        """Copy rows of this layout into factors, shape (n_rows, rank + 1) with the bias last."""
        if self.bias_in_row:
            return rows.factors[:-1, : self.rank + 1].copy()
        return np.column_stack((rows.factors[:-1, : self.rank], rows.biases[:-1]))

    def bytes_needed(self, n_rows: int, itemsize: int) -> int:
        """Bytes of the rows of one side."""
        return (n_rows + 1) * (self.stride + (not self.bias_in_row)) * itemsize


def aligned_zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros that start at a multiple of the widest vector, two cache lines."""
    alignment = 2 * CACHE_LINE
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    array = memory[start : start + size].view(dtype).reshape(shape)
    array[:] = 0
    return array
