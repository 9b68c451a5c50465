"""The noun `Rung`: one subsample, split into train and test."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.ratings import Ratings


@dataclass(frozen=True)
class Rung:
    """One subsample of a data set, split into train and test.

    Attributes
    ----------
    name : str
        "100k" … "10m", "full", or the name of a published protocol.
    train, test : Ratings
        Each sorted by user, then item; ids are contiguous over both together, in order of raw id.
    user_ids, movie_ids : ndarray, int64, or object where ids are text
        Raw ids, ascending; position p is the contiguous id p.
    n_cold : int
        Test ratings whose user or movie has no training rating.
    """

    name: str
    train: Ratings
    test: Ratings
    user_ids: NDArray[Any]
    movie_ids: NDArray[Any]
    n_cold: int

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    def cold(self) -> NDArray[np.bool_]:
        """Whether the user or the movie of each test rating has no training rating."""
        return cold_mask(self.train, self.test)


def cold_mask(train: Ratings, test: Ratings) -> NDArray[np.bool_]:
    """Whether the user or the item of each test rating is unseen in training.

    Returns
    -------
    ndarray, shape (len(test),), bool
    """
    user_seen = np.zeros(train.n_users, dtype=np.bool_)
    item_seen = np.zeros(train.n_items, dtype=np.bool_)
    user_seen[train.users] = True
    item_seen[train.items] = True
    return ~(user_seen[test.users] & item_seen[test.items])


def split_by_mask(
    name: str,
    ratings: Ratings,
    user_ids: NDArray[Any],
    movie_ids: NDArray[Any],
    test: NDArray[np.bool_],
) -> Rung:
    """Rung of ratings whose ids are contiguous already.

    Parameters
    ----------
    name : str
    ratings : Ratings
        Sorted by user, then item.
    user_ids, movie_ids : ndarray, int64, or object where ids are text
        Raw ids of its users and items.
    test : ndarray, shape (len(ratings),), bool
        The ratings that are test; the others are train.

    Returns
    -------
    Rung
    """
    held_out = _take(ratings, test)
    train = _take(ratings, ~test)
    n_cold = int(np.count_nonzero(cold_mask(train, held_out)))
    return Rung(name, train, held_out, user_ids, movie_ids, n_cold)


def _take(ratings: Ratings, mask: NDArray[np.bool_]) -> Ratings:
    return Ratings(
        np.asarray(ratings.users[mask]),
        np.asarray(ratings.items[mask]),
        np.asarray(ratings.values[mask]),
        ratings.n_users,
        ratings.n_items,
    )
