"""A quantity against the number of ratings, with words for the cells that have no point."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.cells import rows_of
from harness.report.drawing import layout, marks
from harness.report.drawing import style as st
from harness.report.drawing.panels import draw_legend, legend_lines
from harness.report.drawing.points import Point, Quantity, Series, Word, series_of

_LEFT = 0.75  # inches before the axes
Limits = tuple[float, float]


def draw_against_ratings(cells: pd.DataFrame, title: str, quantity: Quantity) -> Figure:
    """Draw a quantity of each cell against the ratings of its scale, both on log axes."""
    with st.styled():
        series = series_of(cells, quantity)
        scales = {} if cells.empty else _scales(cells)
        if len(scales) == 1:
            series = _side_by_side(series)
        return _draw(series, scales, title, quantity)


def _scales(cells: pd.DataFrame) -> dict[str, float]:
    """Names of the scales, and their ratings."""
    rows = rows_of(cells.drop_duplicates("rung"))
    return {str(row.rung): float(row.train_ratings) for row in rows}


def _side_by_side(series: Sequence[Series]) -> list[Series]:
    """Part the points of a single scale, so that none hides another."""
    steps = [(place + 1) / (len(series) + 1) - 0.5 for place in range(len(series))]
    return [
        replace(
            one, points=[point and point._replace(x=point.x * 10**step) for point in one.points]
        )
        for one, step in zip(series, (0.25 * step for step in steps), strict=True)
    ]


def _draw(
    series: Sequence[Series], scales: dict[str, float], title: str, quantity: Quantity
) -> Figure:
    """Arrange title, names of the scales, plot, words and key from above."""
    wide = st.width() - _LEFT - layout.label_room([one.look.label for one in series])
    limits = layout.log_limits(list(scales.values())) if scales else (0.5, 2.0)
    shown = [mark for one in series for point in one.points if point for mark in point.marks]
    key = marks.key_lines(set(shown), st.width() - 0.2)
    legend = legend_lines([one.look for one in series]) if st.is_narrow() else []
    blocks = [(one.look, _rows(one.words, limits, wide)) for one in series if one.words]
    rows_of_names = layout.packed(_places(scales, limits, wide))
    tall = max(2.6, st.STEP * (len(series) + 2))
    strip = st.STEP * sum(len(rows) for _, rows in blocks) + 0.1 * bool(blocks)
    below = 0.55 + st.STEP * (len(key) + len(legend))
    above = st.title_height(title) + 0.05 + st.STEP * max(rows_of_names, default=-1) + st.STEP
    total = below + strip + tall + above
    figure = st.new_figure(total)
    st.put_title(figure, quantity.name, title)
    draw_legend(figure, legend, [])
    marks.draw_key(figure, key, 0.12 + st.STEP * len(legend))
    across = (_LEFT / st.width(), wide / st.width())
    axes = figure.add_axes((across[0], (below + strip) / total, across[1], tall / total))
    axes.set_ylabel(quantity.axis)
    _ratings_axis(axes, limits, scales)
    _name_scales(axes, scales, rows_of_names)
    _plot(axes, series, quantity, (wide, tall))
    lowest = axes
    if blocks:
        axes.tick_params(axis="x", labelbottom=False, length=0)
        lowest = figure.add_axes((across[0], below / total, across[1], strip / total))
        _ratings_axis(lowest, limits, scales)
        _words_below(lowest, blocks, strip, wide)
    lowest.set_xlabel("training ratings (log scale)")
    return figure


def _ratings_axis(axes: Axes, limits: Limits, scales: dict[str, float]) -> None:
    """Ticks all along the axis; for a single scale at that alone."""
    if not scales:
        axes.set_xticks([])
        return
    axes.set_xscale("log")
    axes.set_xlim(limits)
    layout.log_ticks(axes, "x")
    if len(scales) == 1:
        axes.set_xticks([*scales.values()])
    axes.grid(visible=True)


def _places(scales: dict[str, float], limits: Limits, wide: float) -> list[tuple[float, float]]:
    """Where the names of the scales stand, and how wide they are, in inches."""
    return [
        (layout.share(x, limits) * wide, st.text_width(name) + 0.08) for name, x in scales.items()
    ]


def _name_scales(axes: Axes, scales: dict[str, float], rows: Sequence[int]) -> None:
    for (name, x), row in zip(scales.items(), rows, strict=True):
        axes.axvline(x, color=st.RULE, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0.5)
        axes.annotate(
            name,
            (x, 1),
            (0, 3 + row * st.STEP * 72),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            color=st.MUTED,
        )


def _plot(
    axes: Axes, series: Sequence[Series], quantity: Quantity, size: tuple[float, float]
) -> None:
    points = [point for one in series for point in one.points if point]
    if not points:
        layout.message(axes, quantity.nothing)
        return
    values = [value for point in points for value in (point.y, point.low, point.high)]
    values.append(quantity.unit or math.nan)
    axes.set_yscale("log")
    axes.set_ylim(layout.log_limits([v for v in values if math.isfinite(v) and v > 0]))
    layout.log_ticks(axes, "y", lambda value, _: f"{value:,.10g}")
    if quantity.unit is not None:
        axes.axhline(quantity.unit, color=st.MUTED, linewidth=0.8, zorder=1)
    for one in series:
        with st.tagged(axes, one.look):
            _draw_series(axes, one)
    ends = []
    for one in series:
        last = next((point for point in reversed(one.points) if point), None)
        if last is not None:
            up = layout.share(last.y, axes.get_ylim())
            ends.append((up, last is one.points[-1], one.look))
    layout.label_ends(axes, ends, size)


def _draw_series(axes: Axes, series: Series) -> None:
    """Segments between neighbouring scales: dashed to what is projected, none over gaps."""
    look = series.look
    for one, other in pairwise(series.points):
        if one and other:
            dashed = one.projected or other.projected
            axes.plot(
                [one.x, other.x],
                [one.y, other.y],
                linestyle=(0, (4, 2.5)) if dashed else look.line,
                color=look.colour,
                linewidth=1.1 if dashed else 1.4,
                zorder=2,
            )
    for point in filter(None, series.points):
        _draw_interval(axes, point, look.colour)
        marks.draw_point(axes, point.x, point.y, look, set(point.marks))


def _draw_interval(axes: Axes, point: Point, colour: str) -> None:
    if not (math.isfinite(point.low) and math.isfinite(point.high)):
        return
    # A mean's interval may lie beside a median by a rounding error.
    arms = [[max(point.y - point.low, 0.0)], [max(point.high - point.y, 0.0)]]
    axes.errorbar(
        [point.x],
        [point.y],
        yerr=arms,
        fmt="none",
        ecolor=colour,
        elinewidth=0.9,
        capsize=2,
        zorder=3,
    )


def _rows(words: Sequence[Word], limits: Limits, wide: float) -> list[list[Word]]:
    """Arrange an implementation's words in rows in which they overlap nothing."""
    places = [_place(word, limits, wide) for word in words]
    rows = layout.packed(places)
    count = max(rows) + 1
    return [[w for w, r in zip(words, rows, strict=True) if r == row] for row in range(count)]


def _place(word: Word, limits: Limits, wide: float) -> tuple[float, float]:
    """Centre and width of a word in inches: below its scale, but inside the axes."""
    width = st.text_width(word.text) + 0.08
    centre = layout.share(word.x, limits) * wide
    return min(max(centre, width / 2), wide - width / 2), width


def _words_below(
    axes: Axes, blocks: Sequence[tuple[st.Look, list[list[Word]]]], tall: float, wide: float
) -> None:
    """Name the states of what is not in the plot, a row or more for each implementation."""
    axes.grid(visible=False, axis="y")
    axes.set_ylim(tall, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    down = 0.05 + st.STEP / 2
    for look, rows in blocks:
        with st.tagged(axes, look):
            layout.name_beside(axes, 1 - down / tall, look, 1 + layout.LABEL_START / wide)
            for row in rows:
                for word in row:
                    _write(axes, word, look, down, wide)
                down += st.STEP


def _write(axes: Axes, word: Word, look: st.Look, down: float, wide: float) -> None:
    centre, _ = _place(word, axes.get_xlim(), wide)
    axes.text(
        centre / wide,
        down,
        word.text,
        ha="center",
        va="center",
        color=look.colour,
        transform=axes.get_yaxis_transform(),
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    )
