"""The noun `Rung`: one subsample, split into train and test."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.chunked import equal_chunks, in_chunks
from implementations.jit import compiled
from implementations.ratings import Ratings

# Ratings that a thread deals at a time.
_CHUNK = 1 << 18


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
    user_seen = np.zeros(train.n_users, np.bool_)
    item_seen = np.zeros(train.n_items, np.bool_)
    _see(train.users, user_seen)
    _see(train.items, item_seen)
    return ~(user_seen[test.users] & item_seen[test.items])


@compiled
def _see(ids: NDArray[np.int32], seen: NDArray[np.bool_]) -> None:
    """Mark the ids that occur."""
    for one in ids:
        seen[one] = True


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
    held_out, train = _split(ratings, test)
    n_cold = int(np.count_nonzero(cold_mask(train, held_out)))
    return Rung(name, train, held_out, user_ids, movie_ids, n_cold)


def _split(ratings: Ratings, mask: NDArray[np.bool_]) -> tuple[Ratings, Ratings]:
    """Ratings that are masked, and the others, each in their order."""
    columns = (ratings.users, ratings.items, ratings.values)
    bounds = equal_chunks(len(mask), _CHUNK)
    counts = [int(np.count_nonzero(mask[first:end])) for first, end in pairwise(bounds)]
    before = np.cumsum([0, *counts], dtype=np.int64)
    masked, others = (_room(n) for n in (int(before[-1]), len(mask) - int(before[-1])))
    in_chunks(_deal, bounds, columns, mask, before, masked, others)
    sizes = (ratings.n_users, ratings.n_items)
    return Ratings(*masked, *sizes), Ratings(*others, *sizes)


def _room(n: int) -> "_Columns":
    """Users, items and values of so many ratings, to be written."""
    return np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)


_Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]


@compiled
def _deal(
    chunk: int,
    first: int,
    end: int,
    columns: _Columns,
    mask: NDArray[np.bool_],
    before: NDArray[np.int64],
    masked: _Columns,
    others: _Columns,
) -> None:
    """Copy each rating to its part; `before` counts those masked before each chunk."""
    users, items, values = columns
    a, b = before[chunk], first - before[chunk]
    for n in range(first, end):
        if mask[n]:
            masked[0][a], masked[1][a], masked[2][a] = users[n], items[n], values[n]
            a += 1
        else:
            others[0][b], others[1][b], others[2][b] = users[n], items[n], values[n]
            b += 1
