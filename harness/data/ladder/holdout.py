"""Which ratings are test: decided by a hash of raw ids, so that it is one answer in every rung."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.chunked import equal_chunks, in_chunks
from implementations.jit import compiled

TEST_SHARE_DIVISOR = 10
"""One rating in ten goes to test."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_TEST_BELOW = np.uint64(2**64 // TEST_SHARE_DIVISOR)
# Ratings that a thread hashes at a time.
_CHUNK = 1 << 18


def splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Output of SplitMix64 at these states (Steele, Lea and Flood 2014, figure 16).

    Parameters
    ----------
    state : ndarray, uint64

    Returns
    -------
    ndarray, uint64
        A generator seeded with s gives ``splitmix64(s + n·0x9E3779B97F4A7C15)``, n = 0, 1, 2, ….
    """
    z = state + _GAMMA
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z


def hash_ids(raw_ids: NDArray[Any]) -> NDArray[np.uint64]:
    """SplitMix64 of raw ids: the order of users in the ladder."""
    return splitmix64(_keys(raw_ids))


def _keys(raw_ids: NDArray[Any]) -> NDArray[np.uint64]:
    """Raw ids as 64 bits: whole numbers themselves; of text the first eight bytes of SHA-256."""
    if raw_ids.dtype != object:
        return np.asarray(raw_ids, dtype=np.int64).view(np.uint64)
    digests = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in raw_ids)
    return np.frombuffer(b"".join(digest[:8] for digest in digests), "<u8").astype(np.uint64)


def is_test(
    user_ids: NDArray[Any],
    movie_ids: NDArray[Any],
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    split_seed: int,
) -> NDArray[np.bool_]:
    """Whether each rating is test.

    The hash of a rating is h(h(h(seed) ⊕ user) ⊕ movie) with h SplitMix64 and raw ids; it is test
    where that lies in the lowest tenth.

    Parameters
    ----------
    user_ids, movie_ids : ndarray, int64, or object where ids are text
        Raw ids; ``user_ids[users]`` are the raw users of the ratings.
    users, items : ndarray, shape (n_ratings,), int32
        Positions in `user_ids` and `movie_ids`.
    split_seed : int
        Not negative.

    Returns
    -------
    ndarray, shape (n_ratings,), bool
    """
    if not 0 <= split_seed < 2**64:
        raise ValueError(f"the split seed must lie in 0 … 2⁶⁴ - 1, not {split_seed}")
    start = splitmix64(np.array([split_seed], dtype=np.uint64))
    of_user = splitmix64(_keys(user_ids) ^ start)
    raw_movies = _keys(movie_ids)
    test = np.empty(len(users), dtype=np.bool_)
    with np.errstate(over="ignore"):  # wrapping around is meant; compiled code does not ask
        in_chunks(_mark, equal_chunks(len(test), _CHUNK), of_user, raw_movies, users, items, test)
    return test


@compiled
def _mark(
    _: int,
    first: int,
    end: int,
    of_user: NDArray[np.uint64],
    raw_movies: NDArray[np.uint64],
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    test: NDArray[np.bool_],
) -> None:
    """Test is what lies in the lowest tenth of `splitmix64`, which is written out here."""
    for n in range(first, end):
        z = (of_user[users[n]] ^ raw_movies[items[n]]) + _GAMMA
        z = (z ^ (z >> np.uint64(30))) * _MIX_1
        z = (z ^ (z >> np.uint64(27))) * _MIX_2
        test[n] = (z ^ (z >> np.uint64(31))) < _TEST_BELOW
