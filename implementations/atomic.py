"""Files that are whole or not there: never half of one, whatever happens meanwhile."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A binary file that takes the place of `path` when all is written, and not before.

    It is written beside it, flushed to the disk, and renamed. Where an exception leaves the block,
    what was there stays as it was, and nothing else remains.

    Parameters
    ----------
    path : path_like

    Yields
    ------
    file object, open for writing and reading

    Raises
    ------
    OSError
        Where it cannot be written.
    """
    path = Path(path)
    aside = _aside(path)
    try:
        with aside.open("x+b") as file:  # with the rights that a new file has here
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A new folder that takes the place of `path` when all is written, as `atomic_write` does.

    Parameters
    ----------
    path : path_like

    Yields
    ------
    Path
        The folder to write to; files only, no folders within.

    Raises
    ------
    OSError
        Where it cannot be written, or another process was quicker.
    """
    path = Path(path)
    aside = _aside(path)
    try:
        aside.mkdir()
        yield aside
        for file in aside.iterdir():
            _sync(file)
        if path.exists():
            # A folder cannot replace one that is not empty: that one goes aside, too.
            path.rename(aside / "replaced")
        aside.rename(path)
        shutil.rmtree(path / "replaced", ignore_errors=True)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    _sync(path.parent)


def sweep_leftovers(folder: Path) -> None:
    """Remove what processes that were killed while writing left in a folder."""
    with suppress(OSError):
        for entry in [*folder.iterdir()]:
            writer = _LEFTOVER.fullmatch(entry.name)
            if writer is None or _is_alive(int(writer[1])):
                continue
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


_LEFTOVER = re.compile(r"\..+\.(\d+)-[0-9a-f]{8}\.part")


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{uuid4().hex[:8]}.part")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, survive a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
