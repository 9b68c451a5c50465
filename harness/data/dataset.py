"""The noun `Dataset`: ratings together with their identity."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.ids import packed_strings
from implementations.ratings import Ratings


@dataclass(frozen=True)
class Dataset:
    """Ratings with their identity.

    Attributes
    ----------
    name : str
        "ml-32m", "synthetic-32m", or the name of a file or folder.
    synthetic : bool
        Whether the ratings were made up. Said in every record, table and figure.
    sha256 : str
        Of the content, whatever the layout it was read from (`content_sha256`).
    user_ids, movie_ids : ndarray, int64, or object where ids are text
        Raw ids, ascending; position p is the contiguous id p.
    ratings : Ratings
        Sorted by user, then movie. Arrays may be read-only memory maps.
    total_ratings : int
        Ratings of the whole data set, of which `ratings` may hold some users only.
    titles : mapping of raw movie id to title
    genres : mapping of raw movie id to genres
    facts : mapping
        What else is known of the data, such as the planted noise of a synthetic set.
    """

    name: str
    synthetic: bool
    sha256: str
    user_ids: NDArray[Any]
    movie_ids: NDArray[Any]
    ratings: Ratings
    total_ratings: int
    titles: Mapping[int | str, str] = field(default_factory=dict)
    genres: Mapping[int | str, tuple[str, ...]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether all users of the data set are here."""
        return len(self.ratings) == self.total_ratings


def content_sha256(user_ids: NDArray[Any], movie_ids: NDArray[Any], ratings: Ratings) -> str:
    """Identity of a data set: SHA-256 over raw ids and the sorted ratings, little-endian.

    Ids that are text enter as their UTF-8 bytes, and the lengths of these.

    Parameters
    ----------
    user_ids, movie_ids : ndarray, int64, or object where ids are text
    ratings : Ratings
        Sorted by user, then movie.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    columns: list[NDArray[Any]] = [ratings.users, ratings.items, ratings.values]
    for ids in (movie_ids, user_ids):
        columns[:0] = packed_strings(ids) if ids.dtype == object else [ids]
    for column in columns:
        digest.update(np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<")).data)
    return digest.hexdigest()
