"""The ratings of a protocol: found, held against its data set's identity, and split."""

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from harness.data.ladder.rung import Rung, split_by_mask
from harness.data.movielens.download import RELEASES, zip_path
from harness.data.movielens.indexing import Indexed, index_table
from harness.data.movielens.locating import Source, locate
from harness.data.movielens.readers import read_table
from harness.errors import UserError
from harness.reproduce.protocol import DataSet, Split
from harness.reproduce.splits import split_masks
from implementations.ratings import Ratings

_BLOCK = 1 << 20


def find_data(dataset: DataSet, given: Path | None) -> Path | str:
    """Where the data set of a protocol lies, or why it cannot be tried.

    Parameters
    ----------
    dataset : DataSet
    given : Path or None
        What the user named; None: its zip in the cache.
    """
    if given is not None:
        if given.name.startswith("synthetic") and not given.exists():
            raise UserError(f"--data {given}: a stand-in never reproduces a published figure")
        return given
    if dataset.name not in RELEASES:
        return f"{dataset.name} is no release: name its place with --data"
    path = zip_path(dataset.name)
    if path.exists():
        return path
    return f"there is no {path}: `python -m harness data {dataset.name}`, or name one with --data"


def open_data(dataset: DataSet, path: Path) -> Indexed:
    """Ratings of a protocol's data set, of this data set and no other.

    Raises
    ------
    UserError
        Where there are no ratings at the path, bad ones, or those of something else.
    """
    source = locate(path)
    confirmed = _confirmed_by_checksum(dataset, path, source)
    indexed = index_table(read_table(source), source)
    if not confirmed:
        _compare_counts(dataset, indexed.ratings, source)
    return indexed


def rungs(indexed: Indexed, split: Split, seed: int) -> Iterator[Rung]:
    """Train and test of a protocol: one pair, or one for each fold.

    Parameters
    ----------
    indexed : Indexed
    split : Split
    seed : int

    Yields
    ------
    Rung
    """
    ratings, order = indexed.ratings, indexed.order
    users = ratings.users
    if order is not None:
        users = np.empty_like(users)
        users[order] = ratings.users
    for mask in split_masks(split, users, seed):
        test = mask if order is None else mask[order]
        rung = split_by_mask(split.kind, ratings, indexed.user_ids, indexed.movie_ids, test)
        yield _without_cold(rung) if split.drop_cold else rung


def _without_cold(rung: Rung) -> Rung:
    test, warm = rung.test, ~rung.cold()
    kept = (test.users[warm], test.items[warm], test.values[warm])
    return dataclasses.replace(rung, test=Ratings(*kept, test.n_users, test.n_items), n_cold=0)


def _confirmed_by_checksum(dataset: DataSet, path: Path, source: Source) -> bool:
    """Whether a checksum proves the data set; False where none is known for such a file.

    Raises
    ------
    UserError
        Where there is one, and it is another.
    """
    release = RELEASES.get(dataset.name)
    if dataset.ratings_md5 is not None:
        with source.ratings.open() as stream:
            found = _md5(stream)
        wanted, what = dataset.ratings_md5, str(source.ratings)
    elif release is None:
        raise UserError(f"nothing tells {dataset.name} from a stand-in: give its ratings_md5")
    elif source.ratings.inside is not None and release.md5 is not None:
        with path.open("rb") as stream:
            found = _md5(stream)
        wanted, what = release.md5, str(path)
    else:
        return False
    if found != wanted:
        raise _other_data(dataset, f"{what} has md5 {found}, not {wanted}")
    return True


def _md5(stream: IO[bytes]) -> str:
    # A checksum against mistakes and stand-ins, as GroupLens publishes it; none against forgery.
    digest = hashlib.md5(usedforsecurity=False)
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _compare_counts(dataset: DataSet, ratings: Ratings, source: Source) -> None:
    found = (len(ratings), ratings.n_users, ratings.n_items)
    wanted = tuple(RELEASES[dataset.name][:3])
    if found != wanted:
        raise _other_data(
            dataset, f"{source.ratings} has {found} ratings, users and movies, not {wanted}"
        )


def _other_data(dataset: DataSet, reason: str) -> UserError:
    return UserError(
        f"{reason}: it is not {dataset.name}, and other data, such as a stand-in, never reproduce "
        "a published figure"
    )
