"""What a figure against ratings shows: points, and words for the cells that have none."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.report import numbers, words
from harness.report.cells import rows_of, rungs
from harness.report.drawing import style as st
from harness.report.drawing.marks import marks_of

# States that a point's mark explains, or that need no explanation.
_MARKED = ("ok", "over_budget", "projected", "parity_failed", "unchecked")


@dataclass(frozen=True)
class Quantity:
    """What is drawn against the ratings.

    Attributes
    ----------
    column : str
        Of the cells frame; its bounds are in ``<column>_low`` and ``<column>_high``.
    projected : str
        Column that says whether it was projected.
    name, axis : str
        For the title and for the axis.
    nothing, absent : str
        In place of the plot where there is nothing to draw; for a cell in order that has none.
    unit : float or None
        Value at which a line is drawn across.
    """

    column: str
    projected: str
    name: str
    axis: str
    nothing: str
    absent: str
    unit: float | None = None


class Point(NamedTuple):
    """A cell in a plot, with its interval (NaN: not known) and the marks that it carries."""

    x: float
    y: float
    low: float
    high: float
    projected: bool
    marks: frozenset[str]


class Word(NamedTuple):
    """The state of a cell, named below the plot."""

    x: float
    text: str


@dataclass(frozen=True)
class Series:
    """What is shown of one implementation: a point or none for each scale, and words."""

    look: st.Look
    points: list[Point | None]
    words: list[Word]


def series_of(cells: pd.DataFrame, quantity: Quantity) -> list[Series]:
    """Gather what is shown of each implementation.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    quantity : Quantity

    Returns
    -------
    list of Series
        In the order of the frame.
    """
    looks = {} if cells.empty else st.looks(cells)
    found = []
    for (variant, threads), look in looks.items():
        own = cells[(cells["variant"] == variant) & (cells["threads"] == threads)]
        rows = {str(row.rung): row for row in rows_of(own)}
        points = {rung: _point(row, quantity) for rung, row in rows.items()}
        named = [_word(row, points[rung], quantity) for rung, row in rows.items()]
        line = [points.get(rung) for rung in rungs(cells)]
        found.append(Series(look, line, [word for word in named if word]))
    return found


def _point(row: Any, quantity: Quantity) -> Point | None:
    value = numbers.number(getattr(row, quantity.column))
    if not (np.isfinite(value) and value > 0):
        return None
    low, high = (numbers.number(getattr(row, quantity.column + end)) for end in ("_low", "_high"))
    guessed = bool(getattr(row, quantity.projected))
    marks = frozenset(marks_of(row, guessed))
    return Point(float(row.train_ratings), value, low, high, guessed, marks)


def _word(row: Any, point: Point | None, quantity: Quantity) -> Word | None:
    state = str(row.state)
    if point is not None and state in _MARKED:
        return None
    in_order = state in ("ok", "over_budget", "projected")
    text = quantity.absent if in_order else words.short(state)
    return Word(float(row.train_ratings), text)
