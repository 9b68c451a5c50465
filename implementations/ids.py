"""Ids as callers give them, checked before an array takes them for something else."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def checked_ids(name: str, given: ArrayLike, count: int) -> NDArray[np.integer[Any]]:
    """Ids of rows 0 … count - 1.

    Negative ids would count from the end, and booleans select: both give wrong rows silently.

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
    ids = np.asarray(given)
    if ids.size == 0:
        return ids.astype(np.int64)
    if ids.dtype == object and all(isinstance(one, int) for one in ids.flat):
        first = next(one for one in ids.flat if not 0 <= one < count)  # beyond 64 bits
        raise _out_of_range(name, first, count)
    if not np.issubdtype(ids.dtype, np.integer):
        raise TypeError(
            f"{name} must be whole numbers in 0 … {count - 1}, not {ids.dtype.name} "
            f"(the first is {ids.flat[0]!r})"
        )
    wrong = (ids < 0) | (ids >= count)
    if wrong.any():
        raise _out_of_range(name, ids.flat[int(np.argmax(wrong))], count)
    return ids


def _out_of_range(name: str, first: Any, count: int) -> ValueError:
    where = f"must lie in 0 … {count - 1}" if count else "there is no row"
    return ValueError(f"{name}: {first} is no id here; {where}")
