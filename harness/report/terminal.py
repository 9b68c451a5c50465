"""Tables in a terminal: never wider than it is, and nothing cut off in them."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import pandas as pd
from tabulate import tabulate

from harness.report.cells import baseline, differ_in_way, given, remarks, rows_of, rungs
from harness.report.columns import (
    EXTRA,
    PEAK,
    QUALITY,
    ROUNDS,
    TO_QUALITY,
    Column,
    alignment,
    columns_of,
    half_columns,
    naming,
    rounds_column,
    seconds_column,
    sooner_columns,
    speed_column,
)
from harness.report.tables import explanations, heading
from harness.report.words import TABLE_WORDS, TIME_TO_QUALITY

WIDTH = 120  # characters of a line where there is no terminal
_LEAST = 60  # narrower terminals wrap lines themselves
# Characters of a column; more go to a next line.
_FOLDS = {"implementation": 24, "result": 15}
_NARROW_RMSE = {"test\nRMSE": 8}
_NARROW = {"implementation": 14, "result": 11}
_SPEED = 11
_NARROWEST_NAME = 6
_UNCOMPARED = "so far; the results are compared when the scale ends"
# Where a word that is too long by itself may go on: within a name, within an interval.
_BREAK = re.compile(r"(?<=[-._:])(?=[A-Za-z])|(?<=–)(?=\d)")


@dataclass(frozen=True)
class _Layout:
    """Columns of a table, and how wide their texts may be."""

    columns: Sequence[Column]
    folds: Mapping[str, int] = field(default_factory=dict)

    def without(self, gives_way: int) -> "_Layout":
        """The same without the columns that give way at this point."""
        return _Layout([c for c in self.columns if c.gives_way != gives_way], self.folds)

    def folded(self, folds: Mapping[str, int]) -> "_Layout":
        """The same with narrower columns."""
        return _Layout(self.columns, {**self.folds, **folds})


def scale_table(cells: pd.DataFrame, title: str = "", width: int = WIDTH) -> str:
    """Table of one scale, with what is to be known of its cells; `legend` explains the words.

    Parameters
    ----------
    cells : DataFrame
        Rows of one rung of the cells frame.
    title : str
        Names the data set and what was asked of all.
    width : int
        Characters of a line; fewer than 60 count as 60.

    Returns
    -------
    str
        Lines of at most so many characters, without a newline at the end.
    """
    if cells.empty:
        return "\n".join(filter(None, [title, "nothing was planned at this scale"]))
    above = [title] if title else []
    layout = _fitting(cells, width)
    below = remarks(cells)
    if PEAK in layout.columns and cells["peak_is_bound"].any():
        below.append(f"≤: {TABLE_WORDS['≤']}")
    lines = [*wrapped([*above, heading(cells)], width), "", _grid(layout, cells)]
    return "\n".join([*lines, *([""] if below else []), *wrapped(below, width)])


def sooner_table(cells: pd.DataFrame, width: int = WIDTH) -> list[str]:
    """Seconds and sweeps to the same quality, at the largest scale that says anything of them.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    width : int
        As for `scale_table`.

    Returns
    -------
    list of str
        None where all take the same way.
    """
    if cells.empty or not differ_in_way(cells).any():
        return []
    told = cells[cells["to_1e2_s"].notna() | cells["to_quality_s"].notna()]
    if told.empty:
        return []
    here = cells[cells["rung"] == rungs(told)[-1]]
    layout = _Layout([*naming(here), *sooner_columns(here)], _FOLDS)
    words = f"Time to quality at {here['rung'].iloc[0]}, {TIME_TO_QUALITY}"
    return ["", *wrapped([words], width), "", *_grid(layout, here).splitlines()]


def legend(cells: pd.DataFrame, width: int = WIDTH) -> list[str]:
    """Explain, once, the words that the tables of these cells use, and say what is left out.

    Parameters
    ----------
    cells : DataFrame
        Rows of the cells frame, of any number of scales.
    width : int
        As for `scale_table`.

    Returns
    -------
    list of str
        Lines of at most so many characters.
    """
    if cells.empty:
        return []
    left_out: dict[str, None] = {}
    everywhere: set[str] = set()
    for rung in rungs(cells):
        here = cells[cells["rung"] == rung]
        shown = {column.heading for column in _fitting(here, width).columns}
        everywhere |= shown
        left_out |= {c.title: None for c in columns_of(here) if c.heading not in shown}
    lines = explanations(cells, {PEAK.heading, QUALITY.heading} - everywhere)
    if left_out:
        lines.append(f"no room here for: {', '.join(left_out)}; they are in table.md")
    return wrapped(lines, width)


def rows_so_far(cells: pd.DataFrame, width: int = WIDTH) -> list[str]:
    """Rows of a scale that still runs.

    Parameters
    ----------
    cells : DataFrame
        Speeds so far, as `harness.analysis.so_far` finds them.
    width : int
        As for `scale_table`.

    Returns
    -------
    list of str
        None where there is no row yet.
    """
    if cells.empty:
        return []
    speed = [speed_column(cells)] if baseline(cells) else []
    columns = [*naming(cells), seconds_column(), *speed, rounds_column()]
    steps = [_Layout(columns, _FOLDS), _Layout(columns, _FOLDS | _NARROW)]
    table = _grid(_first_that_fits(steps, cells, width), cells)
    return [*table.splitlines(), "", _UNCOMPARED]


def _fitting(cells: pd.DataFrame, width: int) -> _Layout:
    """Columns and folds that make a table as full as its lines are long."""
    return _first_that_fits(_steps(cells, width), cells, width)


def _first_that_fits(
    steps: Sequence[_Layout] | Iterator[_Layout], cells: pd.DataFrame, width: int
) -> _Layout:
    width = max(width, _LEAST)
    layout = _Layout([])
    for layout in steps:
        excess = _width(_grid(layout, cells)) - width
        if excess <= 0:
            return layout
    name = min(_NARROW["implementation"], max(len(str(variant)) for variant in cells["variant"]))
    return layout.folded({"implementation": max(name - excess, _NARROWEST_NAME)})


def _steps(cells: pd.DataFrame, width: int) -> Iterator[_Layout]:
    """Narrower and narrower layouts: what is of least use to a comparison goes first."""
    columns = columns_of(cells)
    if width > WIDTH:
        after = len(naming(cells)) + 1
        columns[after:after] = half_columns()
        columns[-1:-1] = [QUALITY] if given(cells, TO_QUALITY) else []
    layout = _Layout(columns, _FOLDS)
    yield layout
    for gives_way in range(EXTRA, ROUNDS):
        layout = layout.without(gives_way)
        yield layout
    for folds in (_NARROW_RMSE, {speed_column(cells).heading: _SPEED}, _NARROW):
        layout = layout.folded(folds)
        yield layout
    yield layout.without(ROUNDS)


def _width(table: str) -> int:
    return max(map(len, table.splitlines()))


def _grid(layout: _Layout, cells: pd.DataFrame) -> str:
    """Columns as wide as their text; tabulate's own headings would be two wider."""
    columns = layout.columns
    widths = [layout.folds.get(column.heading, WIDTH) for column in columns]
    body: list[tuple[str, ...]] = []
    for row in rows_of(cells):
        body += _side_by_side([column.text(row) for column in columns], widths)
    heads = [_head(column, width) for column, width in zip(columns, widths, strict=True)]
    # Headings stand on their lowest line.
    tall = max(map(len, heads))
    above = list(zip(*([""] * (tall - len(head)) + head for head in heads), strict=True))
    ruled = zip(*above, *body, strict=True)
    rule = tuple("-" * max(map(len, texts)) for texts in ruled)
    return tabulate(
        [*above, rule, *body],
        tablefmt="plain",
        disable_numparse=True,
        colalign=[alignment(column) for column in columns],
    )


