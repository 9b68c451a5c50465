"""Ratings of the same user and item: refused, or made one."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Duplicates = Literal["refuse", "mean", "last", "sum"]


def ordered(
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    values: NDArray[np.float32],
    duplicates: Duplicates = "refuse",
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Ratings by user, then item, each pair once: the order that they came in does not matter.

    Parameters
    ----------
    users, items : ndarray, shape (n,), int32
    values : ndarray, shape (n,), float32
    duplicates : {"refuse", "mean", "last", "sum"}
        What a pair that occurs several times becomes; mean and sum are formed in float64.

    Raises
    ------
    ValueError
        Where a pair occurs twice and is refused, naming both; or a sum is beyond float32.
    """
    if not isinstance(duplicates, str) or duplicates not in get_args(Duplicates):
        raise ValueError(
            f"duplicates must be one of {', '.join(get_args(Duplicates))}, not {duplicates!r}"
        )
    pairs = users.astype(np.int64) << 32 | items
    order = np.argsort(pairs, kind="stable")
    pairs = pairs[order]
    first = np.ones(len(pairs), np.bool_)
    first[1:] = pairs[1:] != pairs[:-1]
    users, items, values = users[order], items[order], values[order]
    if first.all():
        return users, items, values
    if duplicates == "refuse":
        raise _twice(order, first)
    return users[first], items[first], _merged(values, first, duplicates)


def _merged(
    values: NDArray[np.float32], first: NDArray[np.bool_], duplicates: Duplicates
) -> NDArray[np.float32]:
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(values))
    if duplicates == "last":
        last: NDArray[np.float32] = values[ends - 1]
        return last
    total = np.add.reduceat(values.astype(np.float64), starts)
    merged: NDArray[np.float32]
    with np.errstate(over="ignore"):
        merged = (total / (ends - starts) if duplicates == "mean" else total).astype(np.float32)
    if not np.isfinite(merged).all():
        raise ValueError("the sum of a pair's ratings is beyond float32")
    return merged


def _twice(order: NDArray[Any], first: NDArray[np.bool_]) -> ValueError:
    again = int(np.argmin(first))
    one, other = int(order[again - 1]), int(order[again])
    return ValueError(
        f"ratings {one} and {other} (from 0) are of the same user and item, and "
        f"{int((~first).sum())} ratings in all repeat a pair: "
        'say what they shall become, duplicates="mean", "last" or "sum"'
    )
