"""What a point's marker says of its cell, and the key that explains those in use."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from harness.report.drawing.layout import in_lines
from harness.report.drawing.style import FONT, MUTED, STEP, Look, text_width

SIZE = 5.0  # points


def _question_mark() -> Path:
    path = TextPath((0, 0), "?", size=8)
    extents = path.get_extents()
    return Path(
        path.vertices - [(extents.x0 + extents.x1) / 2, (extents.y0 + extents.y1) / 2], path.codes
    )


_CROSS = {"marker": "x", "markersize": SIZE + 3, "markeredgewidth": 1.2}
_ASKING = {"marker": _question_mark(), "markersize": SIZE, "markeredgewidth": 0.2}
_DOT = {"marker": "o", "markersize": 1.6, "markeredgewidth": 0.0}

# What a mark stands for, in the order of the key.
MEANINGS: dict[str, str] = {
    "float32": "float32",
    "projected": "projected, with its interval",
    "partial": "fewer sweeps than asked",
    "unchecked": "unchecked: no reference",
    "parity_failed": "differs from the reference",
    "warm": "so short that it is timed warm in cache",
}


def marks_of(row: Any, projected: bool) -> set[str]:
    """Marks that a drawn cell carries."""
    found = {str(row.state)} & {"unchecked", "parity_failed"}
    if row.dtype == "float32":
        found.add("float32")
    if projected:
        return found | {"projected"}
    if row.status not in ("ok", "projected"):
        found.add("partial")
    return found | ({"warm"} if row.warm else set())


def draw_point(axes: Axes, x: float, y: float, look: Look, marks: set[str]) -> None:
    """Draw a cell's marker with the marks that it carries."""
    for options in _layers(look, marks):
        axes.plot([x], [y], linestyle="none", zorder=4, **options)


def _layers(look: Look, marks: set[str]) -> list[dict[str, Any]]:
    """Options of the markers that are drawn over each other."""
    shape: dict[str, Any] = {
        "marker": look.marker,
        "markersize": SIZE,
        "color": look.colour,
        "markerfacecolor": look.face,
    }
    if "projected" in marks:
        return [shape | {"markersize": SIZE - 1, "markerfacecolor": "white"}]
    layers = [shape]
    if "unchecked" in marks:
        layers = [shape | {"markersize": SIZE + 3.5, "markerfacecolor": "white"}]
        layers.append({**_ASKING, "color": look.colour})
    elif "partial" in marks:
        layers = [shape | {"fillstyle": "bottom", "markerfacecoloralt": "white"}]
    if "parity_failed" in marks:
        layers.append({**_CROSS, "color": "#b00020"})
    if "warm" in marks:
        layers.append({**_DOT, "color": "white" if look.face == look.colour else look.colour})
    return layers


def key_lines(used: set[str], width: float) -> list[list[str]]:
    """Arrange the key of the marks in use in lines of a width in inches."""
    marks = [mark for mark in MEANINGS if mark in used]
    return in_lines(marks, [0.55 + text_width(MEANINGS[mark]) for mark in marks], width)


def draw_key(figure: Figure, lines: list[list[str]], bottom: float) -> None:
    """Draw the key in grey, its last line at so many inches from the bottom."""
    width, height = figure.get_size_inches()
    for number, line in enumerate(reversed(lines)):
        x, y = 0.1, (bottom + number * STEP) / height
        for mark in line:
            _draw_entry(figure, mark, x / width, y)
            figure.text((x + 0.33) / width, y, MEANINGS[mark], va="center", color=MUTED, size=FONT)
            x += 0.55 + text_width(MEANINGS[mark])


def _draw_entry(figure: Figure, mark: str, x: float, y: float) -> None:
    width = float(figure.get_size_inches()[0])
    ends = [x, x + 0.28 / width]
    look = Look("", MUTED, "o", ":" if mark == "float32" else "-")
    line = "--" if mark == "projected" else look.line
    figure.add_artist(Line2D(ends, [y, y], color=MUTED, linestyle=line, linewidth=1.1))
    for options in _layers(look, {mark}):
        figure.add_artist(Line2D([sum(ends) / 2], [y], linestyle="none", **options))
