"""Figure of the differences from the reference by sweep, with the tolerances drawn in."""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from harness.report.cells import rows_of
from harness.report.drawing import layout
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import of_sweeps
from harness.report.drawing.panels import draw_legend, legend_lines

Key = tuple[str, int]
_LEFT, _TALL = 0.92, 2.7  # inches before the panels, and of each
_GAP = 0.74  # inches between the panels
_RED = "#b00020"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Panel:
    """One of the differences: its columns in the qualities frame, and its name."""

    column: str
    tolerance: str
    name: str


_PANELS = (
    Panel("rmse_difference", "rmse_tolerance", "RMSE"),
    Panel("prediction_difference", "prediction_tolerance", "a prediction"),
)

_SHOWN = {
    "prediction_difference": "difference in a prediction",
    "prediction_tolerance": "its tolerance",
    "rmse_difference": "difference in RMSE",
    "rmse_tolerance": "tolerance of that",
    "against": "reference",
}


def difference_figure(cells: pd.DataFrame, qualities: pd.DataFrame, title: str) -> Drawing:
    """Largest difference from the reference over all scales, by sweep.

    Exact agreement has no place on a log axis: it has a row of its own below it.
    """
    with st.styled():
        compared = _compared(qualities)
        looks = st.looks(cells) if not compared.empty else {}
        worst = {key: _worst(compared, key) for key in looks}
        worst = {key: lines for key, lines in worst.items() if not lines.empty}
        note = st.fitted(_compared_with(compared), st.width() - 0.2)
        drawn = [looks[key] for key in worst]
        legend = legend_lines(drawn) if st.is_narrow() else []
        figure, panels = _panels(drawn, title, 0.45 + st.STEP * (len(note) + len(legend) + 0.3))
        for number, (axes, panel) in enumerate(zip(panels, _PANELS, strict=True)):
            axes.set_title(f"difference in {panel.name}", loc="left", color=st.MUTED)
            if not worst:
                axes.set_xticks([])
                layout.message(axes, "nothing was\ncompared")
                continue
            limits = _draw_panel(axes, panel, worst, looks, compared)
            if number == 1 or st.is_narrow():
                _labels(axes, panel, worst, looks, limits)
            if number == 0 or st.is_narrow():
                axes.set_ylabel("rating units (log scale)")
        draw_legend(figure, legend, note)
        return figure


def _panels(drawn: list[st.Look], title: str, below: float) -> tuple[Drawing, list[Axes]]:
    """Two panels, side by side or one above the other, with so many inches below them."""
    columns, rows = (1, 2) if st.is_narrow() else (2, 1)
    right = layout.label_room([look.label for look in drawn])
    wide = (st.width() - _LEFT - right - _GAP * (columns - 1)) / columns
    total = st.title_height(title) + 0.28 + _TALL * rows + _GAP * (rows - 1) + below
    figure = st.new_figure(total)
    st.put_title(figure, "Largest difference from the reference, by sweep", title)
    boxes = [
        (_LEFT + column * (wide + _GAP), below + (rows - 1 - row) * (_TALL + _GAP))
        for row in range(rows)
        for column in range(columns)
    ]
    size = (wide / st.width(), _TALL / total)
    return figure, [figure.add_axes((x / st.width(), y / total, *size)) for x, y in boxes]


def _compared(qualities: pd.DataFrame) -> pd.DataFrame:
    if qualities.empty:
        return qualities
    known = qualities[[panel.column for panel in _PANELS]].notna().any(axis=1)
    return qualities[known]


def _compared_with(compared: pd.DataFrame) -> str:
    if compared.empty:
        return ""
    names = [st.shortened(str(name)) for name in compared["against"].unique() if name]
    scales = [str(scale) for scale in compared["rung"].unique()]
    where = (
        f"largest over the scales {', '.join(scales)}" if len(scales) > 1 else f"scale {scales[0]}"
    )
    return f"dashed: tolerance of each precision · {where} · reference: {', '.join(names)}"


