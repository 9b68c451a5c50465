"""Randomness of the stand-in: SplitMix64 in counter mode.

Draw n of a stream is a function of the stream's key and n alone, and every user and every movie has
streams of its own, so that nothing depends on the order of work or on what else is made.
`synthetic_kernels` has the same functions compiled.
"""

import numpy as np
from numpy.typing import NDArray

from harness.data.ladder.holdout import splitmix64

GAMMA = np.uint64(0x9E3779B97F4A7C15)
"""Increment of SplitMix64."""

NORMAL_SD = 37_837
"""Standard deviation of `normals`: √(4·(2³² - 1)/12), rounded."""

_MEAN_OF_LANES = 2 * 0xFFFF


def keys(seed: int, names: tuple[str, ...]) -> dict[str, np.uint64]:
    """A key for each purpose.

    Parameters
    ----------
    seed : int
        0 … 2⁶⁴ - 1.
    names : tuple of str
        Purposes; their order matters.
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"the seed of synthetic data must lie in 0 … 2⁶⁴ - 1, not {seed}")
    start = splitmix64(np.array([seed], dtype=np.uint64))
    numbers = np.arange(1, len(names) + 1, dtype=np.uint64)
    return dict(zip(names, splitmix64(splitmix64(start ^ numbers)), strict=True))


def streams(key: np.uint64, n: int) -> NDArray[np.uint64]:
    """Keys of the streams of entities 0 … n - 1."""
    return splitmix64(splitmix64(np.arange(n, dtype=np.uint64)) ^ key)


def draws(of_streams: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """First n draws of each stream: shape (n_streams, n)."""
    return splitmix64(of_streams[:, None] + np.arange(n, dtype=np.uint64) * GAMMA)


def normals(bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Sum of the four 16-bit lanes of each draw, centred.

    Nearly normal (kurtosis 2.7, at most 3.46 deviations from 0), and exact: the normal distribution
    itself would need logarithms, whose last bit depends on the machine.

    Returns
    -------
    ndarray, int64
        Mean 0, standard deviation `NORMAL_SD`.
    """
    total = np.full(bits.shape, -_MEAN_OF_LANES, dtype=np.int64)
    for shift in (0, 16, 32, 48):
        total += ((bits >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64)
    return total


def permutation(key: np.uint64, n: int) -> NDArray[np.int64]:
    """Permutation of 0 … n - 1 that a key selects."""
    return np.argsort(streams(key, n), kind="stable").astype(np.int64, copy=False)
