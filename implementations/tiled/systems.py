"""The systems of a batch: normal equations, one to a lane, packed entry by entry."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from implementations.tiled.rows import CACHE_LINE, RowLayout
from implementations.tiled.target import Target

Place = TypeVar("Place", int, NDArray[np.int64])


@dataclass(frozen=True)
class Systems(ABC):
    """What a plan says of its systems, however their entries are summed.

    Attributes
    ----------
    rank : int
    biases : bool
        Whether a bias is solved for with every factor.
    dtype : str
        "float32" or "float64".
    target : Target
    """

    rank: int
    biases: bool
    dtype: str
    target: Target

    @property
    def lanes(self) -> int:
        """Elements of a vector, and systems of a batch."""
        return self.target.lanes

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return np.dtype(self.dtype).itemsize

    @property
    def unknowns(self) -> int:
        """Unknowns of a system, and the number of the triangle's row with its right-hand side."""
        return self.rank + self.biases

    @property
    def entries(self) -> int:
        """Entries of the packed triangle; its last, below the right-hand side, is never used."""
        return (self.unknowns + 1) * (self.unknowns + 2) // 2

    @property
    def cache_lines(self) -> int:
        """Cache lines of a row of factors."""
        return -(-self.layout.stride * self.itemsize // CACHE_LINE)

    @property
    @abstractmethod
    def layout(self) -> RowLayout:
        """Layout of the rows of factors."""

    @property
    @abstractmethod
    def block(self) -> int:
        """Ratings that are summed together; also how far ahead rows are prefetched."""

    @property
    @abstractmethod
    def n_accumulators(self) -> int:
        """Vectors into which a row's ratings are summed."""

    @property
    @abstractmethod
    def destinations(self) -> NDArray[np.int32]:
        """Where each lane of each accumulator belongs in the packed triangle.

        Returns
        -------
        ndarray, shape (n_accumulators, lanes), int32
            `entries`, one past the triangle, for lanes that nobody wants.
        """

    @property
    def work_bytes(self) -> int:
        """Bytes of a thread's memory, beside its accumulators, in which ratings are summed."""
        return 0


def packed_index(row: Place, column: Place) -> Place:
    """Place of an entry of the lower triangle, stored row after row."""
    return row * (row + 1) // 2 + column
