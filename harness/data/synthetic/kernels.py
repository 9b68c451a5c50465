"""Who rates what, and how: compiled. One module, because Numba's cache sees no callee elsewhere.

Whom a movie or a user draws, and how it is rated, is integer arithmetic on hashes
(`synthetic_random`), and a user's row depends on nothing but the seed and the user.
"""

from math import fsum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.jit import compiled

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW_16, _LOW_32 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
_MEAN_OF_LANES = 2 * 0xFFFF

GRID_STEP = 256
"""Latent units between neighbouring entries of `Taste.expected`."""


class Alias(NamedTuple):
    """Walker's table: draws an index with given probabilities by one comparison."""

    keep: NDArray[np.uint64]  # of 2**32: the part of a slot that is its own index
    other: NDArray[np.int32]


class Popular(NamedTuple):
    """The popular movies, with which users fill up."""

    table: Alias
    movies: NDArray[np.int32]


class Taste(NamedTuple):
    """What is planted. Scores are in latent units, `synthetic_random.NORMAL_SD` to the star."""

    movie_bias: NDArray[np.int64]  # (n_movies,)
    movie_factors: NDArray[np.int16]  # (n_movies, n_factors)
    user_bias_scale: int  # of 1024
    noise_scale: int  # of 1024
    thresholds: NDArray[np.int64]  # (9,): the score at which the next half star begins
    expected: NDArray[np.int64]  # expected half stars x 1024, on a grid of scores without noise
    grid_start: int


class Keys(NamedTuple):
    """Keys of the users' streams: which popular movies, which taste, which noise."""

    movies: np.uint64
    taste: np.uint64
    noise: np.uint64


class Rows(NamedTuple):
    """Rows of some users, whose less popular movies stand first in them already."""

    users: NDArray[np.int64]  # (n,): raw ids
    indptr: NDArray[np.int64]  # (n + 1,)
    n_tail: NDArray[np.int64]  # (n,): less popular movies of each
    items: NDArray[np.int32]
    values: NDArray[np.float32]


@compiled
def _hash(state: np.uint64) -> np.uint64:
    """SplitMix64."""
    z = state + _GAMMA
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@compiled
def _stream(key: np.uint64, entity: int) -> np.uint64:
    return _hash(_hash(np.uint64(entity)) ^ key)


@compiled
def _draw(stream: np.uint64, n: int) -> np.uint64:
    return _hash(stream + np.uint64(n) * _GAMMA)


@compiled
def _normal(bits: np.uint64) -> np.int64:
    total = (bits & _LOW_16) + ((bits >> np.uint64(16)) & _LOW_16)
    total += ((bits >> np.uint64(32)) & _LOW_16) + (bits >> np.uint64(48))
    return np.int64(total) - _MEAN_OF_LANES


def alias_table(weights: NDArray[np.float64]) -> Alias:
    """Table of an index's probabilities, which need not sum to one (Vose 1991)."""
    n = len(weights)
    keep, other = np.full(n, 2**32, dtype=np.uint64), np.arange(n, dtype=np.int32)
    _share_slots(weights * (n / fsum(weights)), keep, other, np.empty(n, dtype=np.int32))
    return Alias(keep, other)


@compiled
def _share_slots(
    share: NDArray[np.float64],
    keep: NDArray[np.uint64],
    other: NDArray[np.int32],
    stacks: NDArray[np.int32],
) -> None:
    """Pair slots of less than their share with others of more; `share` is used up."""
    # Two stacks in one array: from the left, the small ones; from the right, the large ones.
    n_small, first_large = 0, len(share)
    for i in range(len(share)):
        if share[i] < 1.0:
            stacks[n_small] = i
            n_small += 1
        else:
            first_large -= 1
            stacks[first_large] = i
    while n_small and first_large < len(share):
        n_small -= 1
        i, j = stacks[n_small], stacks[first_large]
        keep[i] = np.uint64(share[i] * 4294967296.0)
        other[i] = j
        share[j] -= 1.0 - share[i]
        if share[j] < 1.0:
            first_large += 1
            stacks[n_small] = j
            n_small += 1


@compiled
def _pick(table: Alias, bits: np.uint64) -> np.int64:
    slot = np.int64(((bits >> np.uint64(32)) * np.uint64(len(table.keep))) >> np.uint64(32))
    if (bits & _LOW_32) < table.keep[slot]:
        return slot
    return np.int64(table.other[slot])


