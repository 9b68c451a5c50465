"""Figure of where the seconds of a whole fit go, at the largest scale."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from harness.report import numbers
from harness.report.cells import rows_of, rungs
from harness.report.drawing import layout
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import numbers_of

# In the order in which they are done; neighbours differ in lightness, also in print.
_PHASES = {
    "open_s": ("opening", "#c9c9c9"),
    "prepare_s": ("layout", "#7a7a7a"),
    "compile_s": ("compilation", "#e0b45c"),
    "sweeps_s": ("sweeps", "#0072b2"),
    "evaluate_s": ("evaluation", "#d4d4d4"),
}
_STEP = 0.3  # inches from a bar to the next


def phases_of(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of the largest scale at which any was timed, with the seconds of all their sweeps."""
    if cells.empty:
        return cells
    timed = cells[cells["sweep_s"].notna() & ~cells["projected"].astype(bool)]
    timed = timed[timed["sweeps"] > 0]
    if timed.empty:
        return timed
    largest = timed[timed["rung"] == rungs(timed)[-1]]
    return largest.assign(sweeps_s=largest["sweep_s"] * largest["sweeps"])


def phases_figure(cells: pd.DataFrame, title: str) -> Drawing:
    """A bar for each implementation, parted by phases, as shares of its seconds in all."""
    with st.styled():
        shown = phases_of(cells)
        looks = [st.looks(cells)[str(row.variant), int(row.threads)] for row in rows_of(shown)]
        left = 0.2 + max(st.text_width(look.label) for look in looks)
        key = layout.in_lines([*_PHASES], [_entry(name) for name in _PHASES], st.width() - 0.2)
        below, tall = 0.45 + st.STEP * len(key), _STEP * len(shown) + 0.05
        total = st.title_height(title) + 0.1 + tall + below
        figure = st.new_figure(total)
        scale = rungs(shown)[0]
        st.put_title(figure, f"Where the seconds of a fit go, at scale {scale}", title)
        wide = st.width() - left - 0.95
        box = (left / st.width(), below / total, wide / st.width(), tall / total)
        axes = figure.add_axes(box)
        _draw(axes, shown, looks)
        _draw_key(figure, key)
        return figure


def _entry(name: str) -> float:
    return 0.42 + st.text_width(_PHASES[name][0])


def _draw(axes: Axes, shown: pd.DataFrame, looks: list[st.Look]) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
    for at, (row, look) in enumerate(zip(rows_of(shown), looks, strict=True)):
        with st.tagged(axes, look):
            _draw_bar(axes, at, row, look)


def _draw_bar(axes: Axes, at: int, row: Any, look: st.Look) -> None:
    seconds = {name: max(numbers.number(getattr(row, name)), 0.0) for name in _PHASES}
    seconds = {name: value if numbers.known(value) else 0.0 for name, value in seconds.items()}
    whole = sum(seconds.values())
    start = 0.0
    for name, value in seconds.items():
        _, colour = _PHASES[name]
        style: dict[str, Any] = {"facecolor": colour, "edgecolor": "white"}
        axes.barh(at, value / whole, 0.62, left=start, linewidth=0.5, **style)
        start += value / whole
    words: dict[str, Any] = {"textcoords": "offset points", "va": "center", "color": look.colour}
    place = axes.get_yaxis_transform()
    axes.annotate(look.label, (0, at), (-5, 0), xycoords=place, ha="right", **words)
    text = f"{whole:.3g} s, {int(row.sweeps)} sw."
    axes.annotate(text, (1, at), (5, 0), xycoords=place, **words)


def _draw_key(figure: Drawing, lines: list[list[str]]) -> None:
    width, height = figure.get_size_inches()
    for number, line in enumerate(reversed(lines)):
        x, y = 0.1, (0.1 + number * st.STEP) / height
        for name in line:
            text, colour = _PHASES[name]
            corner = (x / width, y - 0.045 / height)
            figure.add_artist(_patch(figure, corner, colour))
            figure.text((x + 0.22) / width, y, text, va="center", color=st.MUTED)
            x += _entry(name)


def _patch(figure: Drawing, corner: tuple[float, float], colour: str) -> Rectangle:
    width, height = figure.get_size_inches()
    size = (0.16 / width, 0.09 / height)
    style: dict[str, Any] = {"facecolor": colour, "edgecolor": "white"}
    return Rectangle(corner, *size, linewidth=0, transform=figure.transFigure, **style)


FIGURE = Figure(
    name="phases",
    caption=(
        "Where the seconds of a whole fit go, each bar as shares of its own total, which stands "
        "beside it with the number of sweeps done: opening the ratings, layout or conversion, "
        "compilation, all sweeps at the median, and the judge's evaluation."
    ),
    draw=lambda found: phases_figure(found.cells, found.about.title),
    data=lambda found: numbers_of(
        phases_of(found.cells), {name: f"{text} s" for name, (text, *_) in _PHASES.items()}
    ),
    applies=lambda found: not phases_of(found.cells).empty,
)
