"""What the command line calls by a name: an implementation, its dtype, and how it is driven."""

from dataclasses import dataclass

import numpy as np

from implementations.acceleration import PLAIN, Acceleration
from implementations.backend import AlsBackend
from implementations.problem import AlsParams, Job
from implementations.ratings import ProblemSize
from implementations.whole_fit import WholeFit


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
    acceleration : Acceleration
        How its driver comes sooner to the same quality; plain sweeps where left out.
    """

    name: str
    made_by: type[AlsBackend] | type[WholeFit]
    dtype: str
    idea: str
    most_threads: int | None
    rmse_tolerance: float
    prediction_tolerance: float
    row_tolerance: float
    acceleration: Acceleration = PLAIN

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
        backend = self.made_by(params, np.dtype(self.dtype), self.threads(threads))
        return self.acceleration.drive(backend)

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

    def bytes_needed(self, job: Job) -> int:
        """Peak bytes allocated for this, the ratings given to it not counted."""
        return int(self.made_by.bytes_needed(job)) + self.acceleration.bytes_needed(
            self.made_by, job
        )

    def job(self, params: AlsParams, threads: int, size: ProblemSize) -> Job:
        """What it is asked for, with at most as many threads as it can use."""
        return Job(params, np.dtype(self.dtype), self.threads(threads), size)

    def threads(self, asked: int) -> int:
        """Threads it uses where this many are asked for."""
        return asked if self.most_threads is None else min(asked, self.most_threads)
