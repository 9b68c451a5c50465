"""Raw ids to contiguous ones, sorted by user and movie."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.movielens.bad_lines import lines_of_rows
from harness.data.movielens.layouts import Source
from harness.data.movielens.readers import Blocks, Table
from harness.errors import UserError
from implementations.ratings import Ratings

_BLOCK = 1 << 18


class Indexed(NamedTuple):
    """Ratings with contiguous ids, sorted by user, then movie.

    Attributes
    ----------
    user_ids, movie_ids : ndarray, int64
        Raw ids, ascending; position p is the contiguous id p.
    ratings : Ratings
    order : ndarray, shape (n_ratings,), int64, or None
        Row of the file that each rating stood in; None where the file was sorted already.
    """

    user_ids: NDArray[np.int64]
    movie_ids: NDArray[np.int64]
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
    values, order = table.values, None
    if not _ascending(users, items):
        pairs = users * np.int64(len(movie_ids)) + items
        order = np.argsort(pairs)
        users, items, values = users[order], items[order], values[order]
        if not _ascending(users, items):
            raise _duplicates(pairs, table, source)
    ratings = Ratings(users, items, values, len(user_ids), len(movie_ids))
    return Indexed(user_ids, movie_ids, ratings, order)


def contiguous(raw: Blocks) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Distinct raw ids, ascending, and the position of each raw id among them.

    Parameters
    ----------
    raw : tuple of ndarray, int32 or int64
        At least one block; none is empty.

    Returns
    -------
    distinct : ndarray, int64
    positions : ndarray, shape (sum of the lengths of the blocks,), int32
    """
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


def _duplicates(pairs: NDArray[np.int64], table: Table, source: Source) -> UserError:
    """Error that counts the pairs rated again and shows the first of them."""
    order = np.argsort(pairs, kind="stable")
    again = np.flatnonzero(pairs[order[1:]] == pairs[order[:-1]])
    first = again[np.argmin(order[again + 1])]
    earlier, row = int(order[first]), int(order[first + 1])
    member = source.ratings
    line_before, line = lines_of_rows(member, source.layout, (earlier, row))
    user, movie = (np.concatenate(blocks)[row] for blocks in (table.users, table.movies))
    return UserError(
        f"{member} line {line}: user {user} rated movie {movie} already on line {line_before} "
        f"({len(again):,} such ratings in all): keep one of each"
    )
