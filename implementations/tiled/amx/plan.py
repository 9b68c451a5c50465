"""The plan of the matrix unit: which tile sums what, and where ratings lie while they are summed.

A tile instruction multiplies 16 x 32 by 32 x 16 numbers in bfloat16, and adds the products to 16 x
16 sums in float32: here, 16 factors of a row by 16 others, over a *slice* of 32 ratings. With each
factor row q = h + l, a sum of two bfloat16, a square of the lower triangle is

    Σ (h + l)(h + l)ᵀ = Σ h·hᵀ + Σ h·lᵀ + Σ l·hᵀ + Σ l·lᵀ

over a row's ratings: four products. (Without the last, which is at most 2⁻¹⁶ of the first, what is
left would no longer be a sum of squares: where the regulariser is small, that shows.) The
right-hand side is Σ t·h + Σ t·l, with the target t as a sum of three bfloat16, which is all of its
24 bits. Squares are whole tiles: those on the diagonal have both triangles.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from implementations.tiled.amx.halves import TILE, HalvesLayout
from implementations.tiled.systems import Systems, packed_index

SLICE = 2 * TILE  # ratings that one instruction sums
TILE_BYTES = TILE * 4 * TILE
PARTS = 3  # of a target
SIDES = PARTS + 1  # rows of the tile beside the squares: a target's parts, and ones
# Bytes of the operands that the tiles of a block take turns to read: of a first-level cache.
_OPERAND_BYTES = 48 << 10
_MOST_SLICES = 4
_DOWN, _ACROSS = np.arange(TILE)[:, None], np.arange(TILE)  # of a tile


class Unit(Enum):
    """What executes a tile instruction."""

    AMX = "amx"
    EMULATED = "emulated"  # ordinary instructions, on any processor: for tests


@dataclass(frozen=True)
class AmxPlan(Systems):
    """How the normal equations of a row are summed in tiles.

    Attributes
    ----------
    unit : Unit
        The other attributes are those of `Systems`; lanes are 16.
    """

    unit: Unit = Unit.AMX

    @cached_property
    def layout(self) -> HalvesLayout:
        """Layout of the rows of factors."""
        return HalvesLayout(self.rank, self.lanes)

    @property
    def tiles(self) -> int:
        """Tiles across a row of factors."""
        return self.layout.vectors

    @property
    def slices(self) -> int:
        """Slices of a block."""
        fitting = _OPERAND_BYTES // (4 * self.tiles * TILE_BYTES)
        return max(1, min(_MOST_SLICES, fitting))

    @property
    def block(self) -> int:
        """Ratings that are gathered before they are summed."""
        return self.slices * SLICE

    @property
    def slice_bytes(self) -> int:
        """Bytes of a slice's operands: h and l, as they are and transposed, and the targets."""
        return (4 * self.tiles + 1) * TILE_BYTES

    @property
    def work_bytes(self) -> int:
        """Bytes of a block's operands, the targets being made, and an emulated unit's tiles."""
        return self.slices * self.slice_bytes + TILE_BYTES + 8 * TILE_BYTES

    @property
    def first_side(self) -> int:
        """First accumulator of the sides."""
        return self.tiles * (self.tiles + 1) // 2 * TILE

    @property
    def n_accumulators(self) -> int:
        """Rows of the squares, row after row of them; of the sides, tile by tile; the targets."""
        return self.first_side + self.tiles * SIDES + 1

    @cached_property
    def destinations(self) -> NDArray[np.int32]:
        """Where each lane of each accumulator belongs; `added` says which are added up there.

        Returns
        -------
        ndarray, shape (n_accumulators, lanes), int32
        """
        down, across = (TILE * places[:, None, None] for places in np.tril_indices(self.tiles))
        row, column = np.broadcast_arrays(down + _DOWN, across + _ACROSS)
        inside = (column <= row) & (row < self.rank)
        squares = np.where(inside, packed_index(row, column), self.entries).astype(np.int32)
        sides = np.full((self.tiles, SIDES, TILE), self.entries, np.int32)
        columns = np.arange(self.tiles * TILE).reshape(self.tiles, 1, TILE)
        inside = columns < self.rank
        target = packed_index(self.unknowns, 0)
        sides[:, :PARTS] = np.where(inside, target + columns, self.entries)
        if self.biases:
            one = packed_index(self.rank, 0)
            sides[:, PARTS:] = np.where(inside, one + columns, self.entries)
        total = np.full(TILE, target + self.rank if self.biases else self.entries, np.int32)
        return np.vstack([squares.reshape(-1, TILE), sides.reshape(-1, TILE), total])

    @cached_property
    def added(self) -> NDArray[np.bool_]:
        """Which accumulators are added to what is there: parts of targets, and their own sum.

        Returns
        -------
        ndarray, shape (n_accumulators,), bool
        """
        found = np.zeros(self.n_accumulators, bool)
        sides = found[self.first_side : -1].reshape(self.tiles, SIDES)
        sides[:, 1:PARTS] = True
        found[-1] = True
        return found
