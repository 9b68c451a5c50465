"""The nouns of the problem: ratings, their compressed form, parameters and factors."""

from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Float = np.floating[Any]

_DEFAULT_REG, _DEFAULT_BIAS_REG = 25.0, 7.5
_DEFAULT_COUNT_SCALED_REG = 0.05


def whole_number(name: str, value: Any) -> int:
    """Value of an argument that must be an integer, and no boolean.

    Raises
    ------
    TypeError
        Where it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    return int(value)


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


@dataclass(frozen=True)
class Ratings:
    """Observed ratings in coordinate form.

    Attributes
    ----------
    users, items : ndarray, shape (n_ratings,), int32
        Ids 0 … n_users - 1 and 0 … n_items - 1; a pair occurs at most once.
    values : ndarray, shape (n_ratings,), float32
    n_users, n_items : int
        A user or item may have no rating.

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

    def __post_init__(self) -> None:
        for name, dtype in (("users", np.int32), ("items", np.int32), ("values", np.float32)):
            _check_array(name, getattr(self, name), np.dtype(dtype))
        if not len(self.users) == len(self.items) == len(self.values):
            raise ValueError(
                "Ratings.users, items and values must have the same length, "
                f"not {len(self.users)}, {len(self.items)} and {len(self.values)}"
            )
        for name, count in (("n_users", self.n_users), ("n_items", self.n_items)):
            if whole_number(f"Ratings.{name}", count) < 0:
                raise ValueError(f"Ratings.{name} must not be negative, but is {count}")
        _check_ids("users", self.users, self.n_users)
        _check_ids("items", self.items, self.n_items)
        # A sum is finite exactly if every float32 is: float64 cannot overflow here. No copy.
        if not isfinite(float(self.values.sum(dtype=np.float64))):
            first = int(np.argmin(np.isfinite(self.values)))
            raise ValueError(
                "Ratings.values holds a rating that is not finite: "
                f"values[{first}] is {self.values[first]}"
            )

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


def _check_ids(name: str, ids: NDArray[np.int32], count: int) -> None:
    if len(ids) and not (ids.min() >= 0 and ids.max() < count):
        first = int(np.argmax((ids < 0) | (ids >= count)))
        raise ValueError(
            f"Ratings.{name} must lie in 0 … {count - 1}, not {ids.min()} … {ids.max()} "
            f"({name}[{first}] is {ids[first]})"
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


@dataclass(frozen=True, kw_only=True)
class AlsParams:
    """Parameters of the model and of its start.

    Attributes
    ----------
    rank : int
        Length k of a factor; the bias is not counted.
    reg, bias_reg : float
        Regularisers of factors and biases. Left out: 25 and 7.5, or .05 both where `count_scaled`.
    count_scaled : bool
        Weigh a row's regularisers by its number of ratings (ALS-WR: Zhou et al. 2008, eq. 3).
    biases : bool
        Solve a bias with every factor; otherwise all biases stay zero.
    seed : int
        Seed of the start factors.
    """

    rank: int = 20
    reg: float = None  # type: ignore[assignment]  # resolved in __post_init__, never None after it
    bias_reg: float = None  # type: ignore[assignment]
    count_scaled: bool = False
    biases: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        scaled = _DEFAULT_COUNT_SCALED_REG
        if self.reg is None:
            object.__setattr__(self, "reg", scaled if self.count_scaled else _DEFAULT_REG)
        if self.bias_reg is None:
            object.__setattr__(self, "bias_reg", scaled if self.count_scaled else _DEFAULT_BIAS_REG)
        for name, least in (("rank", 1), ("seed", 0)):
            value = whole_number(name, getattr(self, name))
            if value < least:
                raise ValueError(f"{name} must be at least {least}, not {value}")
        for name in ("reg", "bias_reg"):
            value = getattr(self, name)
            if not isinstance(value, Real):
                raise TypeError(f"{name} must be a number, not {value!r}")
            if not (isfinite(value) and float(value) >= 0):
                raise ValueError(f"{name} must be a finite number not below 0, not {value}")

    @property
    def unknowns(self) -> int:
        """Unknowns of one row: the factor, and the bias where there are biases."""
        return self.rank + self.biases


class Job(NamedTuple):
    """What an implementation is asked about before it is made.

    Attributes
    ----------
    params : AlsParams
    dtype : numpy.dtype
    threads : int
    size : ProblemSize
    """

    params: AlsParams
    dtype: np.dtype[Any]
    threads: int
    size: ProblemSize

    @property
    def factor_bytes(self) -> int:
        """Bytes of the factors of both sides."""
        rows = self.size.n_users + self.size.n_items
        return rows * (self.params.rank + 1) * self.dtype.itemsize


@dataclass(frozen=True)
class Factors:
    """A model: r̂ = mean + b_u + c_i + p_u·q_i.

    Attributes
    ----------
    users : ndarray, shape (n_users, rank + 1), float32 or float64
        Row u is [p_u; b_u].
    items : ndarray, shape (n_items, rank + 1), same dtype
        Row i is [q_i; c_i].
    mean : float
        μ, the mean of the training ratings.
    """

    users: NDArray[Float]
    items: NDArray[Float]
    mean: float

    def astype(self, dtype: np.dtype[Any]) -> "Factors":
        """Copy of these factors in another dtype."""
        return Factors(self.users.astype(dtype), self.items.astype(dtype), self.mean)
