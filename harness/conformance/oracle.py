"""The model once more, as directly as linear algebra says it: slow, dense, one row at a time.

It shares nothing with the implementations but the nouns, so that a mistake would have to be made
twice to go unseen.
"""

import numpy as np
from numpy.typing import NDArray

from implementations.backend import Side
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings


def half_sweep(
    train: Ratings, params: AlsParams, factors: Factors, side: Side
) -> NDArray[np.float64]:
    """Exact rows of one side for the present factors of the other.

    Row by row (ZᵀZ + w·diag(reg, …, reg, bias_reg)) x = Zᵀ (r - μ - c), with the rated rows [q; 1]
    of the other side as the rows of Z (Koren, Bell, Volinsky 2009; w: Zhou et al. 2008).

    Parameters
    ----------
    train : Ratings
    params : AlsParams
    factors : Factors
        Its arrays of the side that is solved are not looked at.
    side : {"users", "items"}

    Returns
    -------
    ndarray, shape (n_rows, rank + 1), float64
        Zeros where a row has no rating; the last column is 0 where there are no biases.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where a row's system is exactly singular.
    """
    rows, others, fixed, n_rows = train.users, train.items, factors.items, train.n_users
    if side == "items":
        rows, others, fixed, n_rows = train.items, train.users, factors.users, train.n_items
    solved = np.zeros((n_rows, params.rank + 1))
    for row in np.unique(rows):
        (entries,) = np.nonzero(rows == row)
        other = fixed[others[entries]].astype(np.float64)
        target = train.values[entries].astype(np.float64) - factors.mean - other[:, -1]
        solved[row, : params.unknowns] = _ridge_regression(other[:, :-1], target, params)
    return solved


def _ridge_regression(
    q: NDArray[np.float64], target: NDArray[np.float64], params: AlsParams
) -> NDArray[np.float64]:
    weight = len(target) if params.count_scaled else 1
    z, penalty = q, [params.reg] * params.rank
    if params.biases:
        z, penalty = np.column_stack([q, np.ones(len(q))]), [*penalty, params.bias_reg]
    solution: NDArray[np.float64] = np.linalg.solve(
        z.T @ z + weight * np.diag(penalty), z.T @ target
    )
    return solution


def sweep(train: Ratings, params: AlsParams, factors: Factors) -> Factors:
    """One exact sweep: the users, then the items for the new users."""
    users = half_sweep(train, params, factors, "users")
    halfway = Factors(users, factors.items.astype(np.float64), factors.mean)
    return Factors(users, half_sweep(train, params, halfway, "items"), factors.mean)


def objective(train: Ratings, params: AlsParams, factors: Factors) -> float:
    """Value of what is minimised, in float64.

    J = Σ (r - r̂)² + Σ_rows w (reg·‖factor‖² + bias_reg·bias²), the rows being those of both sides.
    """
    users, items = factors.users.astype(np.float64), factors.items.astype(np.float64)
    predicted = factors.mean + users[train.users, -1] + items[train.items, -1]
    predicted += (users[train.users, :-1] * items[train.items, :-1]).sum(axis=1)
    total = ((train.values - predicted) ** 2).sum()
    for ids, side in ((train.users, users), (train.items, items)):
        weight = np.bincount(ids, minlength=len(side)) if params.count_scaled else 1.0
        penalty = params.reg * (side[:, :-1] ** 2).sum(axis=1) + params.bias_reg * side[:, -1] ** 2
        total += (weight * penalty).sum()
    return float(total)
