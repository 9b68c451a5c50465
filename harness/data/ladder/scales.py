"""The ladder of scales: nested subsamples of whole users, in an order that no seed changes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.dataset import Dataset
from harness.data.ladder.holdout import hash_ids, is_test
from harness.data.ladder.rung import Rung, split_by_mask
from harness.errors import UserError
from implementations.ratings import Ratings

_SIZES = {
    "100k": 100_000,
    "320k": 320_000,
    "1m": 1_000_000,
    "3.2m": 3_200_000,
    "10m": 10_000_000,
}
SCALES: tuple[str, ...] = (*_SIZES, "full")
"""Names of the rungs, the smallest first."""

_LARGEST_SHARE = 0.8


def rungs_up_to(scale: str, only: bool) -> list[str]:
    """Names of the rungs that are asked for, before the size of the data set is known.

    Parameters
    ----------
    scale : str
        One of `SCALES`.
    only : bool
        That rung alone; otherwise the ladder up to it.

    Raises
    ------
    UserError
        Where there is no such scale.
    """
    if scale not in SCALES:
        raise UserError(f"there is no scale {scale!r}: choose one of {', '.join(SCALES)}")
    return [scale] if only else list(SCALES[: SCALES.index(scale) + 1])


def plan(total_ratings: int, scale: str, only: bool) -> tuple[list[str], list[str]]:
    """Rungs to run on a data set, and what is to be said about them.

    Parameters
    ----------
    total_ratings : int
        Ratings of the whole data set.
    scale : str
        One of `SCALES`.
    only : bool
        That rung alone; otherwise the ladder up to it.

    Returns
    -------
    names : list of str
        A rung that would hold more than 80 % of all ratings has given way to "full".
    notices : list of str
        A line for those that did.
    """
    asked = rungs_up_to(scale, only)
    too_large = [name for name in asked if _SIZES.get(name, 0) > _LARGEST_SHARE * total_ratings]
    if not too_large:
        return asked, []
    kept = [name for name in asked if name not in (*too_large, "full")]
    notice = (
        f"{', '.join(too_large)}: more than {_LARGEST_SHARE:.0%} of all {total_ratings:,} ratings; "
        "full takes the place"
    )
    return [*kept, "full"], [notice]


def ratings_needed(names: Sequence[str]) -> int | None:
    """Ratings of the ladder's users, in its order, that these rungs need; None: all."""
    return None if "full" in names else max((_SIZES[name] for name in names), default=0)


def ladder_order(user_ids: NDArray[Any]) -> NDArray[np.int64]:
    """Positions of the users in the order of the ladder: by SplitMix64 of the raw id."""
    return np.argsort(hash_ids(user_ids), kind="stable").astype(np.int64, copy=False)


def prefix_length(counts: NDArray[np.int64], n_ratings: int) -> int:
    """Users of the shortest prefix that holds at least `n_ratings` ratings.

    Parameters
    ----------
    counts : ndarray, shape (n_users,), int64
        Ratings of the users, in the order of the ladder.
    n_ratings : int
    """
    return int(np.searchsorted(np.cumsum(counts), n_ratings)) + 1


def cut(dataset: Dataset, name: str, split_seed: int) -> Rung:
    """Rung of a data set.

    Parameters
    ----------
    dataset : Dataset
        Of an incomplete one only rungs that lie within its users can be cut.
    name : str
        One of `SCALES`.
    split_seed : int
        Seed of the holdout, not negative.

    Returns
    -------
    Rung

    Raises
    ------
    UserError
        Where the data set holds fewer ratings than the rung.
    """
    ratings, user_ids, movie_ids = dataset.ratings, dataset.user_ids, dataset.movie_ids
    needed = ratings_needed([name])
    if (needed is None and not dataset.complete) or (needed or 0) > len(ratings):
        raise UserError(f"{dataset.name} holds {len(ratings):,} ratings here: too few for {name}")
    if needed is not None:
        # Users are sorted: a bisection finds where each begins without a pass over all ratings.
        starts = np.searchsorted(ratings.users, np.arange(len(user_ids) + 1, dtype=np.int32))
        order = ladder_order(user_ids)
        chosen = np.sort(order[: prefix_length(np.diff(starts)[order], needed)])
        ratings, movies = _of_users(ratings, chosen, starts)
        user_ids, movie_ids = user_ids[chosen], movie_ids[movies]
    test = is_test(user_ids, movie_ids, ratings.users, ratings.items, split_seed)
    return split_by_mask(name, ratings, user_ids, movie_ids, test)


def _of_users(
    ratings: Ratings, chosen: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[Ratings, NDArray[np.int64]]:
    """Ratings of some users, ids made contiguous, and the positions of the items they rated."""
    counts = np.diff(starts)[chosen]
    shift = (starts[chosen] - np.cumsum(counts) + counts).repeat(counts)
    rows = np.arange(len(shift)) + shift
    users = np.arange(len(chosen), dtype=np.int32).repeat(counts)
    old_items = ratings.items[rows]
    seen = np.zeros(ratings.n_items, dtype=np.bool_)
    seen[old_items] = True
    movies = np.flatnonzero(seen)
    items = (np.cumsum(seen, dtype=np.int32) - np.int32(1))[old_items]
    values = np.asarray(ratings.values[rows])
    return Ratings(users, np.asarray(items), values, len(chosen), len(movies)), movies
