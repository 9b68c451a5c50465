"""Ratings files to columns in file order, by pyarrow."""

import csv
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from harness.data.movielens.bad_lines import explain_failure, explain_vanished
from harness.data.movielens.layouts import Layout, Member, Source
from harness.errors import UserError

_CHUNK = 1 << 22
Blocks = tuple[NDArray[np.signedinteger[Any]], ...]


@dataclass(frozen=True)
class Table:
    """Ratings as they stand in the file, row by row.

    Attributes
    ----------
    users, movies : tuple of ndarray, int32 or int64
        Raw ids, in the blocks that pyarrow read: joining them would copy every row once more.
    values : ndarray, shape (n_ratings,), float32
        All finite.
    """

    users: Blocks
    movies: Blocks
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)


def read_table(source: Source) -> Table:
    """Ratings in the order of the file.

    Raises
    ------
    UserError
        Where the file cannot be read, lacks a column, holds no rating, or has a line whose ids are
        not integers or whose rating is not a finite number. It names the file and the line.
    """
    member, layout = source.ratings, source.layout
    _check_first_line(member, layout)
    columns = _read_columns(member, layout)
    _check_nothing_vanished(member, layout, columns.num_rows)
    if not columns.num_rows:
        raise UserError(f"{member} has a header but no ratings")
    users, movies = (_blocks(columns[name]) for name in layout.columns[:2])
    values = columns[layout.columns[2]].to_numpy()
    # float64 holds the sum of any number of float32: it is finite exactly if all of them are.
    if not np.isfinite(values.sum(dtype=np.float64)):
        raise explain_failure(member, layout, "a rating is not finite")
    return Table(users, movies, values)


def _read_columns(member: Member, layout: Layout) -> pa.Table:
    try:
        return _parse(member, layout, pa.int32())
    except pa.ArrowInvalid:
        # Either an id needs 64 bits or a line is bad.
        pass
    try:
        return _parse(member, layout, pa.int64())
    except pa.ArrowInvalid as error:
        raise explain_failure(member, layout, str(error)) from error


def _parse(member: Member, layout: Layout, id_type: pa.DataType) -> pa.Table:
    user, movie, rating = layout.columns
    convert = pa.csv.ConvertOptions(
        include_columns=layout.columns,
        column_types={user: id_type, movie: id_type, rating: pa.float32()},
        null_values=[],  # an empty field is an error and no null
    )
    with member.open() as stream:
        return pa.csv.read_csv(
            # By its name pyarrow reads a plain file without the interpreter: faster.
            stream if member.inside else str(member.path),
            pa.csv.ReadOptions(autogenerate_column_names=not layout.header),
            pa.csv.ParseOptions(delimiter=layout.separator[0]),
            convert,
        )


def _check_nothing_vanished(member: Member, layout: Layout, n_rows: int) -> None:
    """Complain where lines were taken for the content of one quoted field."""
    ends, last = 0, b"\n"
    with member.open() as stream:
        while chunk := stream.read(_CHUNK):
            ends += chunk.count(b"\n")
            last = chunk[-1:]
    if ends + (last != b"\n") != n_rows + layout.header:  # empty lines, or a fault
        explain_vanished(member, layout, n_rows)


def _blocks(column: pa.ChunkedArray) -> Blocks:
    return tuple(chunk.to_numpy() for chunk in column.chunks if len(chunk))


def _check_first_line(member: Member, layout: Layout) -> None:
    """Complain of an empty file or a missing column before pyarrow does so in its own words."""
    with member.open() as stream:
        first = stream.readline(1 << 16)
    if not first.strip():
        raise UserError(f"{member} is empty" if not first else f"{member} line 1 is empty")
    try:
        line = first.decode("utf-8-sig").splitlines()[0]
    except UnicodeDecodeError as error:
        raise UserError(f"{member} line 1 is not UTF-8 text: convert the file") from error
    if not layout.header:
        found = line.count(layout.separator) + 1
        if found < len(layout.columns):
            raise UserError(
                f"{member} line 1 has {found} columns, not user, movie and rating "
                f"separated by {layout.separator!r}"
            )
        return
    names = next(csv.reader([line], delimiter=layout.separator))
    missing = [name for name in layout.columns if name not in names]
    if missing:
        raise UserError(
            f"{member} line 1 lacks the column {', '.join(missing)} (it has {', '.join(names)})"
        )
