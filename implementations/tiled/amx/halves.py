"""Factors as the sum of two bfloat16 numbers, as the matrix unit takes them.

A bfloat16 is the upper half of a float32: its sign, its exponent, 8 of its 24 bits. With h the
bfloat16 next to x, and l that next to x - h, x = h + l but for at most 2⁻¹⁷ of it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.problem import Float
from implementations.tiled.rows import RowLayout, Rows, aligned_zeros

TILE = 16  # rows of a tile, and 32-bit words of each
GROUP = 2 * TILE  # factors whose halves fill a cache line
_ROWS_AT_ONCE = 4096  # are split: what is made of them meanwhile is small


@dataclass(frozen=True)
class HalvesLayout(RowLayout):
    """A row of factors in float32 as it is solved, and its halves as they are gathered.

    The halves of a row are its h, then its l, in groups of 32, of two tiles. In a group, four
    factors of the one tile and four of the other take turns: so the instructions that interleave
    two rows, which work on 128 bits at a time, leave each tile's factors side by side, in order.
    """

    @property
    def bias_in_row(self) -> bool:
        """Never: whatever is in a row is multiplied with all of it."""
        return False

    @property
    def groups(self) -> int:
        """Groups of a row."""
        return -(-self.stride // GROUP)

    @property
    def halves_stride(self) -> int:
        """Halves of a row, of which the second half are l."""
        return 2 * GROUP * self.groups

    def pack(self, factors: NDArray[Float], dtype: np.dtype[Any]) -> Rows:
        """Copy factors, shape (n_rows, rank + 1) with the bias last, into both forms."""
        rows = super().pack(factors, dtype)
        halves = aligned_zeros((len(rows.factors), self.halves_stride), np.dtype(np.int16))
        for first in range(0, len(halves), _ROWS_AT_ONCE):
            some = np.arange(first, min(first + _ROWS_AT_ONCE, len(halves)))
            self.write_halves(halves, some, rows.factors[some])
        return rows._replace(halves=halves)

    def write_halves(
        self, halves: NDArray[np.int16], rows: NDArray[np.int64], factors: NDArray[Float]
    ) -> None:
        """Write the halves of some rows.

        Parameters
        ----------
        halves : ndarray, shape (n_rows, halves_stride), int16
        rows : ndarray, shape (n,), int64
        factors : ndarray, shape (n, stride), float32
        """
        upper, lower = split(factors)
        padded = np.zeros((2, len(rows), GROUP * self.groups), np.float32)
        padded[0, :, : self.stride], padded[1, :, : self.stride] = upper, lower
        parts = padded.reshape(2, len(rows), self.groups, 2, 4, 4)  # …, tile, four, factor
        turned = parts.swapaxes(3, 4).reshape(2, len(rows), -1)
        halves[rows] = np.moveaxis(_upper_bits(turned), 0, 1).reshape(len(rows), -1)

    def read_halves(self, halves: NDArray[np.int16]) -> tuple[NDArray[Float], NDArray[Float]]:
        """Factors h and l, each of shape (n, stride) in float32, of some rows of halves."""
        bits = halves.reshape(len(halves), 2, self.groups, 4, 2, 4).swapaxes(3, 4)
        numbers = (bits.astype(np.uint16).astype(np.uint32) << 16).view(np.float32)
        parts = numbers.reshape(len(halves), 2, -1)[:, :, : self.stride]
        return parts[:, 0], parts[:, 1]

    def bytes_needed(self, n_rows: int, itemsize: int) -> int:
        """Bytes of both forms of one side."""
        return super().bytes_needed(n_rows, itemsize) + (n_rows + 1) * 2 * self.halves_stride


def rounded(numbers: NDArray[Float]) -> NDArray[Float]:
    """The bfloat16 next to each float32, ties to even; what is not finite stays so."""
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    nearest = bits + np.uint32(0x7FFF) + (bits >> 16 & 1)
    kept = np.where(np.isnan(numbers), bits | np.uint32(0x00400000), nearest)
    return (kept & np.uint32(0xFFFF0000)).view(np.float32)


def split(numbers: NDArray[Float]) -> tuple[NDArray[Float], NDArray[Float]]:
    """Each float32 as a sum of two bfloat16, in float32."""
    upper = rounded(numbers)
    with np.errstate(invalid="ignore"):  # ∞ - ∞: the row is found not to be finite when solved
        return upper, rounded(numbers - upper)


def _upper_bits(numbers: NDArray[Float]) -> NDArray[np.int16]:
    """Bits of numbers that are bfloat16."""
    bits = np.ascontiguousarray(numbers).view(np.uint32) >> 16
    return bits.astype(np.uint16).view(np.int16)
