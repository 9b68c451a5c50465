"""Raw ids to contiguous ones, sorted by user and movie."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from harness.data.movielens.cleaning import lines_of_rows
from harness.data.movielens.dialect import Dialect
from harness.data.movielens.locating import Source
from harness.data.movielens.table import Blocks, Table, TextIds
from harness.errors import UserError
from implementations.ratings import Ratings

_BLOCK = 1 << 18


class Indexed(NamedTuple):
    """Ratings with contiguous ids, sorted by user, then movie.

    Attributes
    ----------
    user_ids, movie_ids : ndarray, int64, or object where ids are text
        Raw ids, ascending; position p is the contiguous id p.
    ratings : Ratings
    order : ndarray, shape (n_ratings,), int64, or None
        Row of the file that each rating stood in; None where the file was sorted already.
    """

    user_ids: NDArray[Any]
    movie_ids: NDArray[Any]
    ratings: Ratings
    order: NDArray[np.int64] | None


def index_table(table: Table, source: Source) -> Indexed:
    """Ratings of a table, with contiguous ids.

    Parameters
    ----------
    table : Table
    source : Source
        Where it was read from: named where a pair is rated twice.

    Raises
    ------
    UserError
        Where a (user, movie) pair occurs more than once.
    """
    user_ids, users = contiguous(table.users)
    movie_ids, items = contiguous(table.movies)
    values, dialect, order = table.values, table.dialect, None
    del table  # the raw ids make room for what follows; pyarrow alone would keep it
    pa.default_memory_pool().release_unused()
    if not _ascending(users, items):
        order = np.argsort(_pairs(users, items, len(movie_ids)))
        users, items, values = users[order], items[order], values[order]
        if not _ascending(users, items):
            by_row = np.empty_like(order)
            by_row[order] = _pairs(users, items, len(movie_ids))
            raise _duplicates(by_row, dialect, source, (user_ids, movie_ids))
    ratings = Ratings(users, items, values, len(user_ids), len(movie_ids))
    return Indexed(user_ids, movie_ids, ratings, order)


def _pairs(users: NDArray[np.int32], items: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """One number for each pair."""
    pairs = users.astype(np.int64)
    pairs *= n_items
    pairs += items
    return pairs


def contiguous(raw: Blocks | TextIds) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Distinct raw ids, ascending, and the position of each raw id among them.

    Parameters
    ----------
    raw : TextIds, or tuple of ndarray, int32 or int64
        At least one block; none is empty.

    Returns
    -------
    distinct : ndarray, int64, or object where ids are text
    positions : ndarray, shape (sum of the lengths of the blocks,), int32
    """
    if isinstance(raw, TextIds):
        return raw.distinct, raw.positions
    lowest = min(int(block.min()) for block in raw)
    span = max(int(block.max()) for block in raw) - lowest + 1
    # A look-up table is many times as fast as a sort, and ids of a release are nearly dense.
    if span > 4 * sum(map(len, raw)) + (1 << 20):
        distinct, inverse = np.unique(np.concatenate(raw), return_inverse=True)
        return distinct.astype(np.int64), inverse.astype(np.int32)
    seen = np.zeros(span, dtype=np.bool_)
    for block in raw:
        seen[block - lowest] = True
    position = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    positions = np.empty(sum(map(len, raw)), dtype=np.int32)
    end = 0
    for block in raw:
        start, end = end, end + len(block)
        np.take(position, block - lowest, out=positions[start:end])
    return np.flatnonzero(seen) + lowest, positions


def _ascending(users: NDArray[np.int32], items: NDArray[np.int32]) -> bool:
    """Whether each pair is above the one before it."""
    for lo in range(0, len(users) - 1, _BLOCK):
        user, item = users[lo : lo + _BLOCK + 1], items[lo : lo + _BLOCK + 1]
        same_user = user[1:] == user[:-1]
        if not np.all((user[1:] > user[:-1]) | (same_user & (item[1:] > item[:-1]))):
            return False
    return True


def _duplicates(
    pairs: NDArray[np.int64],
    dialect: Dialect | None,
    source: Source,
    ids: tuple[NDArray[Any], NDArray[Any]],
) -> UserError:
    """Error that counts the pairs rated again and shows the first of them."""
    order = np.argsort(pairs, kind="stable")
    again = np.flatnonzero(pairs[order[1:]] == pairs[order[:-1]])
    first = again[np.argmin(order[again + 1])]
    rows = int(order[first]), int(order[first + 1])
    member, unit = source.ratings, "row"
    if dialect is not None:
        unit, rows = "line", lines_of_rows(member, dialect, rows)
    before, here = rows
    user, movie = divmod(int(pairs[order[first]]), len(ids[1]))
    return UserError(
        f"{member} {unit} {here}: user {ids[0][user]} rated movie {ids[1][movie]} already on "
        f"{unit} {before} ({len(again):,} such ratings in all): keep one of each"
    )
