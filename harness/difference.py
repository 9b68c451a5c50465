"""How far two solutions of one side are apart, row by row: one measure for runs and for `check`."""

import numpy as np
from numpy.typing import NDArray

from implementations.problem import Float

SMALLEST_ROW = 1e-3
"""Rows whose numbers are all smaller than this, in rating units, count as this large."""


def row_differences(got: NDArray[Float], expected: NDArray[Float]) -> NDArray[np.float64]:
    """Largest difference in each row, over the largest number expected in it.

    Parameters
    ----------
    got, expected : ndarray, shape (n_rows, rank + 1)

    Returns
    -------
    ndarray, shape (n_rows,), float64
        In float64, whatever the dtypes. Infinite where a number is not finite, and where a row is
        expected to be zero, as one without ratings is, and is not exactly that.
    """
    a, b = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        largest, scale = np.abs(a - b).max(axis=1), np.abs(b).max(axis=1)
        relative = largest / np.maximum(scale, SMALLEST_ROW)
    bad = ~np.isfinite(relative) | ((scale == 0) & (largest > 0))
    return np.where(bad, np.inf, relative)
