"""Arguments as callers give them, checked by name before an array takes them for something else."""

import os
from math import inf, isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def of_kind(name: str, value: Any, kind: type) -> None:
    """Refuse an argument that is no instance of a class.

    Raises
    ------
    TypeError
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")


def whole_number(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """Value of an argument that must be an integer, and no boolean.

    Raises
    ------
    TypeError
        Where it is something else.
    ValueError
        Where it is below `least` or above `most`.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    number = int(value)
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    if most is not None and number > most:
        raise ValueError(f"{name} must be at most {most}")
    return number


def number_from_0(name: str, value: Any) -> float:
    """Value of an argument that must be a finite number not below 0, and no boolean.

    Raises
    ------
    TypeError, ValueError
        Where it is something else.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = inf
    if not (isfinite(number) and number >= 0):
        raise ValueError(f"{name} must be a finite number not below 0, not {number}")
    return number


def file_path(name: str, value: Any) -> Path:
    """Path of an argument that must be the name of a file.

    Raises
    ------
    TypeError, ValueError
        Where it can be none.
    """
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise TypeError(f"{name} must be a path, not {type(value).__name__}")
    path = Path(value)
    if not path.name or "\0" in path.name:
        raise ValueError(f"{name} must name a file, not {os.fspath(value)!r}")
    return path


def rating_values(name: str, given: ArrayLike) -> NDArray[np.float32]:
    """Ratings of any real type, as a new float32 array.

    Raises
    ------
    TypeError
        Where they are not numbers.
    ValueError
        Where they are not one-dimensional, or one is not finite in float32.
    """
    try:
        values = np.asarray(given)
        if values.dtype == object:  # Decimal, fractions, nullable columns
            values = _floats(values)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be real numbers, and none missing") from None
    except OverflowError:
        raise ValueError(f"{name} holds a number beyond float32") from None
    if values.size == 0:
        values = values.astype(np.float64)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be real numbers, not {values.dtype.name}")
    if values.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not {values.ndim}-dimensional")
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    wrong = ~np.isfinite(narrow)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(f"{name}[{first}] is {values[first]}: not finite, or beyond float32")
    return narrow


def _floats(values: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers among objects; NumPy alone would read strings as numbers."""
    if any(isinstance(value, str | bytes | bool | np.bool_) for value in values.flat):
        raise TypeError
    return values.astype(np.float64)


def row_numbers(name: str, given: ArrayLike, count: int) -> NDArray[np.integer[Any]]:
    """Numbers of rows, 0 … count - 1.

    Negative ones would count from the end, and booleans select: both give wrong rows silently.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    given : array_like of int
        Of any shape; a scalar, too. An empty list has no type of its own and is taken.
    count : int

    Returns
    -------
    ndarray of the same shape, integers

    Raises
    ------
    TypeError
        Where they are not integers.
    ValueError
        Where one is out of range; the first of them is named.
    """
    rows = np.asarray(given)
    if rows.size == 0:
        return rows.astype(np.int64)
    if rows.dtype == object and all(isinstance(one, int) for one in rows.flat):
        first = next(one for one in rows.flat if not 0 <= one < count)  # beyond 64 bits
        raise _out_of_range(name, first, count)
    if not np.issubdtype(rows.dtype, np.integer):
        raise TypeError(
            f"{name} must be whole numbers in 0 … {count - 1}, not {rows.dtype.name} "
            f"(the first is {rows.flat[0]!r})"
        )
    wrong = (rows < 0) | (rows >= count)
    if wrong.any():
        raise _out_of_range(name, rows.flat[int(np.argmax(wrong))], count)
    return rows


def _out_of_range(name: str, first: Any, count: int) -> ValueError:
    where = f"must lie in 0 … {count - 1}" if count else "there is no row"
    return ValueError(f"{name}: {first} is no id here; {where}")
