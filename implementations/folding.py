"""A new user in a trained model: an exact solve of one row, and what each rating does there."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from implementations.arguments import of_kind, rating_values
from implementations.array_backend import ridge
from implementations.backend import SolveError
from implementations.factors import Factors
from implementations.ids import rows_of
from implementations.problem import AlsParams


def fold_in(
    factors: Factors, items: ArrayLike, values: ArrayLike, params: AlsParams | None = None
) -> Factors:
    """Model of one new user, by an exact solve of that user's row; the items stay as they are.

    Row of the user: (ZᵀZ + w·diag(reg, …, reg, bias_reg)) [p; b] = Zᵀ (r - μ - c), with the rated
    rows [q; 1] of the items as the rows of Z: the same half-sweep that `fit` makes.

    Parameters
    ----------
    factors : Factors
    items : array_like, shape (n_rated,)
        Items that the user rated, as in `predict`; each once, all known to the model.
    values : array_like, shape (n_rated,)
        The user's ratings.
    params : AlsParams, optional
        Left out: those that the model was trained with.

    Returns
    -------
    Factors
        float64, with this user alone, in row 0: ``recommend(fold_in(…), 0, seen=items)``.

    Raises
    ------
    TypeError, ValueError
        Where items or ratings are not as above, or there are no parameters.
    SolveError
        Where the user's normal equations cannot be solved.
    """
    params = _params_of(factors, params)
    rows, ratings = _rated(factors, items, values)
    user = np.zeros((1, factors.rank + 1))
    if len(rows):
        matrix, z, target = _system(factors, rows, ratings, params)
        user[0, : params.unknowns] = _solved(matrix, z.T @ target)
    mine = factors.items.astype(np.float64)
    return replace(factors, users=user, items=mine, user_ids=None, params=params)


def reasons(
    factors: Factors,
    items: ArrayLike,
    values: ArrayLike,
    wanted: ArrayLike,
    params: AlsParams | None = None,
) -> NDArray[np.float64]:
    """What each rating of a user folded in adds to that user's predictions.

    The user's row is linear in the ratings: a prediction is μ + c_i and the sum of these.

    Parameters
    ----------
    factors : Factors
    items, values : array_like, shape (n_rated,)
        As of `fold_in`; one at least.
    wanted : array_like, shape (n_wanted,)
        Items whose predictions are to be explained; all known to the model.
    params : AlsParams, optional

    Returns
    -------
    ndarray, shape (n_wanted, n_rated), float64

    Raises
    ------
    TypeError, ValueError, SolveError
        As `fold_in`.
    """
    params = _params_of(factors, params)
    rows, ratings = _rated(factors, items, values)
    asked = rows_of("wanted", wanted, factors.item_ids, len(factors.items))
    if asked.ndim != 1 or (asked < 0).any():
        raise ValueError("wanted must be one-dimensional, of items that the model knows")
    if not len(rows):
        raise ValueError("items must hold one item at least")
    matrix, z, target = _system(factors, rows, ratings, params)
    parts = _solved(matrix, (z * target[:, None]).T)
    explained: NDArray[np.float64] = _rows_z(factors, asked, params) @ parts
    return explained


def _params_of(factors: Factors, params: AlsParams | None) -> AlsParams:
    of_kind("factors", factors, Factors)
    params = factors.params if params is None else params
    if params is None:
        raise ValueError("params must be given: these factors do not say what they were made with")
    of_kind("params", params, AlsParams)
    if params.rank != factors.rank:
        raise ValueError(f"params.rank must be {factors.rank} as in the factors, not {params.rank}")
    return params


def _rows_z(factors: Factors, rows: NDArray[np.int64], params: AlsParams) -> NDArray[np.float64]:
    """Rows [q; 1] of items, or q without biases."""
    q = factors.items[rows, :-1].astype(np.float64)
    return np.column_stack([q, np.ones(len(q))])[:, : params.unknowns]


def _system(
    factors: Factors, rows: NDArray[np.int64], ratings: NDArray[np.float32], params: AlsParams
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Matrix ZᵀZ + w·diag(ridge) of a user who rated these, with Z and the targets r - μ - c."""
    z = _rows_z(factors, rows, params)
    target = ratings.astype(np.float64) - factors.mean - factors.items[rows, -1]
    weight = len(rows) if params.count_scaled else 1
    return z.T @ z + weight * np.diag(ridge(params)), z, target


def _solved(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    try:
        solution = np.asarray(np.linalg.solve(matrix, right), np.float64)
    except np.linalg.LinAlgError:
        raise SolveError("users", 0) from None
    if not np.isfinite(solution).all():
        raise SolveError("users", 0)
    return solution


def _rated(
    factors: Factors, items: ArrayLike, values: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows of items that are known, each once, and as many ratings."""
    rows = rows_of("items", items, factors.item_ids, len(factors.items))
    ratings = rating_values("values", values)
    if rows.ndim != 1 or len(rows) != len(ratings):
        raise ValueError(
            f"items and values must have the same length, not {rows.shape} and {ratings.shape}"
        )
    for what, wrong in (("unknown to the model", rows < 0), ("there twice", _again(rows))):
        if wrong.any():
            first = int(np.argmax(wrong))
            item = np.asarray(items, object)[first]
            raise ValueError(f"items[{first}] is {what}: {item!r}")
    return rows, ratings


def _again(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of them were there before."""
    again = np.ones(len(rows), np.bool_)
    again[np.unique(rows, return_index=True)[1]] = False
    return again
