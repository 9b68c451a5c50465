"""What a trained model is asked: ratings of pairs, the best items for a user, a new user."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from implementations.arguments import of_kind, rating_values, row_numbers, whole_number
from implementations.array_backend import ridge
from implementations.backend import SolveError
from implementations.factors import Factors
from implementations.ids import IdMap
from implementations.problem import AlsParams, Float
from implementations.ratings import Ratings


def predict(factors: Factors, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
    """Predict ratings r̂ = μ + b_u + c_i + p_u·q_i, in float64 and never clipped.

    Parameters
    ----------
    factors : Factors
    users, items : array_like
        Ids as the ratings had them; rows of the factors, from 0, where they had none of their own.
        Shapes are broadcast: one user and many items will do. A user that the model does not know
        is predicted μ + c_i, an unknown item μ + b_u; a number beyond the rows is an error.

    Returns
    -------
    ndarray of the common shape, float64

    Raises
    ------
    TypeError
        Where ids are of another type than in the ratings.
    ValueError
        Where one has no row and could have none, or the shapes do not fit together.
    """
    of_kind("factors", factors, Factors)
    user_rows = _rows("users", users, factors.users, factors.user_ids)
    item_rows = _rows("items", items, factors.items, factors.item_ids)
    try:
        np.broadcast_shapes(user_rows.shape[:-1], item_rows.shape[:-1])
    except ValueError:
        shapes = f"{user_rows.shape[:-1]} and {item_rows.shape[:-1]}"
        raise ValueError(f"users and items of shapes {shapes} do not fit together") from None
    dots = np.einsum("...k,...k->...", user_rows[..., :-1], item_rows[..., :-1])
    predictions: NDArray[np.float64] = factors.mean + user_rows[..., -1] + item_rows[..., -1] + dots
    return np.asarray(predictions)


class Recommendations(NamedTuple):
    """Items for one user, the best first.

    Attributes
    ----------
    items : ndarray, shape (at most n,)
        Ids as the ratings had them.
    ratings : ndarray, shape (at most n,), float64
        Predicted.
    """

    items: NDArray[np.generic]
    ratings: NDArray[np.float64]


def recommend(
    factors: Factors,
    user: int | str,
    n: int = 10,
    *,
    seen: Ratings | ArrayLike | None = None,
) -> Recommendations:
    """Items with the highest predicted ratings for one user.

    Parameters
    ----------
    factors : Factors
    user : int or str
        As in `predict`; an unknown one gets the items with the highest biases.
    n : int
        How many; fewer where there are no more.
    seen : Ratings or array_like, optional
        Items to leave out: those that the user rated in these ratings (the training ratings, most
        often), or ids of items. An id that the model does not know is left out already.

    Returns
    -------
    Recommendations
        Of equal predictions, the item of the lower row comes first.

    Raises
    ------
    TypeError, ValueError
        As `predict`; and where `n` is no whole number from 0, or ratings have other rows.
    """
    of_kind("factors", factors, Factors)
    whole_number("n", n, least=0)
    if not isinstance(user, int | np.integer | str):
        raise TypeError(f"user must be one id, a whole number or a string, not {user!r}")
    row = _row_of_one("user", user, factors.users, factors.user_ids)
    every = _float_rows(np.arange(len(factors.items)), factors.items)
    ratings = factors.mean + row[-1] + every[:, -1] + every[:, :-1] @ row[:-1]
    left = np.ones(len(every), np.bool_)
    left[_seen_rows(factors, user, seen)] = False
    candidates = np.flatnonzero(left)
    best = candidates[np.argsort(-ratings[candidates], kind="stable")[:n]]
    ids = best if factors.item_ids is None else factors.item_ids.ids[best]
    return Recommendations(ids, ratings[best])


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
    of_kind("factors", factors, Factors)
    params = factors.params if params is None else params
    if params is None:
        raise ValueError("params must be given: these factors do not say what they were made with")
    of_kind("params", params, AlsParams)
    if params.rank != factors.rank:
        raise ValueError(f"params.rank must be {factors.rank} as in the factors, not {params.rank}")
    rows, ratings = _rated(factors, items, values)
    q = factors.items[rows].astype(np.float64)
    target = ratings.astype(np.float64) - factors.mean - q[:, -1]
    z = np.column_stack([q[:, :-1], np.ones(len(q))])[:, : params.unknowns]
    weight = len(rows) if params.count_scaled else 1
    user = np.zeros((1, factors.rank + 1))
    if len(rows):
        matrix = z.T @ z + weight * np.diag(ridge(params))
        user[0, : params.unknowns] = _solved(matrix, z.T @ target)
    mine = factors.items.astype(np.float64)
    return replace(factors, users=user, items=mine, user_ids=None, params=params)


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
    rows = _row_numbers("items", items, factors.item_ids, len(factors.items))
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


def _seen_rows(
    factors: Factors, user: int | str, seen: Ratings | ArrayLike | None
) -> NDArray[np.int64]:
    """Rows of the items to leave out."""
    if seen is None:
        return np.zeros(0, np.int64)
    if not isinstance(seen, Ratings):
        rows = _row_numbers("seen", seen, factors.item_ids, len(factors.items)).reshape(-1)
        return rows[rows >= 0]
    if seen.user_ids != factors.user_ids or seen.item_ids != factors.item_ids:
        raise ValueError("seen must be ratings with the ids that the model was trained with")
    if (seen.n_users, seen.n_items) != (len(factors.users), len(factors.items)):
        raise ValueError("seen must be ratings of as many users and items as the model has")
    row = _row_numbers("user", user, factors.user_ids, len(factors.users))
    rated: NDArray[np.int64] = seen.items[seen.users == row].astype(np.int64)
    return rated


def _rows(
    name: str, given: ArrayLike, rows: NDArray[Float], ids: IdMap | None
) -> NDArray[np.float64]:
    """Rows of these ids in float64, zeros where an id is unknown; their last axis is the row."""
    return _float_rows(_row_numbers(name, given, ids, len(rows)), rows)


def _row_of_one(
    name: str, given: int | str, rows: NDArray[Float], ids: IdMap | None
) -> NDArray[np.float64]:
    return _rows(name, given, rows, ids).reshape(-1)


def _row_numbers(name: str, given: ArrayLike, ids: IdMap | None, count: int) -> NDArray[np.int64]:
    """Numbers of rows, -1 where an id is unknown."""
    if ids is None:
        return row_numbers(name, given, count).astype(np.int64)
    return ids.rows(name, given)


def _float_rows(numbers: NDArray[np.int64], rows: NDArray[Float]) -> NDArray[np.float64]:
    unknown = numbers < 0
    if not unknown.any():
        return rows[numbers].astype(np.float64)
    padded = np.zeros((*numbers.shape, rows.shape[1]))
    padded[~unknown] = rows[numbers[~unknown]]
    return padded
