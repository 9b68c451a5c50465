"""The contract between an implementation and whoever drives it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from implementations.problem import AlsParams, Factors, ProblemSize, Ratings

Side = Literal["users", "items"]


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
    `update_items`, with `load` and `read` in between wherever it likes.

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
    """

    dtype_name: ClassVar[str] = "float64"
    most_threads: ClassVar[int | None] = None

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        self.params = params
        self.dtype = np.dtype(dtype)
        self.threads = threads

    def refuses(self, size: ProblemSize) -> str | None:  # noqa: ARG002
        """Reason why this size is not to be tried; None where it is."""
        return None

    @abstractmethod
    def bytes_needed(self, size: ProblemSize) -> int:
        """Peak bytes this backend allocates for this size, the ratings given to it not counted."""

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


@dataclass(frozen=True)
class Variant:
    """A registered way to run a backend: what the command line calls an implementation.

    Attributes
    ----------
    name : str
    backend : type of AlsBackend
    dtype : str
        "float64" or "float32".
    idea : str
        The one thing it adds, in a few words.
    most_threads : int or None
        Threads it can use; None where there is no limit of its own.
    rmse_tolerance, prediction_tolerance : float
        Largest difference from the reference, in rating units, that still is the same result.
    row_tolerance : float
        The same for one half-sweep from the same factors: relative, row by row.
    """

    name: str
    backend: type[AlsBackend]
    dtype: str
    idea: str
    most_threads: int | None
    rmse_tolerance: float
    prediction_tolerance: float
    row_tolerance: float

    def create(self, params: AlsParams, threads: int = 1) -> AlsBackend:
        """Make the backend, with at most as many threads as it can use."""
        return self.backend(params, np.dtype(self.dtype), self.threads(threads))

    def threads(self, asked: int) -> int:
        """Threads it uses where this many are asked for."""
        return asked if self.most_threads is None else min(asked, self.most_threads)
