"""The contract between an implementation and whoever drives it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import ProblemSize, Ratings
from implementations.whole_fit import WholeFit

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
    """

    dtype_name: ClassVar[str] = "float64"
    most_threads: ClassVar[int | None] = None

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


@dataclass(frozen=True)
class Variant:
    """A registered way to run an implementation: what the command line calls by this name.

    Attributes
    ----------
    name : str
    made_by : type of AlsBackend or of WholeFit
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
    made_by: type[AlsBackend] | type[WholeFit]
    dtype: str
    idea: str
    most_threads: int | None
    rmse_tolerance: float
    prediction_tolerance: float
    row_tolerance: float

    @property
    def is_whole_fit(self) -> bool:
        """Whether it is a library that has `fit` only, and no half-sweeps."""
        return issubclass(self.made_by, WholeFit)

    def create(self, params: AlsParams, threads: int = 1) -> AlsBackend:
        """Make the backend, with at most as many threads as it can use.

        Raises
        ------
        TypeError
            Where it has `fit` only.
        """
        if not issubclass(self.made_by, AlsBackend):
            raise TypeError(f"{self.name} has no half-sweeps: it trains a whole model in one call")
        return self.made_by(params, np.dtype(self.dtype), self.threads(threads))

    def create_fit(self, params: AlsParams, threads: int = 1) -> WholeFit:
        """Make the library's contestant, with at most as many threads as it can use.

        Raises
        ------
        TypeError
            Where it is no `WholeFit`.
        """
        if not issubclass(self.made_by, WholeFit):
            raise TypeError(f"{self.name} is driven by half-sweeps")
        return self.made_by(params, np.dtype(self.dtype), self.threads(threads))

    def own_objective(self, params: AlsParams) -> str | None:
        """What it minimises, where that is not the objective of these parameters."""
        return self.made_by.own_objective(params) if issubclass(self.made_by, WholeFit) else None

    def job(self, params: AlsParams, threads: int, size: ProblemSize) -> Job:
        """What it is asked for, with at most as many threads as it can use."""
        return Job(params, np.dtype(self.dtype), self.threads(threads), size)

    def threads(self, asked: int) -> int:
        """Threads it uses where this many are asked for."""
        return asked if self.most_threads is None else min(asked, self.most_threads)
