"""Ratings: in coordinate form, and compressed."""

from collections.abc import Sized
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from implementations.arguments import rating_values, whole_number
from implementations.columns import columns_of
from implementations.duplicates import Duplicates, ordered
from implementations.ids import IdMap, check_map, contiguous


class Csr(NamedTuple):
    """Ratings compressed by row: row ``r`` holds the entries ``indptr[r]:indptr[r + 1]``.

    A named tuple, because NumPy, plain Python and compiled code all take one.

    Attributes
    ----------
    indptr : ndarray, shape (n_rows + 1,), int64
    indices : ndarray, shape (n_ratings,), int32
        Ids of the other side, ascending within a row.
    values : ndarray, shape (n_ratings,), float32
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]


@dataclass(frozen=True, eq=False)  # arrays have no equality that is one
class Ratings:
    """Observed ratings in coordinate form.

    This constructor takes rows' numbers, and copies nothing. Ids of any kind, duplicates, and
    other types are taken by `from_arrays`, `from_frame` and `from_coo`.

    Attributes
    ----------
    users, items : ndarray, shape (n_ratings,), int32
        Ids 0 … n_users - 1 and 0 … n_items - 1. A pair should occur once: this is not looked at
        here, and every implementation counts each rating that there is.
    values : ndarray, shape (n_ratings,), float32
    n_users, n_items : int
        A user or item may have no rating.
    user_ids, item_ids : IdMap or None
        Ids that the rows stand for, where they have other ids than their numbers.

    Raises
    ------
    TypeError
        Where it is given something else than arrays.
    ValueError
        Where lengths or dtypes differ from the above, an id is out of range, or a rating is not
        finite. The message names the argument, its range, and the first that is wrong.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    values: NDArray[np.float32]
    n_users: int
    n_items: int
    user_ids: IdMap | None = None
    item_ids: IdMap | None = None

    def __post_init__(self) -> None:
        for name, dtype in (("users", np.int32), ("items", np.int32), ("values", np.float32)):
            _check_array(name, getattr(self, name), np.dtype(dtype))
        _check_lengths("Ratings.", self.users, self.items, self.values)
        for name, count in (("n_users", self.n_users), ("n_items", self.n_items)):
            whole_number(f"Ratings.{name}", count, least=0, most=np.iinfo(np.int32).max)
        _check_ids("users", self.users, self.n_users)
        _check_ids("items", self.items, self.n_items)
        check_map("Ratings.user_ids", self.user_ids, "n_users", self.n_users)
        check_map("Ratings.item_ids", self.item_ids, "n_items", self.n_items)
        # A sum is finite exactly if every float32 is: float64 cannot overflow here. No copy.
        if not isfinite(float(self.values.sum(dtype=np.float64))):
            first = int(np.argmin(np.isfinite(self.values)))
            raise ValueError(
                "Ratings.values holds a rating that is not finite: "
                f"values[{first}] is {self.values[first]}"
            )

    @classmethod
    def from_arrays(
        cls,
        users: ArrayLike,
        items: ArrayLike,
        values: ArrayLike,
        *,
        duplicates: Duplicates = "refuse",
    ) -> "Ratings":
        """Ratings of users and items with ids of their own.

        Ids become rows in ascending order, ratings are ordered by user, then item: the same
        ratings in another order are the same `Ratings`, and give the same bits.

        Parameters
        ----------
        users, items : array_like, shape (n_ratings,)
            Integers (of any width up to 64 bits) or strings; "7" is not 7.
        values : array_like, shape (n_ratings,)
            Real numbers; kept as float32.
        duplicates : {"refuse", "mean", "last", "sum"}
            What a pair that occurs several times becomes.

        Returns
        -------
        Ratings
            With maps of the ids.

        Raises
        ------
        TypeError
            Where ids are neither integers nor strings, or ratings no numbers.
        ValueError
            Where an id is missing, a rating is not finite in float32, a pair occurs twice and that
            is refused, or lengths differ.
        """
        user_rows, user_ids = contiguous("users", users)
        item_rows, item_ids = contiguous("items", items)
        ratings = rating_values("values", values)
        _check_lengths("", user_rows, item_rows, ratings)
        triples = ordered(user_rows, item_rows, ratings, duplicates)
        return cls(*triples, len(user_ids), len(item_ids), user_ids, item_ids)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        user: str | None = None,
        item: str | None = None,
        rating: str | None = None,
        duplicates: Duplicates = "refuse",
    ) -> "Ratings":
        """Ratings in three columns of a table.

        Parameters
        ----------
        frame : pandas.DataFrame, pyarrow.Table, or whatever offers Arrow's C stream (polars)
        user, item, rating : str, optional
            Names of the columns. Left out, they are told by their usual names (userId, movie_id,
            stars, …), in any case.
        duplicates : {"refuse", "mean", "last", "sum"}

        Returns
        -------
        Ratings
            As of `from_arrays`.

        Raises
        ------
        TypeError, ValueError
            Where it is no table, a column is not there or cannot be told, and as `from_arrays`.
        """
        given = {"user": user, "item": item, "rating": rating}
        return cls.from_arrays(*columns_of(frame, given), duplicates=duplicates)

    @classmethod
    def from_coo(cls, matrix: Any, *, duplicates: Duplicates = "refuse") -> "Ratings":
        """Ratings in a sparse matrix: a row for each user, a column for each item.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array, of any format
            What is stored is a rating, zeros too. Ids are rows' and columns' numbers.
        duplicates : {"refuse", "mean", "last", "sum"}
            Of entries stored twice; SciPy itself adds them up.

        Returns
        -------
        Ratings

        Raises
        ------
        TypeError
            Where it is no sparse matrix, or not of real numbers.
        ValueError
            As `from_arrays`, or where it has more than 2³¹ - 1 rows or columns.
        """
        if not (hasattr(matrix, "tocoo") and len(getattr(matrix, "shape", ())) == 2):
            raise TypeError(f"matrix must be a sparse matrix of SciPy, not {type(matrix).__name__}")
        if max(matrix.shape) > np.iinfo(np.int32).max:
            raise ValueError(f"matrix of shape {matrix.shape} has more rows than int32 can count")
        entries = matrix.tocoo()
        rows, columns = (ids.astype(np.int32) for ids in (entries.row, entries.col))
        triples = ordered(rows, columns, rating_values("matrix", entries.data), duplicates)
        n_users, n_items = matrix.shape
        return cls(*triples, int(n_users), int(n_items))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def mean(self) -> float:
        """Mean rating μ, summed in float64; 0 where there is no rating."""
        return float(self.values.mean(dtype=np.float64)) if len(self) else 0.0


