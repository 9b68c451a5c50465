"""Genres among the factors, which never saw them: where they lie, and how well they part."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.analysis.latent.separation import separation

Floats = NDArray[np.float64]

FEWEST = 15
"""Movies that a genre needs, and each of two genres that the other has not."""

_SHUFFLE_SEED = 1
_NO_GENRES = {"IMAX", "unknown"}  # a format of film, and that of the release of 100 thousand
_TO_CHILDREN = {"Children", "Children's"}  # of newer and older releases


class _Groups(NamedTuple):
    """Two genres: rows of the movies of each that the other has not."""

    names: tuple[str, str]
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @property
    def expected(self) -> bool:
        """Whether these are the two that anybody would tell apart: they come first."""
        return self.names[0] in _TO_CHILDREN and self.names[1] == "Horror"


def members(genres: Sequence[Sequence[str]]) -> dict[str, NDArray[np.bool_]]:
    """Which movies each genre has.

    Parameters
    ----------
    genres : sequence of sequence of str
        Of each movie.

    Returns
    -------
    dict of str to ndarray, shape (n_movies,), bool
        By name. Genres of fewer than `FEWEST` movies are left out, and what is none.
    """
    names = sorted({name for of_movie in genres for name in of_movie} - _NO_GENRES)
    having = {name: np.array([name in of_movie for of_movie in genres]) for name in names}
    return {name: rows for name, rows in having.items() if rows.sum() >= FEWEST}


def centres(scores: Floats, having: dict[str, NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """Mean place of the movies of each genre.

    Parameters
    ----------
    scores : ndarray, shape (n_movies, n_axes), float64
        In stars.
    having : dict of str to ndarray
        By `members`.

    Returns
    -------
    list of dict
        Name, number of movies, and centre (a score for each axis). A movie with several genres
        counts in each.
    """
    return [
        {"name": name, "movies": int(rows.sum()), "centre": scores[rows].mean(axis=0).tolist()}
        for name, rows in having.items()
    ]


def pairs(movies: Floats, having: dict[str, NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """How well a linear discriminant in all dimensions tells two genres apart.

    Parameters
    ----------
    movies : ndarray, shape (n_movies, rank), float64
        In stars, on any axes.
    having : dict of str to ndarray
        By `members`.

    Returns
    -------
    list of dict
        Of each pair with enough movies: names, numbers of movies, held-out AUC with its 95 %
        interval, and the AUC of the same movies with their genres shuffled, which should be near
        .5. Children and horror come first, then by falling AUC.
    """
    found = []
    for groups in _all_groups(having):
        first, second = movies[groups.first], movies[groups.second]
        found.append((groups, separation(first, second), _shuffled(first, second)))
    found.sort(key=lambda one: (not one[0].expected, -one[1].auc))
    return [
        {
            "first": groups.names[0],
            "second": groups.names[1],
            "n_first": len(groups.first),
            "n_second": len(groups.second),
            **apart._asdict(),
            "shuffled": shuffled,
        }
        for groups, apart, shuffled in found
    ]


def _all_groups(having: dict[str, NDArray[np.bool_]]) -> list[_Groups]:
    found = []
    for one, other in combinations(having, 2):
        first = np.flatnonzero(having[one] & ~having[other])
        second = np.flatnonzero(having[other] & ~having[one])
        if min(len(first), len(second)) >= FEWEST:
            found.append(_Groups((one, other), first, second))
    return found


def _shuffled(first: Floats, second: Floats) -> float:
    generator = np.random.default_rng(_SHUFFLE_SEED)
    mixed = generator.permutation(np.concatenate([first, second]))
    return separation(mixed[: len(first)], mixed[len(first) :]).auc
