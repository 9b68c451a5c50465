"""Titles and genres of movies, in every layout. What is wrong with them stops no run."""

import csv
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from harness.data.movielens.archives import Member
from harness.data.movielens.dialect import split, whole_number
from harness.data.movielens.locating import Source
from harness.errors import UserError
from implementations.columns import plain_name

_GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip
_NO_GENRES = "(no genres listed)"
_FLAGS_FROM = 5
_IDS = ("movieid", "itemid", "id", "filmid", "movie", "item")
_TITLES, _GENRES = ("title", "name", "movietitle"), ("genres", "genre")

MovieId = int | str


class Movies(NamedTuple):
    """What is known of movies, by raw id.

    Attributes
    ----------
    titles : dict of int or str to str
    genres : dict of int or str to tuple of str
    """

    titles: dict[MovieId, str]
    genres: dict[MovieId, tuple[str, ...]]


class _Form(NamedTuple):
    """Where in a line id, title and genres stand."""

    separator: str
    id: int
    title: int
    genres: int | None  # None: flags, as in the release of 100 thousand ratings


def read_movies(source: Source, text_ids: bool, report: Callable[[str], None]) -> Movies:
    """Titles and genres; none where there is no file of movies, or it cannot be read.

    Parameters
    ----------
    source : Source
    text_ids : bool
        Whether the ids of movies are text in the ratings.
    report : callable
        Takes a line where titles are missing.
    """
    movies = Movies({}, {})
    if source.movies is None:
        return movies
    try:
        lines = _lines(source.movies)
    except UserError as error:
        report(f"there are no titles: {error}")
        return movies
    form, skipped = _form(source.movies.name, lines)
    if form is None:
        report(f"there are no titles: {source.movies} line 1 lacks movieId or title")
        return movies
    bad = []
    for number, line in lines[skipped:]:
        if not _add(movies, line, form, text_ids):
            bad.append(number)
    if bad:
        report(
            f"{len(bad):,} lines of {source.movies} are not a movie's id and title and are left "
            f"out, the first is line {bad[0]}"
        )
    return movies


def _lines(member: Member) -> list[tuple[int, str]]:
    """Lines that are not blank, with their numbers; UTF-8 or, as in older releases, Latin-1."""
    with member.open() as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = re.split("\r\n|\n|\r", text)
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _form(name: str, lines: list[tuple[int, str]]) -> tuple[_Form | None, int]:
    """Form of the lines, and how many of them to leave out: a header."""
    if name == "movies.dat":
        return _Form("::", 0, 1, 2), 0
    if name == "u.item":
        return _Form("|", 0, 1, None), 0
    fields = next(_fields(lines[0][1], ","), []) if lines else []
    names = [plain_name(field) for field in fields]
    movie, title, genres = (
        next((names.index(one) for one in known if one in names), -1)
        for known in (_IDS, _TITLES, _GENRES)
    )
    return (None if -1 in (movie, title) else _Form(",", movie, title, genres)), 1


def _add(movies: Movies, line: str, form: _Form, text_ids: bool) -> bool:
    """Add a line's movie; False where it is none."""
    for fields in _fields(line, form.separator):
        if len(fields) <= max(form.id, form.title):
            return False
        text = fields[form.id].strip()
        movie = text if text_ids else whole_number(text)
        genres = _genres(fields, form)
        if movie is None or movie == "" or genres is None:
            return False
        movies.titles[movie] = fields[form.title]
        movies.genres[movie] = genres
        return True
    return False


def _fields(line: str, separator: str) -> Iterator[list[str]]:
    """Fields of a line, once; not at all where one is too long to be any."""
    try:
        yield split(line, separator, strict=False) if separator == "," else line.split(separator)
    except csv.Error:
        return


def _genres(fields: list[str], form: _Form) -> tuple[str, ...] | None:
    """Genres of a movie; None where there are flags, but not as many as genres."""
    if form.genres is None:
        flags = fields[_FLAGS_FROM:]
        if len(flags) != len(_GENRES_100K):
            return None
        return tuple(name for name, flag in zip(_GENRES_100K, flags, strict=True) if flag == "1")
    listed = fields[form.genres] if 0 <= form.genres < len(fields) else ""
    return () if listed in ("", _NO_GENRES) else tuple(listed.split("|"))
