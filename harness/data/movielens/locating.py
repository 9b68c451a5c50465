"""Where in a folder, an archive or a file the ratings lie, and the titles beside them."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from harness.data.movielens.archives import (
    Member,
    is_archive,
    names_inside,
    without_compression,
)
from harness.errors import UserError

# Ratings of a release, and the titles that go with them.
_RELEASES = {
    "ratings.csv": "movies.csv",
    "ratings.dat": "movies.dat",
    "u.data": "u.item",
}
_TABLES = (".csv", ".tsv", ".dat", ".data", ".parquet")
_NO_RATINGS = (
    *("movies", "links", "tags", "genome-scores", "genome-tags", "users", "items", "books"),
    *("u", "u1", "u2", "u3", "u4", "u5", "ua", "ub"),
)
_MOST_FILES, _DEEPEST = 10_000, 6


@dataclass(frozen=True)
class Source:
    """Ratings found on disk.

    Attributes
    ----------
    name : str
        Of the folder, archive or file.
    ratings : Member
    movies : Member or None
        Titles and genres, where there are any.
    columns : mapping
        Of "user", "item" and "rating" to the name of a column, or its number from 1 where there
        are no names; only those that the user named.
    """

    name: str
    ratings: Member
    movies: Member | None
    columns: Mapping[str, str] = field(default_factory=dict)


def locate(path: Path, columns: Mapping[str, str] | None = None) -> Source:
    """Ratings in a folder, however deep, in an archive, or in a single file.

    Parameters
    ----------
    path : Path
    columns : mapping, optional
        As of `Source`.

    Raises
    ------
    UserError
        Where there is no such path, or no ratings or several at it.
    """
    given = dict(columns or {})
    if path.is_dir():
        return _in_folder(path, given)
    if not path.exists():
        what = "a link to nowhere" if path.is_symlink() else "no such file or folder"
        raise UserError(f"{path}: there is {what}")
    if not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder: give the file of the ratings")
    if is_archive(path):
        return _in_archive(path, given)
    return _beside(path, given) if path.name in _RELEASES else _alone(path, given)


def tables_in(path: Path) -> list[Path]:
    """All files of ratings in a folder, by name; of what is a file, that one.

    Raises
    ------
    UserError
        Where there is none.
    """
    if not path.is_dir():
        locate(path)
        return [path]
    names = [file for file in _files_under(path) if all(_counts(part) for part in file.parts)]
    found = [path / name for name in names if _rank(name) is not None]
    if not found:
        raise UserError(f"{path} holds no table of ratings: give a folder of parquet or csv files")
    return found


def _in_folder(path: Path, columns: Mapping[str, str]) -> Source:
    try:
        files = list(_files_under(path))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    found = path / _the_ratings(path, files)
    return _beside(found, columns)


def _files_under(path: Path) -> Iterator[PurePath]:
    """Files of a folder, relative to it; what is hidden is left out, links to folders too."""

    def complain(error: OSError) -> None:
        if Path(error.filename) == path:
            raise error

    n_files = 0
    for folder, folders, files in os.walk(path, onerror=complain):
        here = Path(folder).relative_to(path)
        deep = len(here.parts) >= _DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if _counts(name))
        n_files += len(files)
        if n_files > _MOST_FILES:
            raise UserError(
                f"{path} holds more than {_MOST_FILES:,} files: give the folder of the ratings"
            )
        yield from (here / name for name in sorted(files))


def _in_archive(path: Path, columns: Mapping[str, str]) -> Source:
    files, links = names_inside(path)
    try:
        ratings = str(_the_ratings(path, map(PurePosixPath, files)))
    except UserError as error:
        if not any(_rank(PurePosixPath(link)) is not None for link in links):
            raise
        raise UserError(
            f"{path}: its member {links[0]!r} is a link, and none is followed"
        ) from error
    titles = _RELEASES.get(without_compression(PurePosixPath(ratings).name))
    movies = titles and str(PurePosixPath(ratings).with_name(titles))
    name = path.name.lower().removesuffix(".zip").partition(".tar")[0]
    return Source(
        path.name[: len(name)].removesuffix(".tgz"),
        Member(path, ratings),
        Member(path, movies) if movies in files else None,
        columns,
    )


def _the_ratings(where: Path, files: Iterable[PurePath]) -> PurePath:
    """The one file of ratings among these: by its name, else the only table."""
    ranked: dict[tuple[int, int], list[PurePath]] = {}
    for file in files:
        rank = _rank(file)
        if rank is not None and all(_counts(part) for part in file.parts):
            ranked.setdefault((rank, len(file.parts)), []).append(file)
    if not ranked:
        known = ", ".join(_RELEASES)
        raise UserError(f"{where} holds no {known} nor another table: give the file of the ratings")
    best = ranked[min(ranked)]
    if len(best) > 1:
        names = ", ".join(str(where / file) for file in best[:5])
        raise UserError(f"{where} holds several data sets ({names}): give one of them")
    return best[0]


def _rank(file: PurePath) -> int | None:
    """0 for the name of a release's ratings, 1 for another table, None for neither."""
    name = without_compression(file.name)
    if name in _RELEASES:
        return 0
    stem, suffix = PurePath(name).stem, PurePath(name).suffix.lower()
    return 1 if suffix in _TABLES and stem.lower() not in _NO_RATINGS else None


def _counts(name: str) -> bool:
    """Whether a file or folder of this name is looked at: none that systems add by themselves."""
    return not name.startswith(".") and name != "__MACOSX"


def _beside(ratings: Path, columns: Mapping[str, str]) -> Source:
    name = without_compression(ratings.name)
    if name not in _RELEASES:
        return _alone(ratings, columns)
    movies = ratings.with_name(_RELEASES[name])
    titles = Member(movies) if movies.is_file() else None
    return Source(ratings.resolve().parent.name, Member(ratings), titles, columns)


def _alone(path: Path, columns: Mapping[str, str]) -> Source:
    return Source(Path(without_compression(path.name)).stem, Member(path), None, columns)
