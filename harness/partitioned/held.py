"""A partition with its test ratings, made on a worker from the pieces of all files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.errors import UserError
from harness.partitioned.files import IDS, load
from implementations.backend import Side
from implementations.cluster.part import Part, touched
from implementations.error_sums import error_sums
from implementations.factors import Factors
from implementations.layout import by_user
from implementations.problem import AlsParams, Float
from implementations.ratings import Csr, Ratings

_NOTHING: dict[str, NDArray[Any]] = {
    "rows": np.empty(0, np.int32),
    "columns": np.empty(0, np.int32),
    "values": np.empty(0, np.float32),
}


class Place(NamedTuple):
    """Which partition it is.

    Attributes
    ----------
    side : {"users", "items"}
    number : int
    first, stop : int
        Its rows.
    n_other : int
        Rows of the other side.
    """

    side: Side
    number: int
    first: int
    stop: int
    n_other: int


class Errors(NamedTuple):
    """Sums of squared errors of a partition.

    Attributes
    ----------
    train : float or None
    test : float
    """

    train: float | None
    test: float


@dataclass(eq=False)
class Held(Part):
    """A partition and its test ratings, which are judged where they are.

    Attributes
    ----------
    test : Ratings
        Rows of the partition and, as in `csr`, places among `needed`.
    """

    test: Ratings

    def errors(
        self, fixed: NDArray[Float], mine: NDArray[Float], mean: float, with_train: bool
    ) -> Errors:
        """Judge predictions of its ratings.

        Parameters
        ----------
        fixed : ndarray, shape (n_needed or n_other, rank + 1)
            The other side.
        mine : ndarray, shape (n_rows, rank + 1)
        mean : float
        with_train : bool
        """
        model = Factors(mine, fixed, mean)
        train = None
        if with_train:
            rows = np.arange(self.n_rows, dtype=np.int32).repeat(np.diff(self.csr.indptr))
            seen = Ratings(rows, self.csr.indices, self.csr.values, len(mine), len(fixed))
            train, _ = error_sums(seen, model)
        return Errors(train, error_sums(self.test, model)[0])

    def summary(self) -> NDArray[np.int32] | None:
        """What it needs of the other side."""
        return self.needed


def build(work: Path, place: Place, params: AlsParams, dtype: str) -> Held:
    """Put a partition together from the pieces of all files.

    Raises
    ------
    UserError
        Where a user rated a movie twice: it names both.
    """
    n_rows = place.stop - place.first
    train = _pieces(work, place.side, place.number, n_rows, place.n_other)
    csr = by_user(train)
    del train
    _refuse_duplicates(csr, place, work)
    judged = "test" if place.side == "users" else "none"
    test = _pieces(work, judged, place.number, n_rows, place.n_other)
    _refuse_duplicates(by_user(test), place, work)
    needed, places = touched((csr.indices, test.items), place.n_other)
    if needed is not None:
        csr = csr._replace(indices=places[csr.indices])
        test = Ratings(test.users, places[test.items], test.values, n_rows, len(needed))
    return Held(place.first, csr, needed, params, dtype, test)


def _pieces(work: Path, name: str, number: int, n_rows: int, n_other: int) -> Ratings:
    """The ratings of a partition from all files, in the order of these."""
    paths = sorted((work / name / f"{number:05}").glob("*.npz"))
    pieces = [load(path) for path in paths] or [_NOTHING]
    rows, columns, values = (
        np.concatenate([piece[part] for piece in pieces]) for part in ("rows", "columns", "values")
    )
    return Ratings(rows, columns, values, n_rows, n_other)


def _refuse_duplicates(csr: Csr, place: Place, work: Path) -> None:
    same = np.flatnonzero(csr.indices[1:] == csr.indices[:-1]) + 1
    rows = np.searchsorted(csr.indptr, same, "right") - 1
    twice = same[csr.indptr[rows] < same]
    if not len(twice):
        return
    row = place.first + int(np.searchsorted(csr.indptr, twice[0], "right")) - 1
    pair = (row, int(csr.indices[twice[0]]))
    user, movie = pair if place.side == "users" else pair[::-1]
    ids = load(work / IDS)
    raise UserError(
        f"user {ids['user_ids'][user]} rated movie {ids['movie_ids'][movie]} more than once "
        f"({len(twice):,} such ratings in this partition): keep one of each"
    )
