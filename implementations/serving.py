"""What a trained model is asked: ratings of pairs, and the best items for a user."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from implementations.arguments import of_kind, whole_number
from implementations.factors import Factors
from implementations.ids import IdMap, rows_of
from implementations.problem import Float
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


def _seen_rows(
    factors: Factors, user: int | str, seen: Ratings | ArrayLike | None
) -> NDArray[np.int64]:
    """Rows of the items to leave out."""
    if seen is None:
        return np.zeros(0, np.int64)
    if not isinstance(seen, Ratings):
        rows = rows_of("seen", seen, factors.item_ids, len(factors.items)).reshape(-1)
        return rows[rows >= 0]
    if seen.user_ids != factors.user_ids or seen.item_ids != factors.item_ids:
        raise ValueError("seen must be ratings with the ids that the model was trained with")
    if (seen.n_users, seen.n_items) != (len(factors.users), len(factors.items)):
        raise ValueError("seen must be ratings of as many users and items as the model has")
    row = rows_of("user", user, factors.user_ids, len(factors.users))
    rated: NDArray[np.int64] = seen.items[seen.users == row].astype(np.int64)
    return rated


def _rows(
    name: str, given: ArrayLike, rows: NDArray[Float], ids: IdMap | None
) -> NDArray[np.float64]:
    """Rows of these ids in float64, zeros where an id is unknown; their last axis is the row."""
    return _float_rows(rows_of(name, given, ids, len(rows)), rows)


def _row_of_one(
    name: str, given: int | str, rows: NDArray[Float], ids: IdMap | None
) -> NDArray[np.float64]:
    return _rows(name, given, rows, ids).reshape(-1)


def _float_rows(numbers: NDArray[np.int64], rows: NDArray[Float]) -> NDArray[np.float64]:
    unknown = numbers < 0
    if not unknown.any():
        return rows[numbers].astype(np.float64)
    padded = np.zeros((*numbers.shape, rows.shape[1]))
    padded[~unknown] = rows[numbers[~unknown]]
    return padded
