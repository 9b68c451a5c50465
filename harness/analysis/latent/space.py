"""Where movies lie: item factors in stars, and the axes along which these differ most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import UserError

Floats = NDArray[np.float64]

_NUMERICAL_RANK = 1e-9  # an axis shorter than this part of the first is rounding
_SYMMETRIC = 1e-6  # of the sum of cubes: less than this part of it in absolute values says nothing


@dataclass(frozen=True, eq=False)  # arrays have no equality that is one
class Axes:
    """Principal axes of movies.

    Attributes
    ----------
    scores : ndarray, shape (n_movies, n_axes), float64
        Of each movie on each axis, in stars, around a mean of 0. The variance falls from axis to
        axis.
    shares : ndarray, shape (n_axes,), float64
        Of the variance; they add up to 1.
    """

    scores: Floats
    shares: Floats


def in_stars(users: Floats, items: Floats) -> Floats:
    """Item factors measured by what they do to ratings.

    With Σ the covariance of the users' factors, x_i = Σ^½ q_i. Then x_i·x_j is the covariance over
    users of what the factors predict for movies i and j: the length of x_i is its standard
    deviation in stars, the cosine of x_i and x_j is the correlation.

    Factors are defined up to an invertible A: users P A and items Q A^-T predict the same. Their
    covariances do so, too: Q A^-T (Aᵀ Σ A) A^-1 Qᵀ = Q Σ Qᵀ. So lengths, angles and distances of x
    do not depend on A; x itself does by a rotation or reflection.

    Parameters
    ----------
    users : ndarray, shape (n_users, rank), float64
    items : ndarray, shape (n_items, rank), float64
        Without biases.

    Returns
    -------
    ndarray, shape (n_items, rank), float64
    """
    if not len(users):
        return np.zeros_like(items)
    around = users - users.mean(axis=0)
    values, vectors = np.linalg.eigh(around.T @ around / len(users))
    stars: Floats = items @ (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return stars


def principal_axes(movies: Floats) -> Axes:
    """Principal axes, by the singular values of the movies around their mean.

    Parameters
    ----------
    movies : ndarray, shape (n_movies, rank), float64
        As `in_stars` gives them; each counts once.

    Returns
    -------
    Axes
        As many as the movies span. The sign of each is fixed by its scores, so that it is the same
        for all factors that predict the same: the sum of their cubes is positive, the longer tail
        points up. Axes with equal shares have no directions of their own.

    Raises
    ------
    UserError
        Where all movies lie at one place.
    """
    around = movies - movies.mean(axis=0)
    left, lengths, _ = np.linalg.svd(around, full_matrices=False)
    # Of movies that all lie at one place, the mean is off by rounding.
    if lengths[0] <= _NUMERICAL_RANK * np.linalg.norm(movies):
        raise UserError(
            "the factors of all movies are alike: the regularisers leave nothing to be seen"
        )
    real = lengths > _NUMERICAL_RANK * lengths[0]
    scores = left[:, real] * lengths[real]
    variances = lengths[real] ** 2
    return Axes(scores * _signs(scores), variances / variances.sum())


def _signs(scores: Floats) -> Floats:
    """+1 or -1 for each axis; of an even distribution, by the first movie that is far out."""
    cubes = (scores**3).sum(axis=0)
    even = np.abs(cubes) <= _SYMMETRIC * (np.abs(scores) ** 3).sum(axis=0)
    far = np.abs(scores) >= 0.5 * np.abs(scores).max(axis=0)
    first = np.take_along_axis(scores, far.argmax(axis=0)[None], axis=0)[0]
    return np.where(np.where(even, first, cubes) < 0, -1.0, 1.0)


def cosines(asked: Floats, movies: Floats) -> Floats:
    """How what the factors predict for two movies correlates over users.

    Parameters
    ----------
    asked : ndarray, shape (n_asked, rank), float64
    movies : ndarray, shape (n_movies, rank), float64
        As `in_stars` gives them, not around their mean.

    Returns
    -------
    ndarray, shape (n_asked, n_movies), float64
        Between -1 and 1; 0 for a movie of length 0.
    """
    found: Floats = _directions(asked) @ _directions(movies).T
    return np.clip(found, -1.0, 1.0)


def _directions(movies: Floats) -> Floats:
    lengths = np.linalg.norm(movies, axis=1, keepdims=True)
    directions: Floats = movies / np.where(lengths > 0, lengths, 1.0)
    return directions
