"""Bias estimates by alternating least squares: r̂ = μ + b_u + c_i, no factors.

Koren 2010 (Factor in the neighbors, doi 10.1145/1644873.1644874); the order of the
updates, items first, and the clipping are those that scikit-surprise documents for `BaselineOnly`.
"""

import numpy as np
from numpy.typing import NDArray

from harness.reproduce.protocol import Biases
from implementations.ratings import Ratings

Vector = NDArray[np.float64]


def fit_biases(train: Ratings, model: Biases) -> tuple[Vector, Vector]:
    """Biases of users and items after so many sweeps; those without ratings are zero.

    With the other side fixed, the least squares of one row have a closed form:

    > c_i = Σ_u (r - μ - b_u) / (item_reg + n_i),  b_u = Σ_i (r - μ - c_i) / (user_reg + n_u)

    Returns
    -------
    users : ndarray, shape (n_users,), float64
    items : ndarray, shape (n_items,), float64
    """
    residual = train.values.astype(np.float64) - train.mean
    users, items = np.zeros(train.n_users), np.zeros(train.n_items)
    for _ in range(model.sweeps):
        items = _solve(train.items, residual - users[train.users], model.item_reg, train.n_items)
        users = _solve(train.users, residual - items[train.items], model.user_reg, train.n_users)
    return users, items


def _solve(rows: NDArray[np.int32], target: Vector, reg: float, n_rows: int) -> Vector:
    weight = np.bincount(rows, minlength=n_rows) + reg
    total = np.bincount(rows, target, minlength=n_rows)
    solution = np.zeros(n_rows)
    np.divide(total, weight, out=solution, where=weight > 0)
    return solution


def rmse(ratings: Ratings, mean: float, biases: tuple[Vector, Vector], model: Biases) -> float:
    """Root mean squared error of the clipped predictions.

    Parameters
    ----------
    ratings : Ratings
    mean : float
        Of the training ratings.
    biases : tuple of ndarray
        Of users and items.
    model : Biases
    """
    users, items = biases
    predicted = mean + users[ratings.users] + items[ratings.items]
    errors = ratings.values - np.clip(predicted, model.least, model.most)
    return float(np.sqrt(np.mean(errors**2)))
