"""The shape of MovieLens 32M, and how far a data set is from it."""

import numpy as np

VALUE_COUNTS = np.array(
    [525132, 946675, 531063, 2028622, 1685386, 6054990, 4290105, 8367654, 2974000, 4596577]
)
USER_PERCENTILES = {25: 36, 50: 73, 75: 167, 90: 364, 99: 1288}
BUSIEST_USERS = [33332, 9577, 9178, 9044, 9016, 7748]
USERS_WITH_AT_LEAST = {50: 128344, 100: 80675, 200: 42197, 500: 12603, 1000: 3621}
SHARE_OF_BUSIEST = {0.01: 0.1257, 0.05: 0.3302, 0.10: 0.4720}
MOVIES_WITH_EXACTLY = {1: 18607, 2: 10405}
MOVIE_GINI = 0.9524
# rank of popularity: ratings
MOVIES = {
    1: 102929, 2: 100296, 3: 98409, 5: 90330, 7: 77332, 10: 73122, 15: 67750, 20: 66440, 30: 57073,
    50: 46289, 70: 41217, 100: 35969, 150: 29235, 200: 25370, 300: 19876, 400: 16169, 500: 13939,
    700: 10957, 1000: 7844, 1300: 5875, 1600: 4596, 2000: 3385, 2500: 2485, 3000: 1890, 3500: 1492,
    4000: 1188, 4500: 955, 5000: 785, 6000: 547, 7000: 388, 8000: 283, 9000: 216, 10000: 166,
    11000: 130, 12000: 104, 14000: 70, 16000: 50, 18000: 37, 20000: 28, 23000: 20, 26000: 15,
    30000: 11, 35000: 8, 40000: 6, 45000: 4, 50000: 3, 55000: 3, 60000: 2, 65825: 2, 84432: 1,
}  # fmt: skip


def user_deviation(counts) -> float:
    """Largest relative deviation of ratings per user from the table."""
    counts = np.sort(counts)[::-1]
    pairs = [(np.percentile(counts, p), wanted) for p, wanted in USER_PERCENTILES.items()]
    pairs += [((counts >= n).sum(), wanted) for n, wanted in USERS_WITH_AT_LEAST.items()]
    pairs += zip(counts, BUSIEST_USERS, strict=False)
    for part, wanted in SHARE_OF_BUSIEST.items():
        pairs.append((counts[: int(len(counts) * part)].sum() / counts.sum(), wanted))
    pairs.append((counts[-1], 20))
    return max(abs(found / wanted - 1) for found, wanted in pairs)


def movie_deviation(counts) -> float:
    """Largest relative deviation of ratings per movie from the table."""
    counts = np.sort(counts)[::-1]
    pairs = [(counts[rank - 1], wanted) for rank, wanted in MOVIES.items()]
    pairs += [((counts == n).sum(), wanted) for n, wanted in MOVIES_WITH_EXACTLY.items()]
    n = len(counts)
    gini = 1 - 2 * (np.arange(n) * counts).sum() / (n * counts.sum()) - 1 / n
    pairs.append((gini, MOVIE_GINI))
    return max(abs(found / wanted - 1) for found, wanted in pairs)


def value_deviation(values) -> float:
    """Largest deviation of the shares of the ten rating values, in points."""
    counts = np.bincount((np.asarray(values) * 2).astype(np.int64), minlength=11)
    assert counts[0] == 0
    assert len(counts) == 11
    shares = counts[1:] / len(values)
    return float(100 * np.abs(shares - VALUE_COUNTS / VALUE_COUNTS.sum()).max())
