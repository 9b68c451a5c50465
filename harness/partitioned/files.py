"""What a worker does with one file: reads it once, counts, and deals its ratings to partitions."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.ladder.holdout import is_test
from harness.data.movielens.indexing import contiguous
from harness.data.movielens.locating import locate
from harness.data.movielens.readers import read_table
from harness.partitioned.counting import Counted
from implementations.atomic import atomic_write

IDS = "ids.npz"
"""Raw ids of all users and movies that are kept, ascending, and the cuts of both sides."""


class _Spilled(NamedTuple):
    """A file's columns as numbers of its own ids."""

    user_ids: NDArray[Any]
    movie_ids: NDArray[Any]
    users: NDArray[np.int32]
    items: NDArray[np.int32]
    values: NDArray[np.float32]
    test: NDArray[np.bool_]

    def only(self, kept: NDArray[Any]) -> "_Spilled":
        """Ratings of these users alone; their movies are those that they rate."""
        rows = np.isin(self.user_ids, kept)[self.users]
        found, users = np.unique(self.users[rows], return_inverse=True)
        seen, items = np.unique(self.items[rows], return_inverse=True)
        numbers = users.astype(np.int32), items.astype(np.int32)
        given = self.user_ids[found], self.movie_ids[seen], *numbers
        return _Spilled(*given, self.values[rows], self.test[rows])


def take_in(
    path: Path, columns: Mapping[str, str], split_seed: int, work: Path, number: int
) -> Counted:
    """Read a file, keep its columns in the folder of work, and count.

    Raises
    ------
    UserError
        Where it cannot be read, or a line is wrong.
    """
    table = read_table(locate(path, columns))
    user_ids, users = contiguous(table.users)
    movie_ids, items = contiguous(table.movies)
    test = is_test(user_ids, movie_ids, users, items, split_seed)
    held = _Spilled(user_ids, movie_ids, users, items, table.values, test)
    save(spill_path(work, number), held._asdict())
    return _counted(held)


def count_of(kept: NDArray[Any], work: Path, number: int) -> Counted:
    """Count the ratings of these users alone."""
    return _counted(_spilled(work, number).only(kept))


def deal(work: Path, number: int) -> None:
    """Deal the ratings of a file to the partitions of both sides, each piece a file of its own."""
    held, given = _spilled(work, number), load(work / IDS)
    positions = np.searchsorted(given["user_ids"], held.user_ids).clip(
        max=len(given["user_ids"]) - 1
    )
    if not np.array_equal(given["user_ids"][positions], held.user_ids):
        held = held.only(given["user_ids"])
        positions = np.searchsorted(given["user_ids"], held.user_ids)
    users = positions.astype(np.int32)[held.users]
    items = np.searchsorted(given["movie_ids"], held.movie_ids).astype(np.int32)[held.items]
    for train, name in ((~held.test, "users"), (held.test, "test")):
        _write_pieces(work, name, number, given["user_cuts"], (users, items, held.values), train)
    _write_pieces(
        work, "items", number, given["item_cuts"], (items, users, held.values), ~held.test
    )


def _write_pieces(
    work: Path,
    name: str,
    number: int,
    cuts: NDArray[np.int64],
    columns: tuple[NDArray[Any], ...],
    chosen: NDArray[np.bool_],
) -> None:
    """Rows, columns and values that are chosen, a file for each partition that has some."""
    rows, others, values = (column[chosen] for column in columns)
    partition = np.searchsorted(cuts, rows, "right") - 1
    order = np.argsort(partition, kind="stable")
    starts = np.searchsorted(partition[order], np.arange(len(cuts)))
    for one, (begin, end) in enumerate(pairwise(starts)):
        if begin < end:
            mine = order[begin:end]
            piece = {"rows": rows[mine] - np.int32(cuts[one])}
            piece |= {"columns": others[mine], "values": values[mine]}
            save(piece_path(work, name, one, number), piece)


def _counted(held: _Spilled) -> Counted:
    train = ~held.test
    n_users, n_movies = len(held.user_ids), len(held.movie_ids)
    return Counted(
        held.user_ids,
        held.movie_ids,
        np.bincount(held.users[train], minlength=n_users),
        np.bincount(held.items[train], minlength=n_movies),
        np.bincount(held.users, minlength=n_users),
        float(held.values[train].sum(dtype=np.float64)),
    )


def _spilled(work: Path, number: int) -> _Spilled:
    return _Spilled(**load(spill_path(work, number)))


def spill_path(work: Path, number: int) -> Path:
    """Where the columns of a file are kept."""
    return work / f"file-{number:05}.npz"


def piece_path(work: Path, name: str, partition: int, number: int) -> Path:
    """Where a file's ratings of a partition are."""
    return work / name / f"{partition:05}" / f"{number:05}.npz"


def save(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays, whole or not at all: a worker may die at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Text is kept in cells of one width: an archive of objects would be a program.
    plain = {name: a.astype(str) if a.dtype == object else a for name, a in arrays.items()}
    with atomic_write(path) as file:
        np.savez(file, allow_pickle=False, **plain)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays that `save` wrote."""
    with np.load(path) as held:
        arrays = {name: held[name] for name in held.files}
    return {name: a.astype(object) if a.dtype.kind == "U" else a for name, a in arrays.items()}
