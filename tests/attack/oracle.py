"""A slow reader of ratings, by the rules of docs/data.md and in plain Python, to hold ours against.

It shares nothing with `harness.data.movielens` but the names that columns go by.
"""

import re
from fractions import Fraction

import numpy as np

from implementations.columns import find_columns

_SEPARATORS = ["::", "\t", ";", "|", ",", " "]
_LARGEST = Fraction(float(np.finfo(np.float32).max))


class RefusedError(Exception):
    """These bytes are no table of ratings."""


def read(content: bytes) -> dict[tuple[object, object], np.float32]:
    """Ratings of a table, by user and item.

    Raises
    ------
    RefusedError
    """
    lines = [line for line in _lines(content) if line.strip()]
    if not lines:
        raise RefusedError("empty")
    separator, fields, positions, has_names = _dialect(lines[0])
    rows = lines[1:] if has_names else lines
    texts = [_is_text(rows[: 1000 - has_names], separator, at) for at in positions[:2]]
    ratings: dict[tuple[object, object], np.float32] = {}
    for line in rows:
        row = _split(line, separator)
        if len(row) != len(fields):
            raise RefusedError("columns")
        user, item = (_id(row[at], text) for at, text in zip(positions[:2], texts, strict=True))
        if (user, item) in ratings:
            raise RefusedError("twice")
        ratings[user, item] = _rating(row[positions[2]])
    if not ratings:
        raise RefusedError("no ratings")
    return ratings


def _lines(content: bytes) -> list[str]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[: 1 << 18]:
        raise RefusedError("no text")
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return re.split("\r\n|\r|\n", text)


def _dialect(first: str) -> tuple[str, list[str], tuple[int, int, int], bool]:
    for separator in _SEPARATORS:
        if first.strip().count(separator) < 2:
            continue
        fields = [field.strip() for field in _split(first, separator)]
        if len(fields) < 3:
            continue
        if _number(fields[2]) is not None or fields[2].lower() in (
            "nan",
            "inf",
            "-inf",
            "infinity",
        ):
            return separator, fields, (0, 1, 2), False
        try:
            names = find_columns(fields, {})
        except ValueError:
            continue
        user, item, rating = map(fields.index, names)
        return separator, fields, (user, item, rating), True
    raise RefusedError("no columns")


def _split(line: str, separator: str) -> list[str]:
    """Fields of a line: a quote at the start of one lasts to the next that is not doubled."""
    fields, field, at, quoted = [], "", 0, False
    while at < len(line):
        here = line[at]
        if quoted:
            if line.startswith('""', at):
                field, at = field + '"', at + 2
                continue
            if here == '"':
                quoted = False
            else:
                field += here
        elif line.startswith(separator, at):
            fields.append(field)
            field, at = "", at + len(separator)
            continue
        elif here == '"' and not field:
            quoted = True
        else:
            field += here
        at += 1
    if quoted:
        raise RefusedError("quote")
    return [*fields, field]


def _number(text: str) -> Fraction | None:
    text = text.strip()
    found = re.fullmatch(r"([+-]?)([0-9]*)(?:[.,]([0-9]*))?(?:[eE]([+-]?[0-9]+))?", text)
    if not found or not (found[2] or found[3]):
        return None
    exponent = int(found[4] or 0)
    if abs(exponent) > 1000:
        exponent = 1000 if exponent > 0 else -1000
    whole = Fraction(int((found[2] or "0") + (found[3] or "")))
    scaled = whole * Fraction(10) ** (exponent - len(found[3] or ""))
    return -scaled if found[1] == "-" else scaled


def _whole(text: str) -> int | None:
    number = None if "," in text else _number(text)
    if number is None or number.denominator != 1:
        return None
    return int(number)


def _is_text(rows: list[str], separator: str, at: int) -> bool:
    found = []
    for row in rows:
        try:
            fields = _split(row, separator)
        except RefusedError:
            continue
        if len(fields) > at and fields[at].strip():
            number = _whole(fields[at])
            found.append(number is not None and -(2**63) <= number < 2**63)
    return 2 * sum(found) < len(found)


def _id(text: str, as_text: bool) -> object:
    if not text.strip():
        raise RefusedError("no id")
    if as_text:
        return text.strip()
    number = _whole(text)
    if number is None or not -(2**63) <= number < 2**63:
        raise RefusedError("id")
    return number


def _rating(text: str) -> np.float32:
    number = _number(text)
    if number is None or abs(number) > _LARGEST:
        raise RefusedError("rating")
    near = np.float32(float(number))
    around = [np.nextafter(near, np.float32(end)) for end in (-np.inf, np.inf)]
    # The nearest, and of two the one whose last bit is 0.
    return min(
        [near, *around],
        key=lambda one: (
            abs(Fraction(float(one)) - number) if np.isfinite(one) else Fraction(10) ** 99,
            int(one.view(np.uint32)) & 1,
        ),
    )
