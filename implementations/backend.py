"""The contract between an implementation and whoever drives it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np

from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings

Side = Literal["users", "items"]
SIDES: tuple[Side, Side] = ("users", "items")


class SolveError(ArithmeticError):
    """The normal equations of a row have no usable solution.

    Parameters
    ----------
    side : {"users", "items"}
        The side that was being solved.
    row : int
        The lowest row of that side whose system failed.
    """

    def __init__(self, side: Side, row: int) -> None:
        super().__init__(side, row)
        self.side = side
        self.row = row

    def __str__(self) -> str:
        return (
            f"{self.side} row {self.row}: its normal equations are singular or not finite; "
            "raise reg and bias_reg above 0, or look for values that are not finite"
        )


class AlsBackend(ABC):
    """One way of programming a half-sweep. Owns its layout and its factors, and nothing else.

    The driver calls `prepare`, `load`, `warm_up`, then any number of `update_users` and
    `update_items`, with `load` and `read` in between wherever it likes. Every method has done all
    its work when it returns: nothing goes on in a thread, in another process or on a device.

    Parameters
    ----------
    params : AlsParams
    dtype : numpy.dtype
        float32 or float64: of the factors, and of every sum in the half-sweeps.
    threads : int
        Threads that the half-sweeps may use.

    Attributes
    ----------
    dtype_name : str
        Of a class that is named on the command line: "float64" or "float32". It decides the
        tolerances.
    most_threads : int or None
        Threads it can use; None where there is no limit of its own.
    relaxes : bool
        Of a class whose half-sweeps heed `relaxation`; others are relaxed from outside, by copies.
    relaxation : float
        How far half-sweeps go from the old rows to the solutions; 1: all the way, whatever was
        there. Rows without ratings become zero in any case.
    """

    dtype_name: ClassVar[str] = "float64"
    most_threads: ClassVar[int | None] = None
    relaxes: ClassVar[bool] = False
    relaxation: float = 1.0

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        self.params = params
        self.dtype = np.dtype(dtype)
        self.threads = threads

    @classmethod
    def refuses(cls, job: Job) -> str | None:  # noqa: ARG003
        """Reason why this is not to be tried; None where it is."""
        return None

    @classmethod
    @abstractmethod
    def bytes_needed(cls, job: Job) -> int:
        """Peak bytes allocated for this, the ratings given to it not counted."""

    @abstractmethod
    def prepare(self, train: Ratings) -> None:
        """Lay out the ratings. `train` is not changed and may be read-only."""

    @abstractmethod
    def load(self, factors: Factors) -> None:
        """Take a copy of these factors, cast to `dtype`, as the present state."""

    def warm_up(self) -> None:  # noqa: B027
        """Compile what the half-sweeps need, leaving the factors as they are."""

    @abstractmethod
    def update_users(self) -> None:
        """Solve all users for the present items.

        Raises
        ------
        SolveError
            Naming the lowest row whose normal equations cannot be solved.
        """

    @abstractmethod
    def update_items(self) -> None:
        """Solve all items for the present users. Raises as `update_users` does."""

    @abstractmethod
    def read(self) -> Factors:
        """Copy of the present factors, in `dtype`."""

    def update(self, side: Side) -> None:
        """Make the half-sweep of this side. Raises as `update_users` does."""
        if side == "users":
            self.update_users()
        else:
            self.update_items()
