"""Splits of published protocols: which ratings are test, in the order of the file.

All are drawn from NumPy's legacy generator: its stream is frozen, and protocols are defined by it.
"""

from collections.abc import Iterator
from math import ceil

import numpy as np
from numpy.typing import NDArray

from harness.reproduce.protocol import Split

Mask = NDArray[np.bool_]


def split_masks(split: Split, users: NDArray[np.int32], seed: int) -> Iterator[Mask]:
    """Masks of the test ratings: one, or one for each fold.

    Parameters
    ----------
    split : Split
    users : ndarray, shape (n_ratings,), int32
        User of each rating, in the order of the file.
    seed : int

    Yields
    ------
    ndarray, shape (n_ratings,), bool
    """
    generator = np.random.RandomState(seed)
    share, n_ratings = split.share or 0.0, len(users)
    if split.kind == "file-order":
        yield generator.random_sample(n_ratings) < share
    elif split.kind == "random":
        # As scikit-learn's train_test_split(test_size=share, random_state=seed) does.
        yield _mask(n_ratings, generator.permutation(n_ratings)[: ceil(share * n_ratings)])
    elif split.kind == "per-user":
        yield _per_user(users, share, generator)
    else:
        for fold in np.array_split(generator.permutation(n_ratings), split.folds or 1):
            yield _mask(n_ratings, fold)


# Shares such as .3 lie below their decimals: a third of three ratings is one.
_ROUNDING = 1e-9


def _per_user(users: NDArray[np.int32], share: float, generator: np.random.RandomState) -> Mask:
    """Of each user's n ratings ⌊share·n⌋, at least one; none of a user with a single rating."""
    counts = np.bincount(users)
    n_test = np.maximum(np.floor(share * counts + _ROUNDING).astype(np.int64), 1)
    n_test[counts <= 1] = 0
    order = np.lexsort((generator.random_sample(len(users)), users))
    place = np.arange(len(users)) - (np.cumsum(counts) - counts)[users[order]]
    return _mask(len(users), order[place < n_test[users[order]]])


def _mask(n_ratings: int, rows: NDArray[np.int64]) -> Mask:
    mask = np.zeros(n_ratings, dtype=np.bool_)
    mask[rows] = True
    return mask
