"""The plan of the matrix unit: which tile sums what, and where ratings lie while they are summed.

A tile instruction multiplies 16 x 32 by 32 x 16 numbers in bfloat16, and adds the products to 16 x
16 sums in float32: here, 16 factors of a row by 16 others, over a *slice* of 32 ratings. With each
factor row q = h + l, a sum of two bfloat16, and Σ over a row's ratings,

    C = Σ h·(h + 2l)ᵀ       one operand for both products, and it alone is to be transposed
    (C + Cᵀ) / 2 = Σ (h + l)(h + l)ᵀ - Σ l·lᵀ       of which the last is at most 2⁻¹⁸ of the first

and the right-hand side is Σ t·h + Σ (t/2)·2l, with the target t as a sum of three bfloat16, which
is all of its 24 bits. Sums are over whole tiles: both triangles, and whatever pads the rank.
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
        fitting = _OPERAND_BYTES // (3 * self.tiles * TILE_BYTES)
        return max(1, min(_MOST_SLICES, fitting))

    @property
    def block(self) -> int:
        """Ratings that are gathered before they are summed."""
        return self.slices * SLICE

    @property
    def slice_bytes(self) -> int:
        """Bytes of a slice's operands: h, 2l and h transposed, the targets' two tiles."""
        return (3 * self.tiles + 2) * TILE_BYTES

    @property
    def work_bytes(self) -> int:
        """Bytes of a block's operands, the targets being made, and an emulated unit's tiles."""
        return self.slices * self.slice_bytes + TILE_BYTES + 8 * TILE_BYTES

    @property
    def first_side(self) -> int:
        """First accumulator of the sides."""
        return self.tiles**2 * TILE

    @property
    def n_accumulators(self) -> int:
        """Rows of the squares, tile by tile; of the sides, tile by tile; and the targets."""
        return self.first_side + self.tiles * SIDES + 1

    @cached_property
    def destinations(self) -> NDArray[np.int32]:
        """Where each lane of each accumulator is added in the packed triangle, weighted.

        Returns
        -------
        ndarray, shape (n_accumulators, lanes), int32
        """
        squares = np.full((self.tiles, TILE, self.tiles, TILE), self.entries, np.int32)
        sides = np.full((self.tiles, SIDES, TILE), self.entries, np.int32)
        factors = np.arange(self.tiles * TILE)
        row, column = np.meshgrid(factors, factors, indexing="ij")
        low, high = np.minimum(row, column), np.maximum(row, column)
        entry = packed_index(high, low)
        squares.reshape(row.shape)[: self.rank, : self.rank] = entry[: self.rank, : self.rank]
        columns = factors.reshape(self.tiles, 1, TILE)
        inside = columns < self.rank
        target = packed_index(self.unknowns, 0)
        sides[:, :PARTS] = np.where(inside, target + columns, self.entries)
        if self.biases:
            one = packed_index(self.rank, 0)
            sides[:, PARTS:] = np.where(inside, one + columns, self.entries)
        total = np.full(TILE, target + self.rank if self.biases else self.entries, np.int32)
        return np.vstack([squares.swapaxes(1, 2).reshape(-1, TILE), sides.reshape(-1, TILE), total])

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """What each lane of each accumulator is multiplied by: the squares hold entries twice."""
        table = np.ones((self.n_accumulators, TILE), np.float32)
        table[: self.first_side] = 0.5
        diagonal = table[: self.first_side].reshape(self.tiles, self.tiles, TILE, TILE)
        for tile in range(self.tiles):
            np.fill_diagonal(diagonal[tile, tile], 1)
        return table
