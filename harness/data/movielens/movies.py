"""Titles and genres of movies, in every layout."""

import csv
from collections.abc import Iterator
from typing import NamedTuple

from harness.data.movielens.layouts import CSV, DAT, Layout, Member, Source
from harness.errors import UserError

_GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
_NO_GENRES = "(no genres listed)"
_FLAGS_FROM = 5


class Movies(NamedTuple):
    """What is known of movies, by raw id.

    Attributes
    ----------
    titles : dict of int to str
    genres : dict of int to tuple of str
    """

    titles: dict[int, str]
    genres: dict[int, tuple[str, ...]]


def read_movies(source: Source) -> Movies:
    """Titles and genres; empty where there is no file of movies.

    Raises
    ------
    UserError
        Where a line of the file is bad; it names the file and the line.
    """
    movies = Movies({}, {})
    if source.movies is None:
        return movies
    text = _text(source.movies, source.layout)
    for number, fields in _rows(text, source.layout):
        try:
            raw_id, title, genres = int(fields[0]), fields[1], _genres(fields, source.layout)
        except (ValueError, IndexError) as error:
            raise UserError(
                f"{source.movies} line {number} is not a movie's id, title and genres"
            ) from error
        movies.titles[raw_id] = title
        movies.genres[raw_id] = genres
    return movies


def _text(member: Member, layout: Layout) -> str:
    with member.open() as stream:
        content = stream.read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if layout is not CSV:  # 100k and 1m are Latin-1, 10m is UTF-8
            return content.decode("latin-1")
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{member} line {line} is not UTF-8 text: convert the file") from error


def _rows(text: str, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    if layout is CSV:
        reader = csv.reader(text.splitlines())
        next(reader, None)
        yield from ((reader.line_num, fields) for fields in reader if fields)
        return
    separator = "::" if layout is DAT else "|"
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r").split(separator)


def _genres(fields: list[str], layout: Layout) -> tuple[str, ...]:
    if layout is CSV or layout is DAT:
        return () if fields[2] == _NO_GENRES else tuple(fields[2].split("|"))
    flags = fields[_FLAGS_FROM:]
    return tuple(name for name, flag in zip(_GENRES_100K, flags, strict=True) if flag == "1")
