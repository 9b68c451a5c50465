"""What regularisers do to movies with few ratings."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_QUARTILES = (0.25, 0.5, 0.75)


def by_ratings(counts: NDArray[np.int64], lengths: Floats, biases: Floats) -> list[dict[str, Any]]:
    """Lengths of factors, and biases, of movies with so many ratings.

    Parameters
    ----------
    counts : ndarray, shape (n_movies,), int64
        Training ratings. Movies without any are left out.
    lengths : ndarray, shape (n_movies,), float64
        Standard deviation over users of what the factors predict, in stars.
    biases : ndarray, shape (n_movies,), float64
        Mean over users of what is predicted for the movie alone, in stars.

    Returns
    -------
    list of dict
        For 1, 2-4, 5-9, 10-19, 20-49, … ratings: the least and the most, the number of movies, and
        the quartiles of the lengths and of the absolute biases.
    """
    found = []
    for low, beyond in pairwise(_edges(int(counts.max(initial=0)))):
        rows = (counts >= low) & (counts < beyond)
        if rows.any():
            found.append(
                {
                    "least": low,
                    "most": beyond - 1,
                    "movies": int(rows.sum()),
                    "length": np.quantile(lengths[rows], _QUARTILES).tolist(),
                    "bias": np.quantile(np.abs(biases[rows]), _QUARTILES).tolist(),
                }
            )
    return found


def _edges(most: int) -> list[int]:
    """1, 2, 5, 10, … up to the first beyond `most`."""
    edges = [1]
    while edges[-1] <= most:
        power, step = divmod(len(edges), 3)
        edges.append((1, 2, 5)[step] * 10**power)
    return edges
