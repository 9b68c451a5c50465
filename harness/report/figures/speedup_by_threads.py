"""Figure of what more threads buy, against the line of as many times the speed."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FixedLocator, MaxNLocator

from harness.report.cells import rows_of, rungs, several_threads
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.marks import SIZE
from harness.report.drawing.numbers_of import numbers_of
from harness.report.drawing.panels import BELOW, draw_legend, legend_lines, make_panels, name_axes
from harness.report.numbers import percent

_NAME = "Speed relative to the fewest threads"
_EFFICIENCIES = (1.0, 0.75, 0.5)

_SHOWN = {
    "thread_speedup": "times as fast as with fewest threads",
    "thread_speedup_low": "lower (95 %)",
    "thread_speedup_high": "upper (95 %)",
    "efficiency": "efficiency",
}


def has_several_threads(cells: pd.DataFrame) -> bool:
    """Whether anything in a frame can be compared with itself at fewer threads."""
    return not scaled(cells).empty


def scaled(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of implementations that ran, timed and checked, with several numbers of threads."""
    if cells.empty or "thread_speedup" not in cells:
        return cells.iloc[:0]
    known = cells[cells["thread_speedup"].notna()]
    parts = [known[known["rung"] == rung] for rung in rungs(known)]
    parts = [part[part["variant"].isin(several_threads(part))] for part in parts]
    return pd.concat(parts) if parts else known


def threads_figure(cells: pd.DataFrame, title: str) -> Drawing:
    """Speed relative to the fewest threads against their number, a panel for each scale.

    Parameters
    ----------
    cells : DataFrame
        For which `has_several_threads` holds.
    title : str
    """
    with st.styled():
        shown = scaled(cells)
        shown = shown.assign(times=shown["threads"] / _fewest(shown))
        looks = _looks(cells, shown)
        legend = legend_lines([*looks.values()])
        note = "bars: 95 % interval · grey: 100, 75 and 50 % efficiency"
        below = BELOW + st.STEP * (len(legend) + 1)
        scales = rungs(shown)
        figure, panels = make_panels(len(scales), (_NAME, title), below)
        most = float(max(shown["times"].max(), shown["thread_speedup_high"].max()))
        most = max(most, float(shown["thread_speedup"].max())) * 1.12
        for panel, scale in zip(panels, scales, strict=True):
            panel.set_title(scale, loc="left", color=st.MUTED, pad=4)
            _draw_efficiencies(panel, float(shown["times"].max()))
            _draw_panel(panel, shown[shown["rung"] == scale], looks)
        _finish(panels, shown, most)
        draw_legend(figure, legend, [note])
        return figure


def _fewest(shown: pd.DataFrame) -> "pd.Series[int]":
    """The fewest threads of each row's implementation at its scale."""
    fewest: pd.Series[int] = shown.groupby(["rung", "variant"])["threads"].transform("min")
    return fewest


def _looks(cells: pd.DataFrame, shown: pd.DataFrame) -> dict[str, st.Look]:
    """Look of each implementation: that of its most threads."""
    every = st.looks(cells)
    most = shown.groupby("variant", sort=False)["threads"].max()
    return {
        str(variant): replace(every[str(variant), int(count)], label=st.shortened(str(variant)))
        for variant, count in most.items()
    }


def _draw_efficiencies(panel: Axes, most: float) -> None:
    for share in _EFFICIENCIES:
        style = "-" if share == 1 else (0, (1, 2))
        end = 1.08 * most
        panel.plot([0, end], [0, end * share], color=st.MUTED, linewidth=0.7, linestyle=style)
        place = (end * 1.01, end * share)
        panel.annotate(percent(share), place, va="center", color=st.MUTED)


def _draw_panel(panel: Axes, shown: pd.DataFrame, looks: dict[str, st.Look]) -> None:
    here = [variant for variant in looks if variant in set(shown["variant"])]
    step = 0.03 * float(shown["times"].max())
    for place, variant in enumerate(here):
        look = looks[variant]
        rows = rows_of(shown[shown["variant"] == variant].sort_values("threads"))
        shift = step * (place - (len(here) - 1) / 2)  # so that none hides another
        across = [row.times + (shift if row.times > 1 else 0.0) for row in rows]
        up = [float(row.thread_speedup) for row in rows]
        arms = [
            [_arm(value, row.thread_speedup_low) for value, row in zip(up, rows, strict=True)],
            [_arm(row.thread_speedup_high, value) for value, row in zip(up, rows, strict=True)],
        ]
        style: dict[str, Any] = {"markerfacecolor": look.face, "markersize": SIZE}
        bars: dict[str, Any] = {"fmt": "none", "ecolor": look.colour, "elinewidth": 0.9}
        with st.tagged(panel, look):
            panel.plot(across, up, color=look.colour, linestyle=look.line, linewidth=1.2, zorder=3)
            panel.errorbar(across, up, arms, capsize=2, **bars)
            panel.plot(across, up, look.marker, color=look.colour, zorder=4, **style)


def _arm(high: float, low: float) -> float:
    """Length of an interval's arm; none where it is not known."""
    return max(high - low, 0.0) if math.isfinite(high - low) else 0.0


def _finish(panels: Sequence[Axes], shown: pd.DataFrame, most: float) -> None:
    fewest = set(_fewest(shown))
    name = "threads" if fewest == {1} else "threads, as a multiple of the fewest"
    times = sorted(set(shown["times"]))
    for panel in panels:
        panel.set_ylim(0, most)
        panel.set_xlim(0, max(times) * 1.4)
        panel.xaxis.set_major_locator(FixedLocator(times))
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        panel.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        panel.grid(visible=True, axis="y")
    name_axes(panels, name, "times as fast")


FIGURE = Figure(
    name="threads",
    caption=(
        "How many times as fast each implementation is as with its own fewest threads, in the "
        "same rounds, with the 95 % confidence interval. Grey lines: 100, 75 and 50 % parallel "
        "efficiency."
    ),
    draw=lambda found: threads_figure(found.cells, found.about.title),
    data=lambda found: numbers_of(scaled(found.cells), _SHOWN),
    applies=lambda found: has_several_threads(found.cells),
)
