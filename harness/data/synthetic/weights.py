"""How likely each user and each movie is to be drawn, so that drawn counts come out as planned.

Whoever is drawn often is drawn again, which does not count: probabilities have to make up for it.
Products and sums in the order written and no other function: the same bits on every machine. One
module, because Numba's cache sees no callee elsewhere.
"""

from itertools import accumulate, repeat
from math import fsum
from operator import mul

import numpy as np
from numpy.typing import NDArray

from implementations.jit import compiled

_TABLE_SIZE, _TABLE_RATIO = 320, 0.95  # of shares .5, .5·.95, …: down to 4e-8
_SATURATING = 0.01
_ITERATIONS = 12  # leave the counts of MovieLens 32M within .1 %
_MOST_DRAWS = 1_000_000


@compiled
def _power(base: float, exponent: int) -> float:
    """Base to a natural number."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


@compiled
def _movies_rated(
    shares: NDArray[np.float64], sizes: NDArray[np.int64], n_movies: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Expected Σ_s n_s·(1 - (1 - x)^s) for each share x."""
    rated = np.zeros(len(shares))
    for j in range(len(shares)):
        for s in range(len(sizes)):
            rated[j] += n_movies[s] * (1.0 - _power(1.0 - shares[j], sizes[s]))
    return rated


def user_weights(
    wanted: NDArray[np.float64], sizes: NDArray[np.int64], n_movies: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share of each user in all draws, so that it is among the raters of `wanted` movies.

    Solves Σ_s n_s·(1 - (1 - x)^s) = wanted for x by interpolation in a table. The few users who
    saturate keep that share, and the others have the rest.

    Parameters
    ----------
    wanted : ndarray, shape (n_users,), float64
    sizes, n_movies : ndarray, int64
        So many movies (n_movies) have so many raters (sizes).

    Returns
    -------
    ndarray, shape (n_users,), float64
        Sum 1.
    """
    steps = repeat(_TABLE_RATIO, _TABLE_SIZE - 1)
    x = np.array(list(accumulate(steps, mul, initial=0.5)))[::-1].copy()
    rated = _movies_rated(x, sizes, n_movies)
    left = np.clip(np.searchsorted(rated, wanted) - 1, 0, _TABLE_SIZE - 2)
    part = (wanted - rated[left]) / (rated[left + 1] - rated[left])
    weights: NDArray[np.float64] = x[left] + part * (x[left + 1] - x[left])
    # Exact sums: NumPy's have an order of their own on each machine.
    others = weights <= _SATURATING
    weights[others] *= (1.0 - fsum(weights[~others])) / fsum(weights[others])
    return weights


@compiled
def movie_weights(wanted: NDArray[np.float64], n_users: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights of movies among which users draw until they have enough different ones.

    After N draws movie i is taken with probability 1 - (1 - p_i)^N, and N follows from how many
    different ones a user takes. A fixed-point iteration moves p until the sum of these
    probabilities over the users is what is wanted.

    Parameters
    ----------
    wanted : ndarray, shape (n_movies,), float64
        Ratings of each movie.
    n_users : ndarray, shape (largest + 1,), int64
        How many users take 0, 1, 2, … movies.

    Returns
    -------
    ndarray, shape (n_movies,), float64
    """
    draws = _numbers_of_draws()
    weights = wanted.copy()
    taken = np.empty((len(draws), len(wanted)))
    for _ in range(_ITERATIONS):
        total = 0.0
        for weight in weights:
            total += weight
        for j in range(len(draws)):
            for i in range(len(wanted)):
                taken[j, i] = 1.0 - _power(1.0 - weights[i] / total, draws[j])
        users = _users_by_draws(taken, n_users)
        for i in range(len(wanted)):
            expected = 0.0
            for j in range(len(draws)):
                expected += users[j] * taken[j, i]
            weights[i] *= wanted[i] / expected
    return weights


@compiled
def _numbers_of_draws() -> NDArray[np.int64]:
    """1, 2, 3, …, then growing by an eighth: a grid, between whose points is interpolated."""
    draws = np.empty(200, np.int64)
    n, value = 0, 1
    while value < _MOST_DRAWS:
        draws[n] = value
        n += 1
        value += max(1, value >> 3)
    return draws[:n].copy()


@compiled
def _users_by_draws(taken: NDArray[np.float64], n_users: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share users out over the grid of draws, by how many movies they take."""
    n = len(taken)
    total = np.zeros(n)
    for j in range(n):
        for i in range(taken.shape[1]):
            total[j] += taken[j, i]
    users = np.zeros(n)
    j = 1
    for size in range(1, len(n_users)):
        while j < n - 1 and total[j] < size:
            j += 1
        part = (size - total[j - 1]) / (total[j] - total[j - 1])
        users[j - 1] += n_users[size] * (1.0 - part)
        users[j] += n_users[size] * part
    return users
