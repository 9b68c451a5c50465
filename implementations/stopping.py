"""When training ends before all its sweeps are made."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from implementations.arguments import number_from_0, of_kind
from implementations.factors import Factors
from implementations.progress import Progress
from implementations.ratings import Ratings
from implementations.serving import predict

# Sweeps without a lower RMSE after which none is expected any more.
PATIENCE = 2
_AT_ONCE = 1 << 18


class Stopping:
    """Ends training where a callback, the objective, or ratings held out say so.

    Parameters
    ----------
    callback : callable or None
        Told every sweep; True ends it.
    tolerance : float or None
        Least part of itself by which a sweep is to lower J.
    validation : Ratings or None
        Where two sweeps in a row have not lowered their RMSE, the model with the lowest is kept.

    Attributes
    ----------
    asked : namespace
        These three.
    best : Factors or None
        The model that predicts the validation best; None where there is none.
    """

    def __init__(
        self,
        callback: Callable[[Progress], object] | None,
        tolerance: float | None,
        validation: Ratings | None,
    ) -> None:
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        if tolerance is not None:
            number_from_0("tolerance", tolerance)
        if validation is not None:
            of_kind("validation", validation, Ratings)
            if not len(validation):
                raise ValueError("validation must hold ratings, and it is empty")
        self.asked = SimpleNamespace(callback=callback, tolerance=tolerance, validation=validation)
        self.best: Factors | None = None
        self._objective, self._rmse, self._since = np.inf, np.inf, 0

    def ends(self, progress: Progress) -> bool:
        """Look at a sweep; whether it is the last."""
        callback, tolerance, validation = vars(self.asked).values()
        ended = validation is not None and self._is_past_its_best(validation, progress.factors)
        if callback is not None and callback(progress) is True:
            return True
        return ended or (
            tolerance is not None and self._hardly_falls(tolerance, progress.objective)
        )

    def _hardly_falls(self, tolerance: float, objective: float) -> bool:
        before, self._objective = self._objective, objective
        return before - objective < tolerance * before

    def _is_past_its_best(self, validation: Ratings, factors: Factors) -> bool:
        rmse = validation_rmse(validation, factors)
        if self.best is None or rmse < self._rmse:
            self.best, self._rmse, self._since = factors, rmse, 0
        else:
            self._since += 1
        return self._since >= PATIENCE


def validation_rmse(ratings: Ratings, factors: Factors) -> float:
    """Root mean square error of the predictions of ratings, matched by their ids.

    Parameters
    ----------
    ratings : Ratings
    factors : Factors
    """
    errors = 0.0
    for first in range(0, len(ratings), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        users, items = ratings.users[part], ratings.items[part]
        predicted = predict(
            factors,
            users if ratings.user_ids is None else ratings.user_ids.ids[users],
            items if ratings.item_ids is None else ratings.item_ids.ids[items],
        )
        errors += float(np.square(ratings.values[part] - predicted).sum())
    return float(np.sqrt(errors / len(ratings)))
