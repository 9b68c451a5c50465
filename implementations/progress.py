"""What is told of a training while it goes on."""

from dataclasses import replace
from functools import cached_property

from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings


class Model:
    """A backend, and what its factors are of."""

    def __init__(self, backend: AlsBackend, train: Ratings, params: AlsParams) -> None:
        self.backend = backend
        self._train = train
        self._params = params

    def read(self) -> Factors:
        """Copy of the present factors, with ids and parameters."""
        return labelled(self.backend.read(), self._train, self._params)

    def objective(self, factors: Factors) -> float:
        """J of some factors on the ratings that are trained on."""
        from implementations.objective import objective  # Numba: only who asks pays for it

        return objective(self._train, self._params, factors)


class Progress:
    """What a callback of `fit` is told after a sweep; to be looked at during the call.

    Attributes
    ----------
    sweep : int
        Sweeps made, from 1.
    seconds : float
        Of this sweep's two half-sweeps.
    """

    def __init__(self, sweep: int, seconds: float, model: "Model") -> None:
        self.sweep = sweep
        self.seconds = seconds
        self._model = model

    def __repr__(self) -> str:
        return f"Progress(sweep={self.sweep}, seconds={self.seconds:.3g})"

    @cached_property
    def factors(self) -> Factors:
        """Copy of the present model, made when it is asked for."""
        return self._model.read()

    @cached_property
    def objective(self) -> float:
        """J after this sweep, computed when it is asked for: about as long as a sweep."""
        return self._model.objective(self.factors)


def labelled(factors: Factors, train: Ratings, params: AlsParams) -> Factors:
    """Factors with the ids of the ratings, and the parameters."""
    return replace(factors, user_ids=train.user_ids, item_ids=train.item_ids, params=params)
