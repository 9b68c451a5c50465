"""What the factors of a trained model mean: all facts of it that a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.analysis.latent import genres as of_genres
from harness.analysis.latent.shrinkage import by_ratings
from harness.analysis.latent.space import Axes, Floats, cosines, in_stars, principal_axes
from harness.analysis.latent.titles import ends, near, well_known
from harness.errors import UserError

SCHEMA = 1

LEAST_RATINGS = 20
"""A movie with fewer says little: its factor is mostly noise, or shrunk to nothing."""

_MOST_MOVIES = 3000  # of a large set the most rated: a map of more is a cloud
_FEWEST_MOVIES = 4
_NEAR_RATINGS, _NEAR_MOVIES = 50, 100  # neighbours need a direction that is surer than a place
_AXES = 4
_DIGITS = 6


@dataclass(frozen=True, eq=False)  # arrays have no equality that is one
class Trained:
    """A model, and what is known of its movies.

    Attributes
    ----------
    users : ndarray, shape (n_users, rank + 1), float64
        Row u is [p_u; b_u].
    items : ndarray, shape (n_movies, rank + 1), float64
        Row i is [q_i; c_i].
    counts : ndarray, shape (n_movies,), int64
        Training ratings.
    titles : sequence of str
    genres : sequence of sequence of str
        Of each movie; may be empty.
    """

    users: Floats
    items: Floats
    counts: NDArray[np.int64]
    titles: Sequence[str]
    genres: Sequence[Sequence[str]]


def latent_facts(trained: Trained) -> dict[str, Any]:
    """Analyse the item factors.

    Parameters
    ----------
    trained : Trained

    Returns
    -------
    dict
        Plain values that JSON can say; scores, lengths and biases are in stars.
        ``least_ratings``: those of a movie on the map. ``axes``: of each, its share of the variance
        and the movies at its ends. ``movies``: columns title, ratings, genres and scores (a row for
        each movie, a number for each axis). ``genres``: their centres. ``pairs``: how well two part
        (`harness.analysis.latent.genres.pairs`). ``neighbours`` of well-known movies, among those
        with ``neighbours_least_ratings``. ``shrinkage``: by number of ratings, over all movies.

    Raises
    ------
    UserError
        Where too few movies have enough ratings, or all factors are alike.
    """
    stars = in_stars(trained.users[:, :-1], trained.items[:, :-1])
    least = _least_ratings(trained.counts)
    kept = np.flatnonzero(trained.counts >= least)
    axes = principal_axes(stars[kept])
    # What the mean user's factor adds to all predictions of a movie is no taste, but its bias.
    biases = trained.items[:, -1] + trained.items[:, :-1] @ trained.users[:, :-1].mean(axis=0)
    found = {
        "schema": SCHEMA,
        "least_ratings": least,
        **_map(axes, kept, trained),
        **_neighbours(stars, least, trained),
        "shrinkage": by_ratings(trained.counts, np.linalg.norm(stars, axis=1), biases),
    }
    rounded: dict[str, Any] = _rounded(found)
    return rounded


def _least_ratings(counts: NDArray[np.int64]) -> int:
    """Ratings of a movie on the map: 20, or so many that no more than 3,000 have as many."""
    if (enough := int((counts >= LEAST_RATINGS).sum())) < _FEWEST_MOVIES:
        raise UserError(
            f"movies with {LEAST_RATINGS} training ratings: {enough}; "
            f"a map takes {_FEWEST_MOVIES} at least, from more ratings"
        )
    falling = np.sort(counts)[::-1]
    return LEAST_RATINGS if enough <= _MOST_MOVIES else int(falling[_MOST_MOVIES]) + 1


def _map(axes: Axes, kept: NDArray[np.int64], trained: Trained) -> dict[str, Any]:
    """Axes, movies, and their genres."""
    scores, counts = axes.scores[:, :_AXES], trained.counts[kept]
    titles = [trained.titles[row] for row in kept.tolist()]
    genres = [list(trained.genres[row]) for row in kept.tolist()]
    having = of_genres.members(genres)
    both_ends = ends(scores, titles, counts)
    return {
        "axes": [
            {"share": float(share), **of_axis}
            for share, of_axis in zip(axes.shares, both_ends, strict=False)
        ],
        "movies": {
            "title": titles,
            "ratings": counts.tolist(),
            "genres": genres,
            "scores": scores.tolist(),
        },
        "genres": of_genres.centres(scores, having),
        "pairs": of_genres.pairs(axes.scores, having),
    }


def _neighbours(stars: Floats, least: int, trained: Trained) -> dict[str, Any]:
    """Neighbours of well-known movies, among those with enough ratings."""
    surer = max(least, _NEAR_RATINGS)
    if (trained.counts >= surer).sum() < _NEAR_MOVIES:
        surer = least
    rows = np.flatnonzero(trained.counts >= surer)
    titles, counts = [trained.titles[row] for row in rows.tolist()], trained.counts[rows]
    asked = well_known(titles, counts)
    return {
        "neighbours_least_ratings": surer,
        "neighbours": near(asked, cosines(stars[rows[asked]], stars[rows]), titles, counts),
    }


def _rounded(value: Any) -> Any:
    """The same with numbers in six digits: more are noise, and depend on the machine."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
