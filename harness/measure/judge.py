"""The one judge of quality: float64, off the clock, the same for every implementation."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from harness.data.ladder.rung import Rung
from harness.difference import row_differences
from implementations.error_sums import error_sums
from implementations.factors import Factors
from implementations.objective import penalty, row_weights
from implementations.problem import AlsParams, Float
from implementations.serving import predict

_SAMPLE = 10_000
_SAMPLE_SEED = 20


@dataclass(frozen=True)
class Judgement:
    """RMSE in rating units (None without such ratings), J, and predictions of the fixed sample."""

    train_rmse: float
    test_rmse: float | None
    warm_test_rmse: float | None
    objective: float
    predictions: NDArray[np.float64]

    @property
    def finite(self) -> bool:
        """Whether factors gave numbers."""
        rmse = [self.train_rmse, self.test_rmse or 0.0]
        return bool(np.isfinite(rmse).all() and np.isfinite(self.predictions).all())


@dataclass(frozen=True)
class Judge:
    """Judges factors on one rung, by the objective of these parameters."""

    rung: Rung
    params: AlsParams

    def __call__(self, factors: Factors) -> Judgement:
        """RMSE on train and test, and predictions of a sample of (user, item) pairs."""
        rung, n_cold = self.rung, int(self._cold.sum())
        # Of BLAS one thread does: others would go on spinning into the turn that comes next.
        one_thread = self._libraries.limit(limits=1, user_api="blas")
        with one_thread, np.errstate(over="ignore", invalid="ignore"):  # `finite` says it
            train, _ = error_sums(rung.train, factors)
            warm, cold = error_sums(rung.test, factors, self._cold)
            return Judgement(
                _rmse(train, len(rung.train)) or 0.0,
                _rmse(warm + cold, len(rung.test)),
                _rmse(warm, len(rung.test) - n_cold),
                train + penalty(self.params, factors, self._weights),
                predict(factors, *self._sample),
            )

    @cached_property
    def _libraries(self) -> ThreadpoolController:
        return ThreadpoolController()

    @cached_property
    def _weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return row_weights(self.rung.train, self.params)

    @cached_property
    def _cold(self) -> NDArray[np.bool_]:
        return self.rung.cold()

    @cached_property
    def _sample(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs drawn from all users and items, rated or not; the same for all implementations."""
        generator = np.random.default_rng(_SAMPLE_SEED)
        train = self.rung.train
        users = generator.integers(0, train.n_users, _SAMPLE)
        return users, generator.integers(0, train.n_items, _SAMPLE)


def _rmse(total: float, count: int) -> float | None:
    return float(np.sqrt(total / count)) if count else None


@dataclass(frozen=True)
class RowDifference:
    """Where two solutions of one side differ most."""

    relative: float
    row: int
    value: float
    expected: float


def row_difference(value: NDArray[Float], expected: NDArray[Float]) -> RowDifference:
    """Compare two solutions of one side row by row (`harness.difference.row_differences`).

    Parameters
    ----------
    value, expected : ndarray, shape (n_rows, rank + 1)

    Returns
    -------
    RowDifference
        Of the row with the largest relative difference; infinite where one is not finite.
    """
    relative = row_differences(value, expected)
    row = int(relative.argmax())
    mine, theirs = value[row].astype(np.float64), expected[row].astype(np.float64)
    column = int(np.nan_to_num(np.abs(mine - theirs), nan=np.inf).argmax())
    return RowDifference(float(relative[row]), row, float(mine[column]), float(theirs[column]))
