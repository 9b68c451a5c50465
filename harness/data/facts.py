"""What there is to know of a data set before anything is trained on it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.dataset import Dataset
from harness.data.ladder.holdout import is_test

_MOST_VALUES = 20
_MANY_COLD = 0.5
_SPLIT_SEED = 0  # the default of `run`


class Heaviest(NamedTuple):
    """The user or movie with the most ratings: raw id, and how many."""

    raw_id: int | str
    ratings: int


class Facts(NamedTuple):
    """Facts of a data set.

    Attributes
    ----------
    filled : float
        Share of all pairs of a user and a movie that are rated.
    values : dict of float to int
        How often each rating was given, ascending; where there are more than twenty, those of ten
        intervals of equal width, by their lower ends.
    user, movie : Heaviest
    cold : float
        Share of test ratings whose user or movie has no training rating, in the holdout of `run`.
    """

    filled: float
    values: dict[float, int]
    user: Heaviest
    movie: Heaviest
    cold: float

    @property
    def warning(self) -> str | None:
        """What is to be said where so much is cold that the ids can hardly be meant."""
        if self.cold <= _MANY_COLD:
            return None
        return (
            f"{self.cold:.0%} of the test ratings are of a user or movie without training ratings: "
            "are these the ids of users and movies, and not of ratings?"
        )


def facts_of(dataset: Dataset) -> Facts:
    """Facts of a data set that is not empty."""
    ratings = dataset.ratings
    return Facts(
        len(ratings) / (ratings.n_users * ratings.n_items),
        _histogram(ratings.values),
        _heaviest(ratings.users, dataset.user_ids),
        _heaviest(ratings.items, dataset.movie_ids),
        _cold_share(dataset),
    )


def _histogram(values: NDArray[np.float32]) -> dict[float, int]:
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= _MOST_VALUES:
        return dict(zip(map(float, distinct), map(int, counts), strict=True))
    counts, edges = np.histogram(values, bins=10)
    return dict(zip(map(float, edges[:-1]), map(int, counts), strict=True))


def _heaviest(rows: NDArray[np.int32], ids: NDArray[np.generic]) -> Heaviest:
    counts = np.bincount(rows, minlength=len(ids))
    row = int(np.argmax(counts))
    return Heaviest(ids[row], int(counts[row]))


def _cold_share(dataset: Dataset) -> float:
    ratings = dataset.ratings
    rows = ratings.users, ratings.items
    test = is_test(dataset.user_ids, dataset.movie_ids, *rows, _SPLIT_SEED)
    warm = np.ones(int(np.count_nonzero(test)), np.bool_)
    for side, count in zip(rows, (ratings.n_users, ratings.n_items), strict=True):
        seen = np.zeros(count, np.bool_)
        seen[side[~test]] = True
        warm &= seen[side[test]]
    return 1 - float(warm.mean()) if len(warm) else 0.0
