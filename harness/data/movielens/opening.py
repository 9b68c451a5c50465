"""Files to a `Dataset`: from the cache where it was read before."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.data import cache
from harness.data.dataset import Dataset, content_sha256
from harness.data.movielens.fingerprint import content_key
from harness.data.movielens.indexing import index_table
from harness.data.movielens.locating import Source, locate
from harness.data.movielens.movies import read_movies
from harness.data.movielens.readers import read_table

Report = Callable[[str], None]


def open_path(path: Path, report: Report, columns: Mapping[str, str] | None = None) -> Dataset:
    """Data set in a folder, an archive or a ratings file.

    Parameters
    ----------
    path : Path
    report : callable
        Takes lines that tell what goes on.
    columns : mapping, optional
        Of "user", "item" and "rating" to the names of columns that were given.

    Raises
    ------
    UserError
        Where there are no ratings, or bad ones.
    """
    source = locate(path, columns)
    return cached(content_key(source), source.name, lambda: read(source, report), report)


def cached(key: str, name: str, make: Callable[[], Dataset], report: Report) -> Dataset:
    """Data set of a key: from the cache, or made and kept there.

    Parameters
    ----------
    key : str
    name : str
        Name that the data set goes by, whatever it was called when it was stored.
    make : callable
    report : callable
    """
    found = cache.load(key, report)
    if found is None:
        found = _kept(key, name, make(), report)
    return dataclasses.replace(found, name=name)


def _kept(key: str, name: str, made: Dataset, report: Report) -> Dataset:
    """A data set from the cache, where it could be put there; otherwise as it is."""
    reason = None
    try:
        cache.store(key, made)
    except OSError as error:
        reason = error
    # As memory maps the columns need no memory of their own. Another process may have stored it.
    stored = cache.load(key, report)
    if stored is None:
        report(f"{name} is not cached, and read again next time: {reason}")
    return stored or made


def read(source: Source, report: Report) -> Dataset:
    """Data set read from its files.

    Parameters
    ----------
    source : Source
    report : callable
        Takes a line where titles are missing.

    Raises
    ------
    UserError
        Where the ratings are bad.
    """
    indexed = index_table(read_table(source), source)
    movies = read_movies(source, indexed.movie_ids.dtype == object, report)
    ratings = indexed.ratings
    return Dataset(
        name=source.name,
        synthetic=False,
        sha256=content_sha256(indexed.user_ids, indexed.movie_ids, ratings),
        user_ids=indexed.user_ids,
        movie_ids=indexed.movie_ids,
        ratings=ratings,
        total_ratings=len(ratings),
        titles=movies.titles,
        genres=movies.genres,
    )
