"""The shape of MovieLens 32M: how many ratings each user gives and each movie gets.

Only correctly rounded operations (+ - * / and the square root, element by element) and integer sums
are used, so that the counts are the same on every machine.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.data.ladder.holdout import splitmix64
from harness.data.synthetic.streams import streams

N_RATINGS, N_USERS, N_MOVIES = 32_000_204, 200_948, 84_432

# Rank, the busiest user first, to number of ratings. Those of ranks 20 … 1000 are set so that the
# busiest 1, 5 and 10 % hold their share of the ratings; the others are counts of MovieLens 32M.
_USER_KNOTS = {
    1: 33332, 2: 9577, 3: 9178, 4: 9044, 5: 9016, 6: 7748, 20: 5600, 100: 3750, 500: 2270,
    1000: 1730, 2009: 1288, 3621: 1000, 12603: 500, 20095: 364, 42197: 200, 50237: 167,
    80675: 100, 100474: 73, 128344: 50, 150711: 36, 200948: 20,
}  # fmt: skip

# Rank, the most popular movie first, to number of ratings: counts of MovieLens 32M.
_MOVIE_KNOTS = {
    1: 102929, 2: 100296, 3: 98409, 5: 90330, 7: 77332, 10: 73122, 15: 67750, 20: 66440, 30: 57073,
    50: 46289, 70: 41217, 100: 35969, 150: 29235, 200: 25370, 300: 19876, 400: 16169, 500: 13939,
    700: 10957, 1000: 7844, 1300: 5875, 1600: 4596, 2000: 3385, 2500: 2485, 3000: 1890, 3500: 1492,
    4000: 1188, 4500: 955, 5000: 785, 6000: 547, 7000: 388, 8000: 283, 9000: 216, 10000: 166,
    11000: 130, 12000: 104, 14000: 70, 16000: 50, 18000: 37, 20000: 28, 23000: 20, 26000: 15,
    30000: 11, 35000: 8, 40000: 6, 45000: 4, 50000: 3, 55420: 3, 55421: 2, 65825: 2, 65826: 1,
    84432: 1,
}  # fmt: skip

_HALVINGS = 7  # leaves intervals of the knots that are straight to 1e-5

_LARGEST_GAP = np.uint64(6)


def user_counts() -> NDArray[np.int64]:
    """Ratings of the users, the busiest first: shape (N_USERS,), sum N_RATINGS."""
    return _exact_total(_interpolate(_USER_KNOTS))


def movie_counts() -> NDArray[np.int64]:
    """Ratings of the movies, the most popular first: shape (N_MOVIES,), sum N_RATINGS."""
    return _exact_total(_interpolate(_MOVIE_KNOTS))


def movie_ids_and_ranks(key: np.uint64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Raw movie ids, ascending, and the rank of popularity (from 0) of each.

    As in MovieLens, ids leave gaps (of up to 5), and popular movies tend to have lower ones: they
    had more time to be rated.

    Parameters
    ----------
    key : uint64

    Returns
    -------
    ids, ranks : ndarray, shape (N_MOVIES,), int64
    """
    hashes = streams(key, N_MOVIES)
    lateness = (hashes >> np.uint64(40)).astype(np.int64) + 100 * np.arange(N_MOVIES)
    steps = 1 + (splitmix64(hashes) % _LARGEST_GAP).astype(np.int64)
    return np.cumsum(steps), np.argsort(lateness, kind="stable").astype(np.int64, copy=False)


def tail_shares(counts: NDArray[np.int64], n_tail: int) -> NDArray[np.float64]:
    """Ratings that users are to give to the less popular movies.

    Of n ratings n²/(n + K): a newcomer rates what everybody knows, and who has rated that goes on
    with the rest. K is such that the sum is `n_tail`.

    Parameters
    ----------
    counts : ndarray, shape (n_users,), int64
    n_tail : int

    Returns
    -------
    ndarray, shape (n_users,), float64
    """
    fine = 1024  # the sum is taken over whole parts, in units of 1/1024 rating
    low, high = 1, 1 << 20
    while low < high:
        middle = (low + high) // 2
        if (fine * counts * counts // (counts + middle)).sum() > fine * n_tail:
            low = middle + 1
        else:
            high = middle
    return (counts * counts).astype(np.float64) / (counts + low)


def _interpolate(knots: Mapping[int, int]) -> NDArray[np.int64]:
    """Counts at ranks 1 … the last knot, straight in log-log between knots.

    The geometric mean of two points of such a line lies on it, so halving a few times by square
    roots, which IEEE 754 rounds correctly, replaces logarithms, which it doesn't.
    """
    rank = np.array(list(knots), dtype=np.float64)
    count = np.array(list(knots.values()), dtype=np.float64)
    for _ in range(_HALVINGS):
        rank, count = _with_geometric_means(rank), _with_geometric_means(count)
    at = np.arange(1, int(rank[-1]) + 1, dtype=np.float64)
    left = np.clip(np.searchsorted(rank, at, side="right") - 1, 0, len(rank) - 2)
    slope = (count[left + 1] - count[left]) / (rank[left + 1] - rank[left])
    return np.floor(count[left] + slope * (at - rank[left]) + 0.5).astype(np.int64)


def _with_geometric_means(points: NDArray[np.float64]) -> NDArray[np.float64]:
    denser = np.empty(2 * len(points) - 1)
    denser[::2] = points
    denser[1::2] = np.sqrt(points[:-1] * points[1:])
    return denser


def _exact_total(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move the largest counts but the first ten by one each, so that they sum to N_RATINGS."""
    missing = N_RATINGS - int(counts.sum())
    counts[10 : 10 + abs(missing)] += np.sign(missing)
    return counts
