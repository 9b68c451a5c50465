"""Figure of the operations a second of each cell, beneath what the machine can do."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from harness.report.cells import given, rows_of
from harness.report.drawing import layout, marks
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import numbers_of
from harness.report.drawing.panels import draw_legend, legend_lines
from harness.report.numbers import counted, known

_NAME = "Operations a second beneath the machine's roof"
_LEFT, _TALL = 0.75, 3.6  # inches before the axes, and of them
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
_PALE = "#888888"
_GEMM = {"float32": "sgemm", "float64": "dgemm"}

_SHOWN = {
    "gflops": "GFLOP/s",
    "intensity": "operations a byte",
    "fma_gflops": "FMA GFLOP/s",
    "gemm_gflops": "matrix product GFLOP/s",
    "bandwidth_gbs": "memory GB/s",
    "peak_share": "share of FMA peak",
}


class Roof(NamedTuple):
    """What the machine can do with a precision and a number of threads."""

    dtype: str
    threads: int
    fma: float  # 10⁹ operations a second
    gemm: float
    bandwidth: float  # 10⁹ bytes a second


def has_roof(cells: pd.DataFrame) -> bool:
    """Whether the machine was measured, and something with it."""
    return given(cells, "peak_share")


def roofline_figure(cells: pd.DataFrame, title: str) -> Drawing:
    """Operations a second against operations a byte, each cell at its largest scale.

    Parameters
    ----------
    cells : DataFrame
        For which `has_roof` holds.
    title : str
    """
    with st.styled():
        shown = _largest(cells)
        roofs = [*_roofs(cells)]
        named = [*_looks(roofs)]
        wide = st.width() - _LEFT - layout.label_room([look.label for _, look in named])
        found = [marks.marks_of(row, projected=False) for row in rows_of(shown)]
        key = marks.key_lines(set().union(*found), st.width() - 0.2)
        note = st.fitted(_note(roofs, shown), st.width() - 0.2)
        legend = legend_lines(_in_legend(cells, shown, named)) if st.is_narrow() else []
        below = 0.5 + st.STEP * (len(key) + len(note) + len(legend))
        total = st.title_height(title) + 0.1 + _TALL + below
        figure = st.new_figure(total)
        st.put_title(figure, _NAME, title)
        box = (_LEFT / st.width(), below / total, wide / st.width(), _TALL / total)
        axes = figure.add_axes(box)
        _scale(axes, shown, roofs, (wide, _names_room(shown, cells)))
        for roof in roofs:
            _draw_roof(axes, roof, roofs)
        limits = axes.get_ylim()
        ends = [(layout.share(rate, limits), True, look) for rate, look in named]
        layout.label_ends(axes, ends, (wide, _TALL))
        _draw_cells(axes, shown, cells, found)
        marks.draw_key(figure, key, 0.12 + st.STEP * (len(note) + len(legend)))
        draw_legend(figure, legend, note)
        return figure


def _in_legend(
    cells: pd.DataFrame, shown: pd.DataFrame, named: Sequence[tuple[float, st.Look]]
) -> list[st.Look]:
    """What has no name in a narrow plot: cells, and roofs."""
    looks = st.looks(cells)
    own = [looks[str(row.variant), int(row.threads)] for row in rows_of(shown)]
    return [*own, *(look for _, look in named)]


def _largest(cells: pd.DataFrame) -> pd.DataFrame:
    """Measured cells, each implementation and thread count at its largest scale."""
    timed = cells[cells["gflops"].notna() & cells["intensity"].notna()]
    order = timed.sort_values("train_ratings", kind="stable")
    kept = order.drop_duplicates(["variant", "threads"], keep="last").index
    return timed.loc[[index for index in timed.index if index in set(kept)]]


def _roofs(cells: pd.DataFrame) -> Iterator[Roof]:
    measured = cells[cells["fma_gflops"].notna() & cells["intensity"].notna()].drop_duplicates(
        ["dtype", "threads"]
    )
    for row in rows_of(measured.sort_values(["dtype", "threads"], ascending=False)):
        rates = (float(row.fma_gflops), float(row.gemm_gflops), float(row.bandwidth_gbs))
        yield Roof(str(row.dtype), int(row.threads), *rates)


def _looks(roofs: Sequence[Roof]) -> Iterator[tuple[float, st.Look]]:
    """What is named beside the axes: the height, and the look with its name."""
    for roof in roofs:
        colour, line = _style(roof, roofs)
        threads = counted(roof.threads, "thread")
        label = f"{roof.dtype} FMA, {threads}: {roof.fma:.3g}"
        yield roof.fma, st.Look(label, colour, "", line)
        if known(roof.gemm):
            label = f"{_GEMM[roof.dtype]}, {threads}: {roof.gemm:.3g}"
            yield roof.gemm, st.Look(label, colour, "x", line)


def _style(roof: Roof, roofs: Sequence[Roof]) -> tuple[str, st.Line]:
    """Dotted in float32, like the implementations; paler with fewer threads."""
    most = max(other.threads for other in roofs)
    return st.INK if roof.threads == most else _PALE, ":" if roof.dtype == "float32" else "-"


def _names_room(shown: pd.DataFrame, cells: pd.DataFrame) -> float:
    """Inches for the names to the left of the cells."""
    looks = st.looks(cells)
    if st.is_narrow():
        return 0.3
    on_left = rows_of(shown[shown["dtype"] != "float32"])
    widths = [st.text_width(looks[str(row.variant), int(row.threads)].label) for row in on_left]
    return max(widths, default=0.4) + 0.3


def _scale(
    axes: Axes, shown: pd.DataFrame, roofs: Sequence[Roof], room: tuple[float, float]
) -> None:
    """Limits with room for names to the left; inches of the axes, and of these names."""
    left = float(shown["intensity"].min())
    right = 80 * float(shown["intensity"].max())
    an_inch = math.log10(right / left) / (room[0] - room[1])  # decades
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left / 10 ** (an_inch * room[1]), right)
    values = [*shown["gflops"], *(roof.fma for roof in roofs)]
    values += [roof.bandwidth * left / 4 for roof in roofs if known(roof.bandwidth)]
    axes.set_ylim(layout.log_limits(values))
    layout.log_ticks(axes, "x", lambda value, _: f"{value:,.10g}")
    layout.log_ticks(axes, "y", lambda value, _: f"{value:,.10g}")
    axes.set_xlabel("operations a byte asked for (log scale)")
    axes.set_ylabel("10⁹ operations a second (GFLOP/s, log scale)")
    axes.grid(visible=True)


def _draw_roof(axes: Axes, roof: Roof, roofs: Sequence[Roof]) -> None:
    """Both parts of a roof; the matrix product, whose intensity is high, is at the right edge."""
    colour, line = _style(roof, roofs)
    style: dict[str, Any] = {"color": colour, "linestyle": line, "linewidth": 1.1, "zorder": 1.5}
    low, high = axes.get_xlim()
    ridge = low
    if known(roof.bandwidth):
        ridge = min(max(roof.fma / roof.bandwidth, low), high)
        axes.plot([low, ridge], [roof.bandwidth * low, roof.bandwidth * ridge], **style)
    axes.plot([ridge, high], [roof.fma, roof.fma], **style)
    if known(roof.gemm):
        axes.plot([high], [roof.gemm], "x", color=colour, markersize=4, clip_on=False, zorder=3)


def _draw_cells(
    axes: Axes, shown: pd.DataFrame, cells: pd.DataFrame, found: Sequence[set[str]]
) -> None:
    """Points; float32, of which memory holds twice as many, is named to the right."""
    looks = st.looks(cells)
    sides: dict[bool, list[tuple[Any, st.Look]]] = {True: [], False: []}
    for row, own in zip(rows_of(shown), found, strict=True):
        look = looks[str(row.variant), int(row.threads)]
        with st.tagged(axes, look):
            marks.draw_point(axes, float(row.intensity), float(row.gflops), look, own)
        sides[row.dtype == "float32"].append((row, look))
    for right, named in sides.items():
        _name_cells(axes, named, right)


def _name_cells(axes: Axes, named: Sequence[tuple[Any, st.Look]], right: bool) -> None:
    """Write names beside points, moved apart, with a line to the point."""
    if not named or st.is_narrow():
        return
    named = sorted(named, key=lambda one: float(one[0].gflops))
    limits = axes.get_ylim()
    wanted = [layout.share(float(row.gflops), limits) for row, _ in named]
    heights = layout.spread_out(wanted, st.STEP / _TALL, 0.03, 0.97)
    edge = [float(row.intensity) for row, _ in named]
    across = max(edge) * 1.45 if right else min(edge) / 1.45
    for (row, look), height in zip(named, heights, strict=True):
        place = limits[0] * (limits[1] / limits[0]) ** height
        arrow = {"arrowstyle": "-", "color": look.colour, "linewidth": 0.5, "shrinkB": 4}
        style: dict[str, Any] = {"va": "center", "ha": "left" if right else "right"}
        style |= {"color": look.colour, "bbox": _PAPER, "arrowprops": arrow}
        point = float(row.intensity), float(row.gflops)
        with st.tagged(axes, look):
            axes.annotate(look.label, point, (across, place), **style)


def _note(roofs: Sequence[Roof], shown: pd.DataFrame) -> str:
    speeds = {roof.threads: roof.bandwidth for roof in roofs if known(roof.bandwidth)}
    rates = [f"{speed:.3g} with {n}" for n, speed in sorted(speeds.items())]
    parts = ["flat: multiply-adds alone (FMA)"]
    if rates:
        parts.append(f"sloping: reading from memory, GB/s ({', '.join(rates)} threads)")
    if any(known(roof.gemm) for roof in roofs):
        parts.append("crosses: NumPy's matrix products")
    names = [str(rung) for rung in shown["rung"].unique()]
    parts.append(f"scale{'s' * (len(names) > 1)} {', '.join(names)}")
    return " · ".join(parts)


FIGURE = Figure(
    name="roofline",
    caption=(
        "Operations a second, by the operations that the equations take at least, against "
        "operations for each byte that a sweep asks for: each rating, with it a row of factors "
        "of the other side, each solution. Horizontal lines are a loop of nothing but "
        "multiply-adds, the best before and after the run; sloping lines are the speed of "
        "reading from memory. What lies above a sloping line has its rows from a cache. "
        "Each implementation is at the largest scale at which it was measured."
    ),
    draw=lambda found: roofline_figure(found.cells, found.about.title),
    data=lambda found: numbers_of(_largest(found.cells), _SHOWN),
    applies=lambda found: has_roof(found.cells),
)
