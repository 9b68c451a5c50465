"""How a table of ratings is written: told from its first lines, whatever release it is of."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from harness.data.movielens.archives import Member
from harness.data.movielens.locating import Source
from harness.errors import UserError, visible
from implementations.columns import ROLES, find_columns

_SAMPLE_BYTES, _SAMPLE_ROWS = 1 << 18, 1_000
# The first of these that a line holds twice separates its columns: titles hold commas and blanks.
_SEPARATORS = ("::", "\t", ";", "|", ",", " ")
_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_AS_TEXT = ":text"
_LONGEST, _MOST_DIGITS = 400, 30  # of a number as it is written; of an id


@dataclass(frozen=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    separator : str
        Between two columns.
    width : int
        Columns of a line.
    positions : tuple of int
        Of users, items and ratings, from 0.
    text : tuple of bool
        Whether the ids of users, and of items, are text; otherwise they are whole numbers.
    names : tuple of str
        Of users, items and ratings, for messages.
    skipped : int
        Lines before the first rating: a header, and blank ones.
    """

    separator: str
    width: int
    positions: tuple[int, int, int]
    text: tuple[bool, bool]
    names: tuple[str, str, str]
    skipped: int


def tell_dialect(source: Source) -> Dialect:
    """Dialect of a source's ratings.

    Raises
    ------
    UserError
        Where the file is empty or no text, or it cannot be told which columns are meant.
    """
    member = source.ratings
    with member.open() as stream:
        lines = _first_lines(member, stream.read(_SAMPLE_BYTES))
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not filled:
        raise UserError(f"{member} is empty: it holds no line of ratings")
    number, first = filled[0]
    columns, as_text = without_kinds(source.columns)
    try:
        separator, fields, positions, has_names = _first_line(first, columns)
    except (ValueError, csv.Error) as error:
        raise UserError(f"{member} line {number}: {error}") from error
    sample = list(_rows((line for _, line in filled[has_names:_SAMPLE_ROWS]), separator))
    text = tuple(
        role in as_text or _mostly_text(_column(sample, position))
        for role, position in zip(ROLES[:2], positions[:2], strict=True)
    )
    names = (
        tuple(visible(fields[p]) for p in positions) if has_names else ("user", "movie", "rating")
    )
    return Dialect(
        separator,
        len(fields),
        positions,
        (text[0], text[1]),
        (names[0], names[1], names[2]),
        number if has_names else number - 1,
    )


def split(line: str, separator: str, strict: bool = True) -> list[str]:
    """Fields of a line, without the quotes around them.

    Raises
    ------
    csv.Error
        Where a field is longer than 131,072 characters or, if `strict`, a quote is not closed or
        does not end its field.
    """
    if '"' not in line:
        return line.split(separator)
    fields = next(csv.reader([line], delimiter=separator[0], strict=strict), [])
    if len(separator) == 1:
        return fields
    # Between the two characters of a separator there is nothing.
    whole = len(fields) % 2 == 1 and not any(fields[1::2])
    return fields[::2] if whole else line.split(separator)


def whole_number(text: str) -> int | None:
    """Integer that a text stands for, as an id; 1.0 and 1e3 are integers, too. None: it is none."""
    text = text.strip()
    if not _NUMBER.fullmatch(text) or "," in text or len(text) > _LONGEST:
        return None
    if text.lstrip("+-").isdecimal():
        return int(text)
    number = Decimal(text)  # exact: a float would make another id of 2⁵³ + 1
    if number.adjusted() > _MOST_DIGITS or number != number.to_integral_value():
        return None
    return int(number)


def rating_number(text: str) -> str | None:
    """A rating as pyarrow reads it: with a point, and no plus sign. None: it is no number."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    return text.replace(",", ".").removeprefix("+")


def _first_lines(member: Member, raw: bytes) -> list[str]:
    for mark, name in _MARKS.items():
        if raw.startswith(mark):
            raise UserError(f"{member} is {name} text: convert it to UTF-8")
    if b"\0" in raw:
        raise UserError(f"{member} is no text: give a table of users, items and ratings")
    # Extra columns may be in any encoding; what matters here is the same in nearly all of them.
    text = raw.decode("utf-8-sig", "surrogateescape")
    lines = re.split("\r\n|\n|\r", text)
    return lines[:-1] if len(raw) == _SAMPLE_BYTES and len(lines) > 1 else lines


def _first_line(
    line: str, given: Mapping[str, str]
) -> tuple[str, list[str], tuple[int, int, int], bool]:
    """Separator, fields, positions, and whether they are names, of the first line.

    Raises
    ------
    ValueError
        Where with no separator there are users, items and ratings: said for the first that the
        line has.
    """
    complaint = None
    for separator in _SEPARATORS:
        if line.strip().count(separator) < 2:  # between three columns
            continue
        fields = [field.strip() for field in split(line, separator)]
        try:
            return separator, fields, *_positions(fields, given)
        except ValueError as error:
            complaint = complaint or error
    raise complaint or ValueError(
        "it has no three columns: users, items and ratings are to be separated by a comma, a "
        "semicolon, a tab, '|' or '::'"
    )


def without_kinds(given: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """Columns that were named, and those of them that were called text."""
    columns = {role: name.removesuffix(_AS_TEXT) for role, name in given.items()}
    return columns, {role for role, name in given.items() if name.endswith(_AS_TEXT)}


def _positions(
    fields: Sequence[str], given: Mapping[str, str]
) -> tuple[tuple[int, int, int], bool]:
    """Positions of users, items and ratings, and whether the first line names the columns.

    Raises
    ------
    ValueError
        Where they cannot be told.
    """
    numbers = {role: int(name) for role, name in given.items() if name.isdecimal()}
    if len(numbers) == len(given):
        usual = {role: numbers.get(role, n) for n, role in enumerate(ROLES, 1)}
        for role, position in usual.items():
            if not 1 <= position <= len(fields):
                many = len(fields)
                raise ValueError(f"there is no column {position} for {role}s, only {many} columns")
        user, item, rating = (usual[role] - 1 for role in ROLES)
        has_names = not _like_a_number(fields[rating])
        if numbers or not has_names:
            return (user, item, rating), has_names
    found = find_columns(fields, given, say="Say --columns ")
    user, item, rating = (fields.index(name) for name in found)
    return (user, item, rating), True


def _rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    for line in lines:
        with suppress(csv.Error):  # a bad line is told of when it is read
            yield split(line, separator)


def _column(rows: Sequence[Sequence[str]], position: int) -> Iterator[str]:
    for row in rows:
        if len(row) > position and row[position].strip():
            yield row[position]


def _like_a_number(text: str) -> bool:
    """Whether a field is no name of a column: a number, or what stands for none."""
    return bool(_NUMBER.fullmatch(text)) or text.lower().lstrip("+-") in ("nan", "inf", "infinity")


def _mostly_text(ids: Iterator[str]) -> bool:
    whole = [_fits(whole_number(one)) for one in ids]
    return 2 * sum(whole) < len(whole)


def _fits(number: int | None) -> bool:
    return number is not None and -(2**63) <= number < 2**63
