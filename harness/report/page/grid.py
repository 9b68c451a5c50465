"""The tables of a page: what they print, and by what they are sorted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from harness.report import numbers
from harness.report.cells import rows_of
from harness.report.columns import Column, alignment

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Entry:
    """One entry of a table; `order` is what it is sorted by, empty where it has no number."""

    text: str
    side: str
    order: str
    column: str


@dataclass(frozen=True)
class Line:
    """A line of a table, and which cell it is of."""

    rung: str
    variant: str
    threads: int
    dtype: str
    series: int
    entries: list[Entry]


@dataclass(frozen=True)
class Grid:
    """A table of cells."""

    headings: list[Entry]
    lines: list[Line]


def grid_of(
    columns: Sequence[Column], cells: pd.DataFrame, series: dict[tuple[str, int], int]
) -> Grid:
    """Make a table of cells.

    Parameters
    ----------
    columns : sequence of Column
    cells : DataFrame
    series : dict
        Place of each implementation and thread count among the series of the figures.
    """
    heads = [Entry(c.title, alignment(c), "", c.key or c.title) for c in columns]
    return Grid(heads, [_line(columns, row, series) for row in rows_of(cells)])


def _line(columns: Sequence[Column], row: Any, series: dict[tuple[str, int], int]) -> Line:
    variant, threads = str(row.variant), int(row.threads)
    entries = [
        Entry(c.text(row), alignment(c), order_of(row, c.key), c.key or c.title) for c in columns
    ]
    place = series[variant, threads]
    return Line(str(row.rung), variant, threads, str(row.dtype), place, entries)


def order_of(row: Any, key: str) -> str:
    """What a row is sorted by under a column of the frame; empty where it has no number."""
    value = getattr(row, key, None)
    if not numbers.known(value):
        return ""
    return f"{numbers.number(value):.9g}"