def _head(column: Column, width: int) -> list[str]:
    return [part for line in column.heading.split("\n") for part in folded(line, width)]


def _side_by_side(texts: Sequence[str], widths: Sequence[int]) -> list[tuple[Any, ...]]:
    """A row's texts, each in as many lines as it takes."""
    parts = [folded(text, width) for text, width in zip(texts, widths, strict=True)]
    return list(zip_longest(*parts, fillvalue=""))


def folded(text: str, width: int) -> list[str]:
    """Break what is too wide for its column, never within a number that fits.

    Parameters
    ----------
    text : str
    width : int
        Characters.
    """
    lines: list[str] = []
    for word in text.split():
        pieces = [word] if len(word) <= width else _BREAK.split(word)
        for number, piece in enumerate(pieces):
            joined = f"{lines[-1]}{' ' * (number == 0)}{piece}" if lines else piece
            if lines and len(joined) <= width:
                lines[-1] = joined
            else:
                lines += [piece[at : at + width] for at in range(0, len(piece), width)]
    return lines


def wrapped(lines: Sequence[str], width: int = WIDTH) -> list[str]:
    """Break lines of text; longer ones than those of a page are hard to read.

    Parameters
    ----------
    lines : sequence of str
    width : int
        As for `scale_table`.
    """
    most = min(max(width, _LEAST), WIDTH)
    return [part for line in lines for part in _wrapped(line, most)]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
