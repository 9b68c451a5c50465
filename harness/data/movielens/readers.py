"""Ratings files to columns in file order, by pyarrow."""

import io
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from harness.data.movielens.archives import Member
from harness.data.movielens.cleaning import CleanLines
from harness.data.movielens.dialect import Dialect, tell_dialect
from harness.data.movielens.locating import Source
from harness.data.movielens.parquet import read_parquet
from harness.data.movielens.table import Blocks, Table, TextIds, text_ids
from harness.errors import UserError

_CHUNK, _TAIL = 1 << 22, 1 << 16
_TEXT = pa.dictionary(pa.int32(), pa.string())  # a number a row, whatever its length


def read_table(source: Source) -> Table:
    """Ratings in the order of the file.

    Raises
    ------
    UserError
        Where the file cannot be read, its columns cannot be told, it holds no rating, or has a line
        whose ids are empty or not whole numbers like the others, or whose rating is not a finite
        number. It names the file and the line.
    """
    if PurePath(source.ratings.name).suffix.lower() == ".parquet":
        return read_parquet(source)
    member, dialect = source.ratings, tell_dialect(source)
    columns = _read_as_it_is(member, dialect)
    table = columns and _table(columns, dialect)
    return table or _read_carefully(member, dialect)


def _read_as_it_is(member: Member, dialect: Dialect) -> pa.Table | None:
    """Columns where every line is one that pyarrow takes; None where some need a closer look."""
    for id_type in (pa.int32(), pa.int64()):
        try:
            with member.open() as stream:
                # By its name pyarrow reads a plain file without the interpreter: faster.
                columns = _parse(str(member.path) if member.plain else stream, dialect, id_type)
        except pa.ArrowInvalid:
            continue  # an id needs 64 bits, or a line is not as it should be
        return columns if columns.num_rows == _usable_lines(member, dialect) else None
    return None


def _read_carefully(member: Member, dialect: Dialect) -> Table:
    """Table of the lines made clean; complains of the first that cannot be.

    Raises
    ------
    UserError
    """
    reason = ""
    for id_type in (pa.int32(), pa.int64()):
        clean = CleanLines(member, dialect)
        try:
            columns = _parse(io.BufferedReader(clean, _CHUNK), dialect, id_type, skipped=0)
            break
        except pa.ArrowInvalid as error:
            reason = " ".join(str(error).split())
    else:
        clean.exhaust()  # to the line that is wrong, if there is one
        if not clean.n_lines:
            raise UserError(f"{member} has a header but no ratings")
        raise UserError(f"{member} cannot be read: {reason}")
    table = _table(columns, dialect)
    if table is None or len(table) != clean.n_lines:
        raise UserError(
            f"{member} has {clean.n_lines:,} lines that are not blank, of which "
            f"{columns.num_rows:,} were read as ratings"
        )
    return table


def _parse(
    stream: Any, dialect: Dialect, id_type: pa.DataType, skipped: int | None = None
) -> pa.Table:
    """Columns "user", "item" and "rating"."""
    # A reader that splits at one character sees an empty column between the two of each `::`.
    step = len(dialect.separator)
    names = [f"f{n}" for n in range(step * (dialect.width - 1) + 1)]
    user, item, rating = (names[step * position] for position in dialect.positions)
    kinds = [_TEXT if text else id_type for text in dialect.text]
    columns = pa.csv.read_csv(
        stream,
        pa.csv.ReadOptions(
            column_names=names, skip_rows=dialect.skipped if skipped is None else skipped
        ),
        pa.csv.ParseOptions(delimiter=dialect.separator[0]),
        pa.csv.ConvertOptions(
            include_columns=(user, item, rating),
            column_types={user: kinds[0], item: kinds[1], rating: pa.float32()},
            null_values=[],  # an empty field is an error and no null
        ),
    )
    return columns.rename_columns(["user", "item", "rating"])


def _table(columns: pa.Table, dialect: Dialect) -> Table | None:
    """Table of columns; None where an id is empty or a rating is not finite."""
    pa.default_memory_pool().release_unused()
    values = columns["rating"].to_numpy()
    # float64 holds the sum of any number of float32: it is finite exactly if all of them are.
    if not len(values) or not np.isfinite(values.sum(dtype=np.float64)):
        return None
    users, movies = (_ids(columns[name]) for name in ("user", "item"))
    for ids in (users, movies):
        if isinstance(ids, TextIds) and ids.distinct[0] == "":
            return None
    return Table(users, movies, values, dialect)


def _ids(column: pa.ChunkedArray) -> Blocks | TextIds:
    if column.type != _TEXT:
        return tuple(chunk.to_numpy() for chunk in column.chunks if len(chunk))
    return text_ids(column)


def _usable_lines(member: Member, dialect: Dialect) -> int | None:
    """Lines after those that are skipped; None where pyarrow may take one for what it is not."""
    ends, returns, tail = 0, 0, b""
    with member.open() as stream:
        while chunk := stream.read(_CHUNK):
            ends += chunk.count(b"\n")
            if b"\r" in chunk:
                returns += chunk.count(b"\r") - (tail[-1:] + chunk).count(b"\r\n")
            if b"0x" in chunk or b"0X" in chunk:  # it reads hexadecimal numbers
                return None
            tail = (tail + chunk)[-_TAIL:]
    last = tail.rstrip(b"\r\n").rpartition(b"\n")[2]
    # It minds neither a CR within a field nor a quote that is open at the end.
    if returns or last.count(b'"') % 2:
        return None
    return ends + (tail[-1:] not in (b"\n", b"")) - dialect.skipped
