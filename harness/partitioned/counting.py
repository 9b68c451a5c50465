"""The noun `Counted`: who rated how often, in a file or in all of them."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.ladder.scales import ladder_order, prefix_length
from harness.errors import UserError


class Counted(NamedTuple):
    """What is known of the ratings of a file, or of all.

    Attributes
    ----------
    user_ids, movie_ids : ndarray, int64, or object where ids are text
        Raw, ascending; with training ratings or not.
    by_user, by_movie : ndarray, int64
        Training ratings of each.
    all_by_user : ndarray, int64
        With those that are test.
    total : float
        Sum of the training ratings.
    """

    user_ids: NDArray[Any]
    movie_ids: NDArray[Any]
    by_user: NDArray[np.int64]
    by_movie: NDArray[np.int64]
    all_by_user: NDArray[np.int64]
    total: float

    @property
    def n_train(self) -> int:
        """Training ratings."""
        return int(self.by_user.sum())

    @property
    def n_test(self) -> int:
        """Test ratings."""
        return int(self.all_by_user.sum()) - self.n_train


def users_of_ladder(counted: Counted, needed: int, scale: str) -> NDArray[Any]:
    """Raw ids of the users of a rung that holds so many ratings.

    Raises
    ------
    UserError
        Where there are too few.
    """
    total = int(counted.all_by_user.sum())
    if needed > total:
        raise UserError(f"the files hold {total:,} ratings: too few for {scale}")
    order = ladder_order(counted.user_ids)
    return np.sort(counted.user_ids[order[: prefix_length(counted.all_by_user[order], needed)]])


def merged(found: Sequence[Counted]) -> Counted:
    """Counts of all files together.

    Raises
    ------
    UserError
        Where ids are text in some files and numbers in others.
    """
    user_ids, users = _union([one.user_ids for one in found])
    movie_ids, movies = _union([one.movie_ids for one in found])
    by_user = _added(users, [one.by_user for one in found], len(user_ids))
    by_movie = _added(movies, [one.by_movie for one in found], len(movie_ids))
    all_by_user = _added(users, [one.all_by_user for one in found], len(user_ids))
    total = math.fsum(one.total for one in found)
    return Counted(user_ids, movie_ids, by_user, by_movie, all_by_user, total)


def _union(ids: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], list[NDArray[np.int64]]]:
    """All ids, ascending, and the places of each file's among them."""
    if len({one.dtype == object for one in ids}) > 1:
        raise UserError(
            "ids are text in some files and whole numbers in others: "
            "say --columns user=NAME:text (or item=) to take them as text everywhere"
        )
    every = np.unique(np.concatenate(ids))
    return every, [np.searchsorted(every, one) for one in ids]


def _added(
    places: Sequence[NDArray[np.int64]], counts: Sequence[NDArray[np.int64]], n: int
) -> NDArray[np.int64]:
    total = np.zeros(n, np.int64)
    for at, some in zip(places, counts, strict=True):
        total[at] += some  # a file has each id once
    return total
