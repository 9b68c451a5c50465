"""The noun `Table`: ratings as they stand in a file."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from harness.data.movielens.dialect import Dialect

Blocks = tuple[NDArray[np.signedinteger[Any]], ...]


class TextIds(NamedTuple):
    """Ids that are text.

    Attributes
    ----------
    distinct : ndarray of str
        Ascending.
    positions : ndarray, shape (n_ratings,), int32
        Of each row's id among them.
    """

    distinct: NDArray[np.object_]
    positions: NDArray[np.int32]


@dataclass(frozen=True)
class Table:
    """Ratings as they stand in the file, row by row.

    Attributes
    ----------
    users, movies : TextIds, or tuple of ndarray, int32 or int64
        Raw ids; whole numbers in the blocks that pyarrow read: joining them would copy every row
        once more.
    values : ndarray, shape (n_ratings,), float32
        All finite.
    dialect : Dialect or None
        Of a file of text: tells the line of a row.
    """

    users: Blocks | TextIds
    movies: Blocks | TextIds
    values: NDArray[np.float32]
    dialect: Dialect | None = None

    def __len__(self) -> int:
        return len(self.values)


def text_ids(column: pa.ChunkedArray) -> TextIds:
    """Ids of a column of strings; blanks around them do not count.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of strings, or of them as a dictionary; at least one
    """
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    coded = column.unify_dictionaries().combine_chunks()
    texts = pc.utf8_trim_whitespace(coded.dictionary).to_numpy(zero_copy_only=False)
    distinct, ranks = np.unique(texts, return_inverse=True)
    positions = ranks.astype(np.int32)[coded.indices.to_numpy()]
    pa.default_memory_pool().release_unused()
    return TextIds(distinct, positions)
