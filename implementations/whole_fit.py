"""The contract of a library that trains a whole model in one call."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings


class WholeFit(ABC):
    """A library with `fit` only: no start can be given to it, and no half-sweep asked for.

    The driver calls `prepare`, `warm_up`, then `fit` any number of times, with `read` in between.
    The library is imported inside the methods, so that looking at the class does not need it.

    Parameters
    ----------
    params : AlsParams
    dtype : numpy.dtype
        float32 or float64: of the factors that `read` gives.
    threads : int
        Threads that it may use.

    Attributes
    ----------
    dtype_name : str
        "float64" or "float32": what the library computes in.
    most_threads : int or None
        Threads it can use; None where there is no limit of its own.
    requires : str
        Name of the distribution on the package index.
    """

    dtype_name: ClassVar[str] = "float64"
    most_threads: ClassVar[int | None] = None
    requires: ClassVar[str] = ""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        self.params = params
        self.dtype = np.dtype(dtype)
        self.threads = threads

    @classmethod
    def missing(cls) -> str | None:
        """What else than `requires` is not on this machine, such as a JVM; None where all is."""
        return None

    @classmethod
    @abstractmethod
    def own_objective(cls, params: AlsParams) -> str | None:
        """What it minimises where that is not the objective of these parameters; None where it is.

        Parameters
        ----------
        params : AlsParams

        Returns
        -------
        str or None
            A few words, such as "regularisers scaled by counts, no biases".
        """

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
        """Convert the ratings to what the library takes. They stay as they are."""

    def warm_up(self) -> None:  # noqa: B027
        """Start what has to be started once: a JVM, a compilation."""

    @abstractmethod
    def fit(self, sweeps: int) -> None:
        """Train anew, from the library's own start, with so many iterations; back when done."""

    @abstractmethod
    def read(self) -> Factors:
        """The model trained last, in `dtype`: r̂ = mean + b_u + c_i + p_u·q_i.

        Returns
        -------
        Factors
            Of shape (n, k + 1) each, k the rank asked for; factors that the library has not are 0.
        """
