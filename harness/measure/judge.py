"""The one judge of quality: float64, off the clock, the same for every implementation."""

from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from harness.data.rung import Rung
from implementations.als import predict
from implementations.jit import compiled_parallel
from implementations.problem import Factors, Float, Ratings

_SAMPLE = 10_000
_SAMPLE_SEED = 20
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Judgement:
    """RMSE in rating units (None without such ratings), and predictions of the fixed sample."""

    train_rmse: float
    test_rmse: float | None
    warm_test_rmse: float | None
    predictions: NDArray[np.float64]

    @property
    def finite(self) -> bool:
        """Whether factors gave numbers."""
        rmse = [self.train_rmse, self.test_rmse or 0.0]
        return bool(np.isfinite(rmse).all() and np.isfinite(self.predictions).all())


@dataclass(frozen=True)
class Judge:
    """Judges factors on one rung."""

    rung: Rung

    def __call__(self, factors: Factors) -> Judgement:
        """RMSE on train and test, and predictions of a sample of (user, item) pairs."""
        rung = self.rung
        with np.errstate(over="ignore", invalid="ignore"):  # `finite` says it
            test = squared_errors(rung.test, factors)
            return Judgement(
                float(np.sqrt(_mean(squared_errors(rung.train, factors)) or 0.0)),
                _root(_mean(test)),
                _root(_mean(test[self._warm])),
                predict(factors, *self._sample),
            )

    @cached_property
    def _warm(self) -> NDArray[np.bool_]:
        return ~self.rung.cold()

    @cached_property
    def _sample(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs drawn from all users and items, rated or not; the same for all implementations."""
        generator = np.random.default_rng(_SAMPLE_SEED)
        train = self.rung.train
        users = generator.integers(0, train.n_users, _SAMPLE)
        return users, generator.integers(0, train.n_items, _SAMPLE)


def squared_errors(ratings: Ratings, factors: Factors) -> NDArray[np.float64]:
    """(r - r̂)² of each rating, in float64 whatever the dtype of the factors.

    Parameters
    ----------
    ratings : Ratings
    factors : Factors

    Returns
    -------
    ndarray, shape (len(ratings),), float64
    """
    errors = np.empty(len(ratings))
    _squared_errors(
        ratings.users,
        ratings.items,
        ratings.values,
        factors.users,
        factors.items,
        factors.mean,
        errors,
    )
    return errors


@compiled_parallel
def _squared_errors(
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    values: NDArray[np.float32],
    user_rows: NDArray[Float],
    item_rows: NDArray[Float],
    mean: float,
    errors: NDArray[np.float64],
) -> None:
    rank = user_rows.shape[1] - 1
    for chunk in numba.prange((len(values) + _CHUNK - 1) // _CHUNK):
        for n in range(chunk * _CHUNK, min(len(values), (chunk + 1) * _CHUNK)):
            p, q = user_rows[users[n]], item_rows[items[n]]
            prediction = mean + np.float64(p[rank]) + np.float64(q[rank])
            for k in range(rank):
                prediction += np.float64(p[k]) * np.float64(q[k])
            errors[n] = (np.float64(values[n]) - prediction) ** 2


def _mean(squares: NDArray[np.float64]) -> float | None:
    return float(squares.mean()) if len(squares) else None


def _root(mean: float | None) -> float | None:
    return None if mean is None else float(np.sqrt(mean))


@dataclass(frozen=True)
class RowDifference:
    """Where two solutions of one side differ most, relative to the row's largest entry."""

    relative: float
    row: int
    value: float
    expected: float


# Rows whose entries are all smaller than this, in rating units, count as this large.
_SMALLEST_ROW = 1e-3


def row_difference(value: NDArray[Float], expected: NDArray[Float]) -> RowDifference:
    """Compare two solutions of one side row by row, in float64.

    Parameters
    ----------
    value, expected : ndarray, shape (n_rows, rank + 1)

    Returns
    -------
    RowDifference
        Of the row with the largest relative difference; infinite where one is not finite.
    """
    a, b = value.astype(np.float64), expected.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        gaps = np.abs(a - b)
        relative = gaps.max(axis=1) / np.maximum(np.abs(b).max(axis=1), _SMALLEST_ROW)
    relative[~np.isfinite(relative)] = np.inf
    row = int(relative.argmax())
    column = int(np.nan_to_num(gaps[row], nan=np.inf).argmax())
    return RowDifference(float(relative[row]), row, float(a[row, column]), float(b[row, column]))
