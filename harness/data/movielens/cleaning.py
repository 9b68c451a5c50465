"""Lines that pyarrow does not take, made such that it does, or named as what they are.

Read only where pyarrow alone refuses a file or finds another number of lines than there are.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.data.movielens.archives import Member
from harness.data.movielens.dialect import Dialect, rating_number, split, whole_number
from harness.errors import UserError

_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_CHUNK, _LONGEST_LINE = 1 << 22, 1 << 24
_MARK = b"\xef\xbb\xbf"


class CleanLines(io.RawIOBase):
    """A stream of the ratings of a file, a canonical line each; counts them.

    Parameters
    ----------
    member : Member
    dialect : Dialect

    Attributes
    ----------
    n_lines : int
        That have been given out.

    Raises
    ------
    UserError
        While it is read: at the first line that is no rating, naming it.
    """

    def __init__(self, member: Member, dialect: Dialect) -> None:
        self.n_lines = 0
        self._pieces = _clean_pieces(member, dialect)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Next bytes."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self.n_lines += piece.count(b"\n")
            self._left = memoryview(piece)
        n = min(len(self._left), len(buffer))
        buffer[:n] = self._left[:n]
        self._left = self._left[n:]
        return n

    def exhaust(self) -> None:
        """Read to the end, for the sake of the error."""
        while self.read(_CHUNK):
            pass


def lines_of_rows(member: Member, dialect: Dialect, rows: tuple[int, int]) -> tuple[int, int]:
    """Lines, from 1, of two ratings at some positions, from 0; both ascending.

    Blank lines hold no rating.
    """
    with member.open() as stream:
        lines = (line for chunk in _whole_lines(member, stream) for line in chunk.splitlines())
        filled = (
            number
            for number, line in enumerate(lines, 1)
            if number > dialect.skipped and line.strip()
        )
        first, second = (n for row, n in enumerate(filled) if row in rows)
    return first, second


def _whole_lines(member: Member, stream: Any) -> Iterator[bytes]:
    """Stretches of whole lines, each ended by LF, whatever the file ends them by.

    Raises
    ------
    UserError
        Where there is no end for too long: what is held grows with each read.
    """
    kept = b""
    first = True
    while chunk := stream.read(_CHUNK):
        if first:
            chunk, first = chunk.removeprefix(_MARK), False
        text = kept + chunk
        # A CR at the end may be the first half of a CRLF.
        held = b"\r" if text.endswith(b"\r") else b""
        text = text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = text.rfind(b"\n") + 1
        kept = text[end:] + held
        if len(kept) > _LONGEST_LINE:
            raise UserError(f"{member} has a line of more than {_LONGEST_LINE:,} bytes")
        if end:
            yield text[:end]
    if kept:
        yield kept.removesuffix(b"\r") + b"\n"


def _clean_pieces(member: Member, dialect: Dialect) -> Iterator[bytes]:
    """Canonical lines of a file, in pieces.

    One match of a pattern passes over a whole stretch of usual lines: line by line, a file of
    32 M lines would take minutes.
    """
    usual = _usual_lines(dialect)
    number = 0
    with member.open() as stream:
        for chunk in _whole_lines(member, stream):
            start = 0
            while start < len(chunk):
                if number >= dialect.skipped:
                    match = usual.match(chunk, start)
                    end = match.end() if match else start
                    if end > start:
                        number += chunk.count(b"\n", start, end)
                        yield chunk[start:end]
                        start = end
                        continue
                end = chunk.index(b"\n", start) + 1
                number += 1
                if number > dialect.skipped and chunk[start:end].strip():
                    yield _canonical(member, dialect, number, chunk[start : end - 1])
                start = end


def _usual_lines(dialect: Dialect) -> re.Pattern[bytes]:
    """Pattern of a stretch of lines as releases have them, which need no closer look."""
    outside = f'[^{re.escape(dialect.separator[0])}"\\n]'
    fields = [f"{outside}*+"] * dialect.width
    for position, text in zip(dialect.positions, dialect.text, strict=False):
        # Text: in ASCII, and no blank where it begins or ends.
        inner = f'(?:(?![{re.escape(dialect.separator[0])}"])[!-~])'
        fields[position] = f"{inner}(?: *+{inner})*+" if text else "-?[0-9]{1,18}"
    fields[dialect.positions[2]] = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
    return re.compile(rf"(?:{re.escape(dialect.separator).join(fields)}\n)++".encode())


def _canonical(member: Member, dialect: Dialect, number: int, raw: bytes) -> bytes:
    """A line with nothing but ids and rating, as pyarrow reads them.

    Raises
    ------
    UserError
        Where it is no rating.
    """
    where = f"{member} line {number}"
    line = raw.decode("utf-8", "surrogateescape")
    if line.count('"') % 2:
        raise UserError(f"{where} opens a quote and does not close it")
    try:
        fields = split(line, dialect.separator)
    except csv.Error as error:
        raise UserError(f"{where} cannot be split into columns: {error}") from error
    if len(fields) != dialect.width:
        raise UserError(f"{where} has {len(fields)} columns, not {dialect.width}")
    clean = [""] * dialect.width
    for position, text, name in zip(dialect.positions, dialect.text, dialect.names, strict=False):
        clean[position] = _clean_id(where, fields[position], text, name, dialect)
    at, name = dialect.positions[2], dialect.names[2]
    clean[at] = _clean_rating(where, fields[at], name)
    return (dialect.separator.join(clean) + "\n").encode()


def _clean_id(where: str, field: str, text: bool, name: str, dialect: Dialect) -> str:
    field = field.strip()
    if not field:
        raise UserError(f"{where}: the {name} id is empty")
    if text:
        if not field.isprintable():
            raise UserError(f"{where}: the {name} id {field!r} is not UTF-8 text: convert the file")
        quoted = dialect.separator[0] in field or '"' in field
        doubled = field.replace('"', '""')
        return f'"{doubled}"' if quoted else field
    value = whole_number(field)
    if value is None or not -(2**63) <= value < 2**63:
        raise UserError(
            f"{where}: the {name} id {field!r} is not a 64-bit integer; "
            f"--columns …={name}:text takes ids as text"
        )
    return str(value)


def _clean_rating(where: str, field: str, name: str) -> str:
    number = rating_number(field)
    if number is None or not abs(float(number)) <= _LARGEST_FLOAT32:
        raise UserError(f"{where}: the {name} {field!r} is not a finite 32-bit number")
    return number
