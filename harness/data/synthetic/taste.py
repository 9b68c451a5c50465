"""What the stand-in plants: biases, factors of decaying strength, genres and noise.

A latent score, b_u + c_i + Σ_f a_f p_uf q_if + noise, is cut at nine thresholds into the ten half
stars. All of it is integer arithmetic, so that no machine can round a rating the other way; a star
is `STAR` units.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.synthetic.kernels import GRID_STEP, Taste
from harness.data.synthetic.streams import NORMAL_SD, draws, normals, streams

STAR = NORMAL_SD
"""Latent units of one star."""

GENRES = (
    "Drama", "Comedy", "Thriller", "Romance", "Action", "Documentary", "Horror", "Crime",
    "Adventure", "Sci-Fi", "Children", "Animation", "Mystery", "Fantasy", "War", "Western",
    "Musical", "Film-Noir",
)  # fmt: skip
"""The first are the most frequent."""

_NO_GENRE = len(GENRES)
_MOST_GENRES = 3

# A movie's factors are .6 of its genres' mean direction and .8 of its own, x 1024. The first is
# divided by √n for n genres: 614, 614/√2, 614/√3.
_OWN = 819
_OF_GENRES = np.array([0, 614, 434, 355])


class Plan(NamedTuple):
    """Strengths, as standard deviations in latent stars.

    Set so that on all ratings ALS (regularisers 25 and 7.5, ten sweeps, a tenth held out) does as
    on MovieLens 32M. Measured for seed 0: test RMSE .7668 and train .6955 at rank 20, test .809 at
    rank 80, .8565 by biases alone; E[rating | what is planted] has .6988.
    `thresholds` are the quantiles of the score that give the ten values their shares.
    """

    user_bias: float = 0.46
    movie_bias: float = 0.41
    per_doubling: float = 0.06
    """Rise of a movie's mean with every doubling of its ratings."""
    at_top: float = 0.5
    """Further rise up to the most rated movie, linear in the ratings."""
    noise: float = 0.664
    factor: float = 0.347
    """Of the strongest factor; that of factor f = 1, 2, … is factor·f^-.75."""
    n_factors: int = 48
    # fmt: off
    thresholds: tuple[float, ...] = (
        -2.157, -1.689, -1.531, -1.126, -0.89, -0.28, 0.078, 0.82, 1.179,
    )
    # fmt: on


def genres_of_movies(key: np.uint64, n_movies: int) -> NDArray[np.int64]:
    """One to three genres of each movie.

    Returns
    -------
    ndarray, shape (n_movies, 3), int64
        Indices into `GENRES`, or ``len(GENRES)`` for none.
    """
    bits = draws(streams(key, n_movies), _MOST_GENRES)
    first, second, third = (
        ((bits >> np.uint64(s)) & np.uint64(0xFFFF)).astype(np.int64) for s in (0, 16, 32)
    )
    # The product of two uniform numbers prefers the genres that stand first.
    genres = (first * second * len(GENRES)) >> 32
    n_wanted = 1 + third[:, 0] % _MOST_GENRES
    genres[np.arange(_MOST_GENRES) >= n_wanted[:, None]] = _NO_GENRE
    for later in range(1, _MOST_GENRES):
        again = (genres[:, :later] == genres[:, later, None]).any(axis=1)
        genres[again, later] = _NO_GENRE
    return genres


def plant(
    plan: Plan, counts: NDArray[np.int64], genres: NDArray[np.int64], key: np.uint64
) -> Taste:
    """Plant biases and factors of the movies.

    Parameters
    ----------
    plan : Plan
    counts : ndarray, shape (n_movies,), int64
        Ratings of the movies.
    genres : ndarray, shape (n_movies, 3), int64
        As from `genres_of_movies`.
    key : uint64
    """
    all_streams = streams(key, len(counts) + len(GENRES))
    bits = draws(all_streams[: len(counts)], plan.n_factors + 1)
    bias = _movie_bias(plan, counts, normals(bits[:, 0]))
    by_genre = normals(draws(all_streams[len(counts) :], plan.n_factors))
    by_genre = np.concatenate([by_genre, np.zeros((1, plan.n_factors), dtype=np.int64)])
    n_genres = np.count_nonzero(genres != _NO_GENRE, axis=1)
    mixed = normals(bits[:, 1:]) * _OWN
    mixed += by_genre[genres].sum(axis=1) * _OF_GENRES[n_genres][:, None]
    factors = ((mixed * _strengths(plan)) >> 30).astype(np.int16)
    thresholds = np.array([_units(t) for t in plan.thresholds])
    grid = np.arange(-8 * STAR, 8 * STAR, GRID_STEP)
    expected = _expected_half_stars(grid, thresholds, _per_1024(plan.noise))
    return Taste(
        bias,
        factors,
        _per_1024(plan.user_bias),
        _per_1024(plan.noise),
        thresholds,
        expected,
        int(grid[0]),
    )


def _units(stars: float) -> int:
    return round(stars * STAR)


def _per_1024(stars: float) -> int:
    return round(stars * 1024)


def _movie_bias(plan: Plan, counts: NDArray[np.int64], own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bias of each movie; the more popular, the higher and the less scattered."""
    fame = counts * 1024 // counts.max()
    bias: NDArray[np.int64] = (own * _per_1024(plan.movie_bias) * (1024 - fame * 3 // 4)) >> 20
    bias += (_log2(counts) - 13 * 1024) * _units(plan.per_doubling) >> 10
    bias += (fame * _units(plan.at_top)) >> 10
    return bias


def _log2(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Logarithm to base 2, x 1024, straight between powers of two."""
    _, exponent = np.frexp(counts.astype(np.float64))
    whole = exponent.astype(np.int64) - 1
    fraction: NDArray[np.int64] = ((counts * 1024) >> whole) - 1024
    return whole * 1024 + fraction


def _strengths(plan: Plan) -> NDArray[np.int64]:
    """Scale of each factor.

    The kernel multiplies a user's normal / 32 with the movie's and divides by 64: the movie's have
    to have a standard deviation of 2048 times the strength.
    """
    root = np.sqrt(np.arange(1, plan.n_factors + 1, dtype=np.float64))
    scale = plan.factor * 2048 * 2**20 / STAR
    return np.floor(scale / (root * np.sqrt(root)) + 0.5).astype(np.int64)


def _expected_half_stars(
    grid: NDArray[np.int64], thresholds: NDArray[np.int64], noise_scale: int
) -> NDArray[np.int64]:
    """E[half stars | latent score without noise] x 1024 on a grid of scores."""
    expected = np.full(len(grid), 10.0)
    for threshold in thresholds:
        expected -= _below((threshold - grid) * (1024 / noise_scale))
    return np.floor(expected * 1024 + 0.5).astype(np.int64)


def _below(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that `normals` lie below x: Irwin-Hall with four terms."""
    t = np.clip(x / 65536 + 2, 0, 4)
    total = np.zeros_like(t)
    for k, coefficient in enumerate((1, -4, 6, -4)):
        above = np.maximum(t - k, 0)
        total += coefficient * (above * above) * (above * above)
    return total / 24