def _check_array(name: str, array: Any, dtype: np.dtype[Any]) -> None:
    remedy = f"np.ascontiguousarray({name}, np.{dtype.name})"
    if not isinstance(array, np.ndarray):
        raise TypeError(f"Ratings.{name} must be an array, not {type(array).__name__}: {remedy}")
    if array.dtype != dtype or array.ndim != 1:
        order = "" if array.dtype.isnative else " in the byte order of another machine"
        raise ValueError(
            f"Ratings.{name} must be one-dimensional {dtype.name}, "
            f"not {array.ndim}-dimensional {array.dtype.name}{order}: {remedy}"
        )


def _check_lengths(owner: str, users: Sized, items: Sized, values: Sized) -> None:
    if not len(users) == len(items) == len(values):
        raise ValueError(
            f"{owner}users, items and values must have the same length, "
            f"not {len(users)}, {len(items)} and {len(values)}"
        )


def _check_ids(name: str, ids: NDArray[np.int32], count: int) -> None:
    if len(ids) and not (ids.min() >= 0 and ids.max() < count):
        first = int(np.argmax((ids < 0) | (ids >= count)))
        raise ValueError(
            f"Ratings.{name} must lie in 0 … {count - 1} (n_{name} is {count}), "
            f"not {ids.min()} … {ids.max()} ({name}[{first}] is {ids[first]})"
        )


class ProblemSize(NamedTuple):
    """What a backend may know of the data before it is there."""

    n_ratings: int
    n_users: int
    n_items: int

    @classmethod
    def of(cls, ratings: Ratings) -> "ProblemSize":
        """Size of these ratings."""
        return cls(len(ratings), ratings.n_users, ratings.n_items)
