"""Ratings in a parquet file."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from harness.data.movielens.dialect import without_kinds
from harness.data.movielens.locating import Source
from harness.data.movielens.table import Blocks, Table, TextIds, text_ids
from harness.errors import UserError
from implementations.columns import find_columns


def read_parquet(source: Source) -> Table:
    """Ratings in the order of the file.

    Raises
    ------
    UserError
        Where it is no such file, its columns cannot be told, an id is missing or neither a whole
        number nor text, or a rating is not a finite number. It names the file and the row, from 0.
    """
    member = source.ratings
    given, as_text = without_kinds(source.columns)
    try:
        with member.open() as stream:
            file = pa.parquet.ParquetFile(stream if member.plain else pa.py_buffer(stream.read()))
            names = find_columns(file.schema_arrow.names, given, say="Say --columns ")
            columns = file.read(columns=[*names])
    except ValueError as error:  # pyarrow's own is one, too
        raise UserError(f"{member}: {' '.join(str(error).split())}") from error
    if not columns.num_rows:
        raise UserError(f"{member} holds no ratings")
    users, items = (
        _ids(f"{member}: {name}", columns[name], role in as_text)
        for role, name in zip(("user", "item"), names[:2], strict=True)
    )
    return Table(users, items, _ratings(f"{member}: {names[2]}", columns[names[2]]))


def _ids(where: str, column: pa.ChunkedArray, as_text: bool) -> Blocks | TextIds:
    _refuse_missing(where, column)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if as_text or pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        ids = text_ids(column.cast(pa.string()))
        if ids.distinct[0] == "":
            raise UserError(f"{where} holds an id that is empty")
        return ids
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise UserError(f"{where} must be whole numbers or text, not {column.type}")
    try:
        column = column.cast(pa.int64())  # floats must be whole
    except pa.ArrowInvalid as error:
        raise UserError(f"{where} must be whole numbers of 64 bits or text: {error}") from error
    return tuple(chunk.to_numpy() for chunk in column.chunks if len(chunk))


def _ratings(where: str, column: pa.ChunkedArray) -> NDArray[np.float32]:
    _refuse_missing(where, column)
    decimal = pa.types.is_decimal(column.type)
    if not (decimal or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise UserError(f"{where} must be numbers, not {column.type}")
    values: NDArray[np.float32] = column.cast(pa.float64()).to_numpy().astype(np.float32)
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise UserError(f"{where} of row {row} (from 0) is not a finite 32-bit number")
    return values


def _refuse_missing(where: str, column: pa.ChunkedArray) -> None:
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        raise UserError(f"{where} of row {row} (from 0) is missing")
