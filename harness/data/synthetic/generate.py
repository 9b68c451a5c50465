"""`synthetic-32m`: a stand-in of the shape of MovieLens 32M, made from a seed.

The 80,000 less popular movies draw their raters, so that each has exactly the ratings it should;
every user then draws popular movies until it has exactly the ratings it should. Both are drawn with
probabilities that make up for what saturates (`synthetic_weights`).

Same bits on any machine, and for any number of threads: draws are hashes of the seed, a purpose, a
user or movie, and a counter; counts come from correctly rounded operations alone
(`synthetic_shape`); biases, factors, noise and the thresholds of the ratings are integers
(`synthetic_taste`). No function of the C library is involved.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from harness.data.dataset import Dataset, content_sha256
from harness.data.ladder.holdout import hash_ids
from harness.data.ladder.scales import ladder_order, prefix_length
from harness.data.synthetic.kernels import (
    Keys,
    Popular,
    Rows,
    Taste,
    alias_table,
    draw_raters,
    make_rows,
    scatter,
)
from harness.data.synthetic.shape import (
    N_MOVIES,
    N_RATINGS,
    N_USERS,
    movie_counts,
    movie_ids_and_ranks,
    tail_shares,
    user_counts,
)
from harness.data.synthetic.streams import keys, permutation
from harness.data.synthetic.taste import GENRES, Plan, genres_of_movies, plant
from harness.data.synthetic.weights import movie_weights, user_weights
from implementations.ratings import Ratings

NAME = "synthetic-32m"

N_POPULAR = 4096
"""Movies that are drawn by users; the others draw theirs."""

_USERS_AT_ONCE = 2000

# Their order is part of the data: a new purpose goes to the end.
_PURPOSES = ("users", "movies", "genres", "planted", "raters", "popular", "taste", "noise")
# Those that differ between populations.
_OF_USERS = ("users", "raters", "popular", "taste", "noise")


class Pattern(NamedTuple):
    """Who rates how many, for all users, and which of the less popular movies."""

    n_by_user: NDArray[np.int64]  # (N_USERS,): of raw users 1, 2, …
    n_tail: NDArray[np.int64]  # (N_USERS,): less popular movies among them
    raters: NDArray[np.int32]  # of the less popular movies
    n_by_rank: NDArray[np.int64]  # (N_MOVIES,): ratings, the most popular movie first
    movie_ids: NDArray[np.int64]  # (N_MOVIES,): raw, ascending
    ranks: NDArray[np.int64]  # (N_MOVIES,): popularity of each, from 0


def _silent(_line: str) -> None:
    pass


def make(
    n_ratings: int | None = None,
    report: Callable[[str], None] = _silent,
    *,
    seed: int = 0,
    plan: Plan | None = None,
    population: int = 0,
) -> Dataset:
    """Make the stand-in, or those of its users whom the ladder needs.

    Parameters
    ----------
    n_ratings : int, optional
        Only the shortest prefix of users, in the order of the ladder, with so many ratings; their
        ratings are those that they have in the whole. Left out: all.
    report : callable
        Takes lines on the progress.
    seed : int
        0 … 2⁶⁴ - 1.
    plan : Plan, optional
        What is planted; left out, what resembles MovieLens 32M.
    population : int
        Which users: each has other ones, with ids of their own, of the same movies. 0: the set that
        goes by the name.

    Returns
    -------
    Dataset
        ``facts["oracle_rmse"]`` is the RMSE of E[rating | what is planted] on these very ratings:
        no predictor can expect a better one.

    Notes
    -----
    Uses as many threads as Numba may (`numba.set_num_threads`).
    """
    if n_ratings is not None and not 0 < n_ratings <= N_RATINGS:
        raise ValueError(f"{NAME} has 1 … {N_RATINGS:,} ratings to make, not {n_ratings:,}")
    plan = plan or Plan()
    key = keys(seed, _PURPOSES)
    if population:
        others = keys(int(hash_ids(np.array([population]))[0]), _PURPOSES)
        key |= {purpose: key[purpose] ^ others[purpose] for purpose in _OF_USERS}
    report(f"{NAME}: drawing who rates what")
    pattern = _draw_pattern(key)
    user_ids = np.arange(1, N_USERS + 1) + population * N_USERS
    users = _users_of_ladder(user_ids, pattern.n_by_user, n_ratings)
    genres = genres_of_movies(key["genres"], N_MOVIES)
    taste = plant(plan, pattern.n_by_rank[pattern.ranks], genres, key["planted"])
    rows = _empty_rows(pattern, user_ids, users)
    streams = Keys(key["popular"], key["taste"], key["noise"])
    oracle = _fill(rows, _popular(pattern), taste, streams, report)
    report(f"{NAME}: made; the best reachable RMSE is {oracle:.4f}")
    facts = {"oracle_rmse": oracle, "seed": seed, "planted_factors": plan.n_factors}
    return _dataset(rows, pattern.movie_ids, genres, facts)


def _draw_pattern(key: dict[str, np.uint64]) -> Pattern:
    n_by_user = np.empty(N_USERS, dtype=np.int64)
    n_by_user[permutation(key["users"], N_USERS)] = user_counts()
    movie_ids, ranks = movie_ids_and_ranks(key["movies"])
    n_by_rank = movie_counts()
    tail = n_by_rank[N_POPULAR:]
    sizes, n_movies = np.unique(tail, return_counts=True)
    wanted = tail_shares(n_by_user, int(tail.sum()))
    room = n_by_user.copy()
    table = alias_table(user_weights(wanted, sizes, n_movies))
    raters = draw_raters(tail, room, table, key["raters"])
    if room.max() > N_POPULAR:
        raise ValueError(
            "with this seed a user has too few of the less popular movies: try another"
        )
    return Pattern(n_by_user, n_by_user - room, raters, n_by_rank, movie_ids, ranks)


def _position_by_rank(pattern: Pattern) -> NDArray[np.int32]:
    """Position, in order of raw id, of the movie of each rank."""
    return np.argsort(pattern.ranks).astype(np.int32)


def _popular(pattern: Pattern) -> Popular:
    wanted = pattern.n_by_rank[:N_POPULAR].astype(np.float64)
    n_users = np.bincount(pattern.n_by_user - pattern.n_tail)
    table = alias_table(movie_weights(wanted, n_users))
    return Popular(table, _position_by_rank(pattern)[:N_POPULAR])


def _users_of_ladder(
    user_ids: NDArray[np.int64], counts: NDArray[np.int64], n_ratings: int | None
) -> NDArray[np.int64]:
    """Positions of the users to make, ascending."""
    if n_ratings is None:
        return np.arange(len(user_ids))
    order = ladder_order(user_ids)
    return np.sort(order[: prefix_length(counts[order], n_ratings)])


def _empty_rows(pattern: Pattern, user_ids: NDArray[np.int64], users: NDArray[np.int64]) -> Rows:
    """Rows of these users, empty but for the less popular movies."""
    indptr = np.concatenate([[0], np.cumsum(pattern.n_by_user[users])])
    next_free = np.full(N_USERS, -1)
    next_free[users] = indptr[:-1]
    items = np.empty(indptr[-1], dtype=np.int32)
    movies = _position_by_rank(pattern)[N_POPULAR:]
    scatter(pattern.raters, pattern.n_by_rank[N_POPULAR:], movies, next_free, items)
    values = np.empty(indptr[-1], dtype=np.float32)
    return Rows(user_ids[users], indptr, pattern.n_tail[users], items, values)


def _fill(
    rows: Rows, popular: Popular, taste: Taste, streams: Keys, report: Callable[[str], None]
) -> float:
    """Fill and rate all rows, by threads; the RMSE of the planted expectation, in stars."""

    def fill_block(start: int) -> int:
        block = slice(start, start + _USERS_AT_ONCE)
        indptr = rows.indptr[start : start + _USERS_AT_ONCE + 1]
        part = rows._replace(users=rows.users[block], indptr=indptr, n_tail=rows.n_tail[block])
        return make_rows(part, popular, taste, streams)

    starts = range(0, len(rows.users), _USERS_AT_ONCE)
    total, squares, said = len(rows.items), 0, 0
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        for start, part in zip(starts, pool.map(fill_block, starts), strict=True):
            squares += part  # integers: the order of threads does not matter
            done = int(rows.indptr[min(start + _USERS_AT_ONCE, len(rows.users))])
            if 10 * done // total > said:
                said = 10 * done // total
                report(f"{NAME}: {done:,} of {total:,} ratings")
    return sqrt(squares / total) / 2048  # 1024ths of half stars to stars


def _dataset(
    rows: Rows,
    movie_ids: NDArray[np.int64],
    genres: NDArray[np.int64],
    facts: dict[str, Any],
) -> Dataset:
    """Data set of finished rows, without the movies that nobody rates."""
    rated = np.zeros(N_MOVIES, dtype=np.bool_)
    rated[rows.items] = True
    items = rows.items if rated.all() else (np.cumsum(rated, dtype=np.int32) - 1)[rows.items]
    ids = movie_ids[rated]
    users = np.arange(len(rows.users), dtype=np.int32).repeat(np.diff(rows.indptr))
    ratings = Ratings(users, np.asarray(items), rows.values, len(rows.users), len(ids))
    named = zip(ids.tolist(), genres[rated].tolist(), strict=True)
    return Dataset(
        name=NAME,
        synthetic=True,
        sha256=content_sha256(rows.users, ids, ratings),
        user_ids=rows.users,
        movie_ids=ids,
        ratings=ratings,
        total_ratings=N_RATINGS,
        titles={movie: f"Synthetic movie {movie}" for movie in ids.tolist()},
        genres={movie: tuple(GENRES[g] for g in of if g < len(GENRES)) for movie, of in named},
        facts=facts,
    )
