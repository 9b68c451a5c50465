"""What is minimised: squared errors on the training ratings, and the penalties of the factors."""

import numpy as np
from numpy.typing import NDArray

from implementations.error_sums import error_sums
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings


def objective(train: Ratings, params: AlsParams, factors: Factors) -> float:
    """J = Σ (r - r̂)² + Σ_rows w (reg·‖factor‖² + bias_reg·bias²), in float64.

    The rows are those of both sides; w is 1, or a row's number of ratings where `count_scaled`.

    Parameters
    ----------
    train : Ratings
    params : AlsParams
    factors : Factors

    Returns
    -------
    float
        Infinite or NaN where the factors are.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        errors, _ = error_sums(train, factors)
        return errors + penalty(params, factors, row_weights(train, params))


def penalty(
    params: AlsParams,
    factors: Factors,
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> float:
    """What regularisation adds to J, in float64.

    Parameters
    ----------
    params : AlsParams
    factors : Factors
    weights : tuple of ndarray
        Of users and of items, by `row_weights`.
    """
    total = 0.0
    for rows, of_row in zip((factors.users, factors.items), weights, strict=True):
        squares = np.square(rows, dtype=np.float64)
        of_factor = params.reg * squares[:, :-1].sum(axis=1)
        total += float(of_row @ (of_factor + params.bias_reg * squares[:, -1]))
    return total


def row_weights(
    train: Ratings, params: AlsParams
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of the rows' regularisers, of users and of items."""
    sides = ((train.users, train.n_users), (train.items, train.n_items))
    users, items = (
        np.bincount(ids, minlength=n).astype(np.float64) if params.count_scaled else np.ones(n)
        for ids, n in sides
    )
    return users, items
