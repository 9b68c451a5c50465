"""The layouts of MovieLens releases, and where in a folder, file or zip the ratings lie."""

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from harness.errors import UserError


@dataclass(frozen=True)
class Layout:
    """How one family of releases writes ratings and movies.

    Attributes
    ----------
    ratings_file, movies_file : str
    separator : str
        Between two columns of the ratings.
    columns : tuple of str
        User, movie and rating: names where there is a header, otherwise positions (`f0`, `f1`, …)
        in a line that is split at each character of the separator.
    header : bool
        Whether the first line of the ratings names the columns.
    """

    ratings_file: str
    movies_file: str
    separator: str
    columns: tuple[str, str, str]
    header: bool


CSV = Layout("ratings.csv", "movies.csv", ",", ("userId", "movieId", "rating"), header=True)
# A reader that splits at one character sees an empty column between the two of each `::`.
DAT = Layout("ratings.dat", "movies.dat", "::", ("f0", "f2", "f4"), header=False)
TAB = Layout("u.data", "u.item", "\t", ("f0", "f1", "f2"), header=False)
LAYOUTS = (CSV, DAT, TAB)

_BY_NAME = {layout.ratings_file: layout for layout in LAYOUTS}


@dataclass(frozen=True)
class Member:
    """A file, plain or inside a zip.

    Attributes
    ----------
    path : Path
        The file, or the zip that it is in.
    inside : str or None
        Name within the zip.
    """

    path: Path
    inside: str | None = None

    def __str__(self) -> str:
        return str(self.path) if self.inside is None else f"{self.path}:{self.inside}"

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Binary stream of the content; nothing is extracted to disk.

        Raises
        ------
        UserError
            Where the file cannot be read, or the zip turns out to be damaged.
        """
        try:
            if self.inside is None:
                with self.path.open("rb") as stream:
                    yield stream
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.inside) as stream:
                    yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise damaged_zip(self.path, error) from error
        except (NotImplementedError, RuntimeError) as error:
            raise UserError(f"{self} cannot be unpacked ({error}): unpack it by hand") from error
        except OSError as error:
            raise UserError(f"{self} cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class Source:
    """Ratings found on disk.

    Attributes
    ----------
    name : str
        Of the folder, zip or file.
    layout : Layout
    ratings : Member
    movies : Member or None
        Titles and genres, where there are any.
    """

    name: str
    layout: Layout
    ratings: Member
    movies: Member | None


def damaged_zip(path: Path, error: Exception) -> UserError:
    """Error that tells of a zip cut short or corrupt."""
    return UserError(f"{path} is a damaged or cut zip ({error}): fetch it again")


def locate(path: Path) -> Source:
    """Ratings in a folder, in the one release folder within it, in a zip, or in a single file.

    Raises
    ------
    UserError
        Where there is no such path, or no ratings or several at it.
    """
    if path.is_dir():
        return _in_folder(path)
    if not path.exists():
        raise UserError(f"there is no such file or folder: {path}")
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        return _in_zip(path)
    return _single_file(path)


def _in_folder(path: Path) -> Source:
    try:
        found = _ratings_files(path)
        if not found:
            inner = sorted(child for child in path.iterdir() if child.is_dir())
            found = [file for folder in inner for file in _ratings_files(folder)]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    ratings = _the_only(path, [str(file) for file in found])
    return _beside(Path(ratings), Path(ratings).resolve().parent.name)


def _ratings_files(folder: Path) -> list[Path]:
    return [folder / name for name in _BY_NAME if (folder / name).is_file()]


def _beside(ratings: Path, name: str) -> Source:
    layout = _BY_NAME[ratings.name]
    movies = ratings.with_name(layout.movies_file)
    return Source(name, layout, Member(ratings), Member(movies) if movies.is_file() else None)


def _in_zip(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, EOFError) as error:
        raise damaged_zip(path, error) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in name.replace("\\", "/").split("/"):
            raise UserError(f"{path} is refused: its member {name!r} lies outside its folder")
    ratings = _the_only(path, [name for name in names if PurePosixPath(name).name in _BY_NAME])
    layout = _BY_NAME[PurePosixPath(ratings).name]
    movies = str(PurePosixPath(ratings).with_name(layout.movies_file))
    movies_member = Member(path, movies) if movies in names else None
    return Source(path.stem, layout, Member(path, ratings), movies_member)


def _the_only(where: Path, found: list[str]) -> str:
    if not found:
        raise UserError(f"{where} holds no {', '.join(_BY_NAME)}: give the folder that does")
    if len(found) > 1:
        raise UserError(f"{where} holds several data sets ({', '.join(found)}): give one of them")
    return found[0]


def _single_file(path: Path) -> Source:
    if path.name in _BY_NAME:
        return _beside(path, path.resolve().parent.name)
    with Member(path).open() as stream:
        first = stream.readline(4096)
    layout = next((row for row in (DAT, TAB) if os.fsencode(row.separator) in first), CSV)
    return Source(path.stem, layout, Member(path), None)
