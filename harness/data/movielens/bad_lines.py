"""Which line of a ratings file is wrong, and how: looked for only after a failure."""

import csv
import re
from collections.abc import Iterable, Iterator

import numpy as np

from harness.data.movielens.layouts import Layout, Member
from harness.errors import UserError

_INTEGER = re.compile(r"\s*-?[0-9]+\s*")
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_CHUNK = 1 << 22


def explain_failure(member: Member, layout: Layout, reason: str) -> UserError:
    """Error that names the first bad line.

    Parameters
    ----------
    member : Member
    layout : Layout
    reason : str
        What went wrong. Shown where every line looks well.
    """
    with member.open() as stream:
        first = _split(stream.readline().rstrip(b"\r\n"), layout)
    positions = tuple(map(first.index, layout.columns)) if layout.header else (0, 1, 2)
    for number, raw in _doubtful(member, layout, _usual_lines(layout, len(first), positions)):
        try:
            fields = _split(raw, layout)
        except UnicodeDecodeError:
            return UserError(f"{member} line {number} is not UTF-8 text: convert the file")
        if len(fields) != len(first):
            return UserError(f"{member} line {number} has {len(fields)} columns, not {len(first)}")
        problem = _problem(*(fields[position] for position in positions))
        if problem:
            return UserError(f"{member} line {number}: {problem}")
    return UserError(f"{member} cannot be read: {' '.join(reason.split())}")


def explain_vanished(member: Member, layout: Layout, n_rows: int) -> None:
    """Complain where a file has other lines that are not empty than those that were read.

    Raises
    ------
    UserError
        Naming the first line that opens a quote and does not close it, if there is one.
    """
    filled, opened = 0, None
    with member.open() as stream:
        for number, raw in enumerate(stream, 1):
            filled += bool(raw.strip(b"\r\n"))
            if opened is None and raw.count(b'"') % 2:
                opened = number
    if filled == n_rows + layout.header:
        return
    if opened is not None:
        raise UserError(f"{member} line {opened} opens a quote and does not close it")
    raise UserError(
        f"{member} has {filled:,} lines that are not empty, of which {n_rows:,} were read as "
        "ratings: end each line with LF or CRLF"
    )


def lines_of_rows(member: Member, layout: Layout, rows: Iterable[int]) -> list[int]:
    """Lines, from 1, of the ratings at some positions, from 0; both ascending.

    Empty lines hold no rating: pyarrow skips them too.
    """
    wanted = {row + layout.header for row in rows}
    with member.open() as stream:
        filled = (number for number, raw in enumerate(stream, 1) if raw.rstrip(b"\r\n"))
        return [number for index, number in enumerate(filled) if index in wanted]


def _usual_lines(layout: Layout, width: int, positions: tuple[int, ...]) -> re.Pattern[bytes]:
    """Pattern of a stretch of lines as releases have them, which need no closer look."""
    fields = [rf'[^{layout.separator[0]}"\r\n]*+'] * width
    for position in positions[:2]:
        fields[position] = "-?[0-9]{1,18}"
    fields[positions[2]] = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
    return re.compile(rf"(?:{layout.separator.join(fields)}\r?\n)*+".encode())


def _doubtful(
    member: Member, layout: Layout, usual: re.Pattern[bytes]
) -> Iterator[tuple[int, bytes]]:
    """Lines that are neither usual nor empty, with their numbers.

    One match of a pattern passes over a whole stretch of lines: line by line, a file of 32 M
    lines would take minutes.
    """
    with member.open() as stream:
        number = 1
        if layout.header:
            stream.readline()
            number = 2
        while chunk := stream.read(_CHUNK) + stream.readline():
            start = 0
            while start < len(chunk):
                match = usual.match(chunk, start)
                end = match.end() if match else start
                number += chunk.count(b"\n", start, end)
                start = chunk.find(b"\n", end) + 1 or len(chunk)
                line = chunk[end:start].rstrip(b"\r\n")
                if line:
                    yield number, line
                number += end < start


def _split(raw: bytes, layout: Layout) -> list[str]:
    line = raw.decode("utf-8-sig")
    if '"' in line and len(layout.separator) == 1:
        return next(csv.reader([line], delimiter=layout.separator))
    return line.split(layout.separator)


def _problem(user: str, movie: str, rating: str) -> str | None:
    for what, text in (("user", user), ("movie", movie)):
        if not (_INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63):
            return f"the {what} id {text!r} is not a 64-bit integer"
    try:
        finite = abs(float(rating)) <= _LARGEST_FLOAT32
    except ValueError:
        finite = False
    return None if finite else f"the rating {rating!r} is not a finite 32-bit number"
