"""The content key of files: what a cached data set was made from."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from harness.data.cache import cache_folder
from harness.data.movielens.locating import Source
from harness.errors import UserError
from implementations.atomic import atomic_write

READER_VERSION = 2
"""Raised whenever the same files give another data set than before."""


def content_key(source: Source) -> str:
    """Key of what the files of a source hold: sizes, checksums and the reader's version.

    Raises
    ------
    UserError
        Where a file cannot be read.
    """
    members = (source.ratings, source.movies)
    files = sorted({member.path for member in members if member is not None})
    given = json.dumps([source.ratings.inside, sorted(source.columns.items())])
    digest = hashlib.sha256(f"reader {READER_VERSION}\n{given}\n".encode())
    for file in files:
        try:
            digest.update(f"{file.stat().st_size} {_checksum(file)}\n".encode())
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:32]


def _checksum(file: Path) -> str:
    """SHA-256 of a file, remembered for as long as its size and times stay as they are."""
    status = file.stat()
    state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    name = hashlib.sha256(os.fsencode(file.resolve())).hexdigest()[:32]
    memory = cache_folder() / "checksums" / f"{name}.json"
    try:
        known_state, known = json.loads(memory.read_text(encoding="utf-8"))
        if known_state == state and isinstance(known, str):
            return known
    except (OSError, ValueError, TypeError):
        pass  # not remembered, or damaged: computed again
    with file.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    _remember(memory, json.dumps([state, checksum]))
    return checksum


def _remember(memory: Path, text: str) -> None:
    with suppress(OSError):  # a cache that cannot be written costs time and nothing else
        memory.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(memory) as stream:
            stream.write(text.encode())
