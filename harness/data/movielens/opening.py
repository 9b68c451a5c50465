"""Files to a `Dataset`: from the cache where it was read before."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from harness.data import cache
from harness.data.dataset import Dataset, content_sha256
from harness.data.movielens.fingerprint import content_key
from harness.data.movielens.indexing import index_table
from harness.data.movielens.layouts import Source, locate
from harness.data.movielens.movies import read_movies
from harness.data.movielens.readers import read_table

Report = Callable[[str], None]


def open_path(path: Path, report: Report) -> Dataset:
    """Data set in a folder, a zip or a ratings file.

    Parameters
    ----------
    path : Path
    report : callable
        Takes lines that tell what goes on.

    Raises
    ------
    UserError
        Where there are no ratings, or bad ones.
    """
    source = locate(path)
    return cached(content_key(source), source.name, lambda: read(source), report)


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
        found = make()
        try:
            cache.store(key, found)
        except OSError as error:
            report(f"{name} is not cached, and read again next time: {error}")
        else:
            # As memory maps the columns need no memory of their own.
            found = cache.load(key, report) or found
    return dataclasses.replace(found, name=name)


def read(source: Source) -> Dataset:
    """Data set read from its files.

    Raises
    ------
    UserError
        Where a file is bad.
    """
    indexed = index_table(read_table(source), source)
    movies = read_movies(source)
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