@compiled
def draw_raters(
    counts: NDArray[np.int64], room: NDArray[np.int64], table: Alias, key: np.uint64
) -> NDArray[np.int32]:
    """Distinct raters of the less popular movies, one movie after the other.

    Parameters
    ----------
    counts : ndarray, shape (n_movies,), int64
        Raters of each movie.
    room : ndarray, shape (n_users,), int64
        Ratings that each user has to give; afterwards, those that remain.
    table : Alias
        Of users.
    key : uint64

    Returns
    -------
    ndarray, shape (sum of counts,), int32
        Positions of users.
    """
    raters = np.empty(counts.sum(), np.int32)
    last_movie = np.full(len(room), -1, np.int32)
    at = 0
    for movie in range(len(counts)):
        stream = _stream(key, movie)
        n, end = 0, at + counts[movie]
        while at < end:
            user = _pick(table, _draw(stream, n))
            n += 1
            if last_movie[user] != movie and room[user] > 0:
                last_movie[user] = movie
                room[user] -= 1
                raters[at] = user
                at += 1
    return raters


@compiled
def scatter(
    raters: NDArray[np.int32],
    counts: NDArray[np.int64],
    movies: NDArray[np.int32],
    next_free: NDArray[np.int64],
    items: NDArray[np.int32],
) -> None:
    """Write movies into the rows of their raters.

    Parameters
    ----------
    raters, counts
        As of `draw_raters`.
    movies : ndarray, shape (n_movies,), int32
        What is written for each movie.
    next_free : ndarray, shape (n_users,), int64
        Where the next movie of a user goes; negative: the user isn't wanted.
    items : ndarray, int32
        Written to.
    """
    at = 0
    for movie in range(len(counts)):
        for _ in range(counts[movie]):
            user = raters[at]
            at += 1
            if next_free[user] >= 0:
                items[next_free[user]] = movies[movie]
                next_free[user] += 1


@compiled
def _fill_row(row: NDArray[np.int32], n_tail: int, popular: Popular, stream: np.uint64) -> None:
    """Fill a row up with different popular movies, and sort it."""
    taken = np.zeros(len(popular.movies), np.bool_)
    at, n = n_tail, 0
    while at < len(row):
        movie = _pick(popular.table, _draw(stream, n))
        n += 1
        if not taken[movie]:
            taken[movie] = True
            row[at] = popular.movies[movie]
            at += 1
    row.sort()


@compiled
def _rate_row(
    row: NDArray[np.int32], values: NDArray[np.float32], user: int, taste: Taste, keys: Keys
) -> int:
    """Rate a row; the sum of squared distances from the expected half stars, x 2**20."""
    n_factors = taste.movie_factors.shape[1]
    stream, noise = _stream(keys.taste, user), _stream(keys.noise, user)
    bias = (_normal(_draw(stream, 0)) * taste.user_bias_scale) >> 10
    factors = np.empty(n_factors, np.int16)
    for f in range(n_factors):
        factors[f] = _normal(_draw(stream, f + 1)) >> 5
    squares = 0
    for j in range(len(row)):
        movie = row[j]
        dot = np.int64(0)
        for f in range(n_factors):
            dot += np.int32(factors[f]) * np.int32(taste.movie_factors[movie, f])
        score = bias + taste.movie_bias[movie] + (dot >> 6)
        noisy = score + ((_normal(_draw(noise, movie)) * taste.noise_scale) >> 10)
        half_stars = 1
        for threshold in taste.thresholds:
            half_stars += noisy >= threshold
        values[j] = np.float32(half_stars) * np.float32(0.5)
        cell = (score - taste.grid_start + GRID_STEP // 2) // GRID_STEP
        cell = min(max(cell, 0), len(taste.expected) - 1)
        squares += (half_stars * 1024 - taste.expected[cell]) ** 2
    return squares


@compiled
def make_rows(rows: Rows, popular: Popular, taste: Taste, keys: Keys) -> int:
    """Fill the rows of some users up, and rate them; several calls can run at once.

    Returns
    -------
    int
        Sum over the ratings of (half stars - their planted expectation)², x 2**20.
    """
    squares = 0
    for u in range(len(rows.users)):
        user, stretch = rows.users[u], slice(rows.indptr[u], rows.indptr[u + 1])
        row = rows.items[stretch]
        _fill_row(row, rows.n_tail[u], popular, _stream(keys.movies, user))
        squares += _rate_row(row, rows.values[stretch], user, taste, keys)
    return squares