def _worst(compared: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Largest differences of an implementation over the scales, by sweep."""
    mine = compared[(compared["variant"] == key[0]) & (compared["threads"] == key[1])]
    columns = [panel.column for panel in _PANELS]
    return mine.groupby("sweep")[columns].max().sort_index()


def _draw_panel(
    axes: Axes,
    panel: Panel,
    worst: dict[Key, pd.DataFrame],
    looks: dict[Key, st.Look],
    compared: pd.DataFrame,
) -> tuple[float, float, float]:
    """Draw a difference; return the limits of its axis and the height of the row of zeros."""
    low, high, floor = _limits(panel, worst, compared)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.set_xlim(0.5, max(int(compared["sweep"].max()), 2) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axes.set_xlabel("sweep")
    axes.grid(visible=True)
    _ticks(axes, low, high, floor)
    _tolerances(axes, panel, worst, compared)
    for key, line in worst.items():
        values = line[panel.column].dropna()
        shown = values.where(values > 0, floor) if len(values) else values
        look = looks[key]
        marker: dict[str, Any] = {"marker": look.marker, "markerfacecolor": look.face}
        line_style: dict[str, Any] = {"color": look.colour, "linestyle": look.line}
        with st.tagged(axes, look):
            points = shown.index.to_numpy(), shown.to_numpy(dtype=float)
            axes.plot(*points, markersize=4, linewidth=1.1, **marker, **line_style)
    return low, high, floor


def _limits(
    panel: Panel, worst: dict[Key, pd.DataFrame], compared: pd.DataFrame
) -> tuple[float, float, float]:
    """Limits in whole decades around values and tolerances, and the place of exact zeros."""
    values = [float(v) for line in worst.values() for v in line[panel.column].dropna()]
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    shown = positive + [float(v) for v in compared[panel.tolerance].dropna() if v > 0]
    bottom = math.floor(math.log10(min(shown, default=1e-16)))
    top = math.ceil(math.log10(max(shown, default=1e-8))) + 1
    if len(positive) == len(values):
        return 10.0 ** (bottom - 0.3), 10.0**top, math.nan
    decades = max(1.0, (top - bottom) / 10)
    return 10.0 ** (bottom - 1.7 * decades), 10.0**top, 10.0 ** (bottom - decades)


def _ticks(axes: Axes, low: float, high: float, floor: float) -> None:
    """Powers of ten, and a name for the row of zeros, which a line parts from them."""
    bottom, top = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if not math.isnan(floor):
        bottom = math.ceil(math.log10(floor) + 0.5)
        axes.axhspan(low, math.sqrt(floor * 10.0**bottom), color="#f3f3f3", zorder=0)
    every = 1 if top - bottom < 8 else 2 if top - bottom < 15 else 3
    powers = [power for power in range(bottom, top + 1) if power % every == 0]
    ticks = {10.0**power: "10" + str(power).translate(_SUPERSCRIPTS) for power in powers}
    if not math.isnan(floor):
        ticks[floor] = "0\n(identical)"
    axes.yaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: ticks.get(value, "")))
    axes.yaxis.set_minor_locator(NullLocator())


def _tolerances(
    axes: Axes, panel: Panel, worst: dict[Key, pd.DataFrame], compared: pd.DataFrame
) -> None:
    """Draw what may be exceeded by no difference, with its name where no point is."""
    found: dict[float, list[str]] = {}
    for row in rows_of(compared.drop_duplicates(["dtype", panel.tolerance])):
        found.setdefault(float(getattr(row, panel.tolerance)), []).append(str(row.dtype))
    points = _shares(axes, panel, worst)
    for tolerance, dtypes in found.items():
        if not tolerance > 0:
            continue
        axes.axhline(tolerance, color=_RED, linewidth=0.9, linestyle=(0, (5, 2)), zorder=1)
        text = ", ".join(dict.fromkeys(dtypes))  # the note below says of what
        right, under = _free_corner(layout.share(tolerance, axes.get_ylim()), points)
        axes.annotate(
            text,
            (1 if right else 0, tolerance),
            (-3 if right else 3, -2 if under else 2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top" if under else "bottom",
            color=_RED,
        )


def _shares(axes: Axes, panel: Panel, worst: dict[Key, pd.DataFrame]) -> list[tuple[float, float]]:
    """Points of a panel as shares of its width and height."""
    low, high = axes.get_xlim()
    return [
        ((float(sweep) - low) / (high - low), layout.share(float(value), axes.get_ylim()))
        for line in worst.values()
        for sweep, value in zip(line.index.tolist(), line[panel.column].tolist(), strict=True)
        if value > 0
    ]


def _free_corner(height: float, points: list[tuple[float, float]]) -> tuple[bool, bool]:
    """Whether a line's name goes to the right, and below it: where the fewest points are."""

    def hidden(corner: tuple[bool, bool]) -> int:
        right, under = corner
        low = height - 0.065 if under else height - 0.01
        across = (0.62, 1.0) if right else (0.0, 0.38)
        return sum(across[0] <= x <= across[1] and low <= y <= low + 0.075 for x, y in points)

    return min([(False, False), (True, False), (False, True), (True, True)], key=hidden)


def _labels(
    axes: Axes,
    panel: Panel,
    worst: dict[Key, pd.DataFrame],
    looks: dict[Key, st.Look],
    limits: tuple[float, float, float],
) -> None:
    low, high, floor = limits
    box = axes.get_position()
    size = (box.width * st.width(), _TALL)
    ends = []
    for key, line in worst.items():
        values = line[panel.column].dropna()
        last = float(values.iloc[-1]) if len(values) else math.nan
        height = layout.share(last if last > 0 else floor, (low, high)) if len(values) else 0.5
        ends.append((height, False, looks[key]))
    layout.label_ends(axes, ends, size)


FIGURE = Figure(
    name="difference",
    caption=(
        "How far each implementation is from the reference, on a logarithmic axis: at each "
        "sweep the largest difference over all scales, in RMSE and over a fixed sample of "
        "predictions. Every line must stay below the dashed tolerance of its precision. "
        "Exact agreement has a row of its own at the bottom."
    ),
    draw=lambda found: difference_figure(found.cells, found.qualities, found.about.title),
    data=lambda found: of_sweeps(found.qualities, _SHOWN),
)
