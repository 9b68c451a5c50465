"""Factors kept while training goes on, so that a later call goes on from them to the same bits."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from implementations.arguments import file_path
from implementations.atomic import atomic_write
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings

_ABOUT = "about.json"
_FILE = re.compile(r"sweep-(\d{6})\.npz")
# The newest may be of a disk that is full or failing: the one before it stays.
_KEPT = 2


class Checkpoint:
    """A folder with the factors after some sweeps of one training.

    Parameters
    ----------
    folder : path_like
        Made where it is not there.
    identity : str
        Of ratings, parameters and implementation, by `identity_of`.
    every : int
        Sweeps from one to the next.

    Raises
    ------
    ValueError
        Where the folder is of another training, or holds other files.
    OSError
        Where it cannot be made, read or written.
    """

    def __init__(self, folder: str | os.PathLike[str], identity: str, every: int) -> None:
        self._folder = file_path("checkpoint", folder)
        self._every = every
        self._folder.mkdir(parents=True, exist_ok=True)
        about = self._folder / _ABOUT
        if about.exists():
            if _identity_in(about) != identity:
                raise ValueError(
                    f"checkpoint {self._folder} is of other ratings, parameters or implementation: "
                    "give another folder, or remove it"
                )
            return
        if any(self._folder.iterdir()):
            raise ValueError(f"checkpoint {self._folder} holds other files: give an empty folder")
        with atomic_write(about) as file:
            file.write(json.dumps({"identity": identity}).encode())

    def latest(self, most: int) -> tuple[int, Factors | None]:
        """The latest factors after at most so many sweeps; (0, None) where there are none.

        One that is damaged is passed over.
        """
        for sweep, path in reversed([*self._files()]):
            if sweep <= most:
                try:
                    return sweep, Factors.load(path)
                except ValueError:
                    continue
        return 0, None

    def is_due(self, sweep: int, last: int) -> bool:
        """Whether factors are to be kept after this sweep, of so many."""
        return sweep % self._every == 0 or sweep == last

    def keep(self, sweep: int, factors: Factors) -> None:
        """Keep factors, and let older ones go."""
        factors.save(self._folder / f"sweep-{sweep:06}.npz")
        for _, path in [*self._files()][:-_KEPT]:
            path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[int, Path]]:
        for path in sorted(self._folder.iterdir()):
            if match := _FILE.fullmatch(path.name):
                yield int(match[1]), path


def identity_of(
    train: Ratings, params: AlsParams, implementation: str, start: Factors | None
) -> str:
    """Digest of all that the bits of a training depend on, but for the kind of machine."""
    digest = hashlib.sha256(json.dumps([asdict(params), implementation]).encode())
    digest.update(np.array([train.n_users, train.n_items, len(train)], np.int64).data)
    arrays = [train.users, train.items, train.values]
    if start is not None:
        arrays += [start.users, start.items]
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _identity_in(about: Path) -> str:
    try:
        return str(json.loads(about.read_text(encoding="utf-8"))["identity"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{about} is damaged: remove the folder, or give another") from None
