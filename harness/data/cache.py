"""Data sets as memory-mapped columns on disk, checked whenever they are opened."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import platformdirs
from numpy.typing import NDArray

from harness.data.dataset import Dataset, content_sha256
from implementations.atomic import atomic_folder, sweep_leftovers
from implementations.ids import packed_strings, unpacked_strings
from implementations.ratings import Ratings

_COLUMNS = ("user_ids", "movie_ids", "users", "items", "values")
_ABOUT = "about.json"


def cache_folder() -> Path:
    """Folder for downloads and read data sets: the user's cache folder, or `ALS_LADDER_CACHE`."""
    chosen = os.environ.get("ALS_LADDER_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("als-ladder")


def folder_of(key: str) -> Path:
    """Folder of the columns of one data set; it need not exist."""
    return cache_folder() / "columns" / key


def load(key: str, report: Callable[[str], None]) -> Dataset | None:
    """Data set stored under this key, its columns read-only memory maps.

    Every byte is checked: the columns by the data set's own identity, the rest by a checksum.

    Parameters
    ----------
    key : str
    report : callable
        Takes a line where the stored one is damaged.

    Returns
    -------
    Dataset or None
        None where there is none, or a damaged one.
    """
    folder = folder_of(key)
    if not folder.is_dir():
        return None
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        reason = " ".join(str(error).split())
        report(f"the cached columns in {folder} are damaged ({reason}): they are made again")
        return None


def store(key: str, dataset: Dataset) -> None:
    """Keep a data set under a key: written aside, then renamed.

    Raises
    ------
    OSError
        Where it cannot be written; nothing is left behind then.
    """
    target = folder_of(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep_leftovers(target.parent)
    with atomic_folder(target) as aside:
        _write(aside, dataset)


def _write(folder: Path, dataset: Dataset) -> None:
    for name, column in zip(_COLUMNS, _columns(dataset), strict=True):
        if column.dtype == object:
            packed, lengths = packed_strings(column)
            np.save(folder / f"{name}_lengths", lengths)
            np.save(folder / name, packed)
        else:
            np.save(folder / name, column)
    about = {
        "name": dataset.name,
        "synthetic": dataset.synthetic,
        "sha256": dataset.sha256,
        "total_ratings": dataset.total_ratings,
        "titles": list(dataset.titles.items()),
        "genres": list(dataset.genres.items()),
        "facts": dict(dataset.facts),
    }
    text = json.dumps(about)
    (folder / _ABOUT).write_text(f"{_checksum(text)}\n{text}", encoding="utf-8")


def _read(folder: Path) -> Dataset:
    about = _about(folder)
    user_ids, movie_ids, users, items, values = (_column(folder, name) for name in _COLUMNS)
    ratings = Ratings(users, items, values, len(user_ids), len(movie_ids))
    if content_sha256(user_ids, movie_ids, ratings) != about["sha256"]:
        raise ValueError("a column differs from its checksum")
    return Dataset(
        name=about["name"],
        synthetic=about["synthetic"],
        sha256=about["sha256"],
        user_ids=user_ids,
        movie_ids=movie_ids,
        ratings=ratings,
        total_ratings=about["total_ratings"],
        titles=dict(about["titles"]),
        genres={movie: tuple(genres) for movie, genres in about["genres"]},
        facts=about["facts"],
    )


def _column(folder: Path, name: str) -> NDArray[Any]:
    lengths = folder / f"{name}_lengths.npy"
    if lengths.exists():
        return unpacked_strings(np.load(folder / f"{name}.npy"), np.load(lengths))
    column: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r")
    return column


def _about(folder: Path) -> dict[str, Any]:
    checksum, _, text = (folder / _ABOUT).read_text(encoding="utf-8").partition("\n")
    if checksum != _checksum(text):
        raise ValueError(f"{_ABOUT} differs from its checksum")
    about: dict[str, Any] = msgspec.json.decode(text)
    return about


def _columns(dataset: Dataset) -> tuple[NDArray[Any], ...]:
    ratings = dataset.ratings
    return dataset.user_ids, dataset.movie_ids, ratings.users, ratings.items, ratings.values


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
