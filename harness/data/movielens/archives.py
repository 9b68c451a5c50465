"""Files as they come, plain, compressed or in an archive: opened as streams, never extracted."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from harness.errors import UserError, visible

_COMPRESSED: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_TARS = (".tar", ".tgz", ".tbz2", ".txz", *(f".tar{suffix}" for suffix in _COMPRESSED))

# What ratings unpack to at most: releases are four to six times as large as their zips. Beyond
# this it is a bomb, which would fill the memory.
_MOST_TIMES, _ALWAYS_ALLOWED = 100, 64 << 20

_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError),
    *(zlib.error, EOFError),
)


@dataclass(frozen=True)
class Member:
    """A file, plain, compressed, or inside an archive.

    Attributes
    ----------
    path : Path
        The file, or the archive that it is in.
    inside : str or None
        Name within the archive.
    """

    path: Path
    inside: str | None = None

    def __str__(self) -> str:
        return visible(str(self.path) if self.inside is None else f"{self.path}:{self.inside}")

    @property
    def name(self) -> str:
        """Name of the file itself, without the suffix of its compression."""
        return without_compression(PurePosixPath(self.inside or self.path.name).name)

    @property
    def plain(self) -> bool:
        """Whether the bytes of the file at `path` are its content."""
        return self.inside is None and self.name == self.path.name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Binary stream of the content; nothing is extracted to disk.

        Raises
        ------
        UserError
            Where the file cannot be read, turns out to be damaged, or unpacks to more than any
            table of ratings does.
        """
        try:
            with ExitStack() as opened:
                yield _unpacked(self, opened)
        except _DAMAGED as error:
            raise damaged(self.path, error) from error
        except (NotImplementedError, RuntimeError) as error:
            raise UserError(f"{self} cannot be unpacked ({error}): unpack it by hand") from error
        except OSError as error:
            if self.plain or error.errno is not None:
                reason = error.strerror or " ".join(str(error).split())  # pyarrow's has lines
                raise UserError(f"{self} cannot be read: {reason}") from error
            raise damaged(self.path, error) from error  # bz2 says so, without a number


def without_compression(name: str) -> str:
    """Name of a file without .gz, .bz2 or .xz."""
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and dot + suffix.lower() in _COMPRESSED else name


def is_archive(path: Path) -> bool:
    """Whether a file holds other files."""
    name = path.name.lower()
    return name.endswith((".zip", *_TARS)) or zipfile.is_zipfile(path)


def names_inside(path: Path) -> tuple[list[str], list[str]]:
    """Names of the files of an archive, and of the links in it, which are not followed.

    Raises
    ------
    UserError
        Where it cannot be read, or a member would lie outside the archive's folder.
    """
    try:
        files, links = _names_in_tar(path) if _is_tar(path) else _names_in_zip(path)
    except (*_DAMAGED, ValueError) as error:
        raise damaged(path, error) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    for name in (*files, *links):
        if PurePosixPath(name).is_absolute() or ".." in name.replace("\\", "/").split("/"):
            raise UserError(f"{path} is refused: its member {name!r} lies outside its folder")
    return files, links


def damaged(path: Path, error: Exception) -> UserError:
    """Error that tells of an archive cut short or corrupt."""
    kind = "zip" if path.suffix.lower() == ".zip" else "archive"
    return UserError(f"{path} is a damaged or cut {kind} ({error}): fetch it again")


def _is_tar(path: Path) -> bool:
    return path.name.lower().endswith(_TARS)


def _names_in_zip(path: Path) -> tuple[list[str], list[str]]:
    files, links = [], []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if stat.S_ISLNK(info.external_attr >> 16):
                links.append(info.filename)
            elif not info.is_dir():
                files.append(info.filename)
    return files, links


def _names_in_tar(path: Path) -> tuple[list[str], list[str]]:
    files, links = [], []
    _read_to_the_end(path)
    with tarfile.open(path) as archive:
        for info in archive:
            if info.issym() or info.islnk():
                links.append(info.name)
            elif info.isfile():
                files.append(info.name)
    return files, links


def _read_to_the_end(path: Path) -> None:
    """Have the checksum of a compressed file seen: a reader of its parts alone would not get there.

    Raises
    ------
    UserError
        Where it unpacks to more than any ratings do.
    """
    name = path.name.lower()
    for suffix, unpack in _COMPRESSED.items():
        if name.endswith((suffix, f".t{suffix[1:]}")):
            with unpack(path) as stream:
                whole = io.BufferedReader(_Bounded(stream, _most(path.stat().st_size), path))
                while whole.read(1 << 20):
                    pass


def _most(packed: int) -> int:
    """Bytes that a file of so many may unpack to."""
    return max(_ALWAYS_ALLOWED, _MOST_TIMES * packed)


def _unpacked(member: Member, opened: ExitStack) -> IO[bytes]:
    """Stream of the content, everything that it stands on closed with `opened`."""
    stream: IO[bytes]
    if member.inside is None:
        stream = opened.enter_context(member.path.open("rb"))
        packed = member.path.stat().st_size
    elif _is_tar(member.path):
        stream = _in_tar(member, opened)
        packed = member.path.stat().st_size
    else:
        archive = opened.enter_context(zipfile.ZipFile(member.path))
        packed = archive.getinfo(member.inside).compress_size
        stream = opened.enter_context(archive.open(member.inside))
    suffix = PurePosixPath(member.inside or member.path.name).suffix.lower()
    if suffix in _COMPRESSED:
        unpack = _COMPRESSED[suffix]
        stream = opened.enter_context(unpack(stream))
    if member.plain:
        return stream
    return io.BufferedReader(_Bounded(stream, _most(packed), member), 1 << 16)


def _in_tar(member: Member, opened: ExitStack) -> IO[bytes]:
    # One pass: `getmember` would unpack the whole archive to find its names first.
    archive = opened.enter_context(tarfile.open(member.path))  # noqa: SIM115  # it is closed
    for info in archive:
        if info.name == member.inside and info.isfile():
            stream = archive.extractfile(info)
            assert stream is not None
            return opened.enter_context(stream)
    raise EOFError(f"{member.inside} is not in it any more")


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where it gets longer than it may."""

    def __init__(self, stream: Any, most: int, what: object) -> None:
        self._stream = stream
        self._left = most
        self._what = what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = int(self._stream.readinto(buffer))
        self._left -= n
        if self._left < 0:
            raise UserError(
                f"{self._what} unpacks to more than {_MOST_TIMES} times its size, as no ratings "
                "do: unpack it by hand if it is meant"
            )
        return n
