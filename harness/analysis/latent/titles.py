"""Movies that a reader knows, those near them, and those at the ends of an axis."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_KNOWN = (
    "Toy Story (", "Alien (", "Star Wars", "Godfather, The (", "Pulp Fiction (",
    "Shawshank Redemption, The (", "Matrix, The (", "Titanic (",
)  # fmt: skip
_ASKED = 8  # movies whose neighbours are named
_NEAR = 6


def well_known(titles: Sequence[str], counts: NDArray[np.int64]) -> list[int]:
    """Rows of movies that a reader knows, or else of those most often rated.

    Parameters
    ----------
    titles : sequence of str
    counts : ndarray, shape (n_movies,), int64
        Their ratings.

    Returns
    -------
    list of int
        At most eight, each once.
    """
    folded = [title.casefold() for title in titles]
    rows = []
    for start in _KNOWN:
        begun = [row for row, title in enumerate(folded) if title.startswith(start.casefold())]
        if begun:
            rows.append(max(begun, key=lambda row: counts[row]))
    rows += np.argsort(-counts, kind="stable").tolist()
    return list(dict.fromkeys(rows))[:_ASKED]


def near(
    asked: Sequence[int], cosines: Floats, titles: Sequence[str], counts: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Movies with the highest cosines to each one asked for.

    Parameters
    ----------
    asked : sequence of int
        Rows.
    cosines : ndarray, shape (len(asked), n_movies), float64
        Of the movies asked for, and all.
    titles : sequence of str
    counts : ndarray, shape (n_movies,), int64

    Returns
    -------
    list of dict
        Title and ratings of the movie, and under ``near`` the same and the cosine of its
        neighbours, the nearest first.
    """
    found = []
    for row, alike in zip(asked, cosines, strict=True):
        order = [other for other in np.argsort(-alike, kind="stable").tolist() if other != row]
        others = [
            _named(other, titles, counts) | {"cosine": float(alike[other])}
            for other in order[:_NEAR]
        ]
        found.append(_named(row, titles, counts) | {"near": others})
    return found


def ends(
    scores: Floats, titles: Sequence[str], counts: NDArray[np.int64], n: int = 6
) -> list[dict[str, Any]]:
    """Movies at both ends of each axis.

    Parameters
    ----------
    scores : ndarray, shape (n_movies, n_axes), float64
    titles : sequence of str
    counts : ndarray, shape (n_movies,), int64
    n : int
        How many at each end; fewer where both would meet.

    Returns
    -------
    list of dict
        For each axis under ``low`` and ``high`` movies with their scores, the farthest first.
    """
    n = min(n, len(scores) // 2)
    found = []
    for axis in scores.T:
        order = np.argsort(axis, kind="stable").tolist()
        sides = {"low": order[:n], "high": order[::-1][:n]}
        found.append(
            {
                side: [_named(row, titles, counts) | {"score": float(axis[row])} for row in rows]
                for side, rows in sides.items()
            }
        )
    return found


def _named(row: int, titles: Sequence[str], counts: NDArray[np.int64]) -> dict[str, Any]:
    return {"title": titles[row], "ratings": int(counts[row])}
