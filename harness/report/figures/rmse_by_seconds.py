"""Figure of the test RMSE against the seconds that it took to get there, set-up included."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from harness.report.drawing import layout
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import of_sweeps
from harness.report.drawing.panels import BELOW, draw_legend, legend_lines, make_panels, name_axes

Key = tuple[str, int]
_NAME = "Test RMSE against seconds, set-up included"
_TICKS = 0.2  # inches: each panel has seconds of its own
_TARGET = "#b00020"


def quality_figure(cells: pd.DataFrame, qualities: pd.DataFrame, title: str) -> Drawing:
    """Test RMSE after each judged sweep against the seconds to that model, a panel for each scale.

    A marker stands where an implementation has come to the reference's final RMSE and a margin,
    a dashed line.
    """
    with st.styled():
        shown = _shown(qualities)
        scales = [] if shown.empty else [str(rung) for rung in shown["rung"].unique()]
        looks = st.looks(cells) if scales else {}
        keys = set(zip(shown["variant"], shown["threads"], strict=True)) if scales else set()
        looks = {key: look for key, look in looks.items() if key in keys}
        notes = st.fitted(_note(cells), st.width() - 0.2) if scales else []
        legend = legend_lines([*looks.values()])
        below = BELOW + st.STEP * (len(legend) + len(notes))
        figure, panels = make_panels(max(1, len(scales)), (_NAME, title), below, _TICKS)
        if not scales:
            layout.message(panels[0], "no time to quality: no test RMSE has a time")
            panels[0].set_xticks([])
            return figure
        limits = _limits(shown, cells)
        for panel, scale in zip(panels, scales, strict=True):
            target = _target(cells, scale)
            _draw_panel(panel, shown[shown["rung"] == scale], looks, target)
            panel.set_title(scale, loc="left", color=st.MUTED, pad=4)
        _finish(panels, limits)
        draw_legend(figure, legend, notes)
        return figure


def _shown(qualities: pd.DataFrame) -> pd.DataFrame:
    """Sweeps with a test RMSE and a time, of cells that are not known to be wrong."""
    if qualities.empty:
        return qualities
    known = np.isfinite(qualities[["test_rmse", "seconds"]].to_numpy(dtype=float)).all(axis=1)
    wrong = qualities["state"].isin(["parity_failed", "diverged"])
    shown: pd.DataFrame = qualities[known & ~wrong & (qualities["seconds"] > 0)]
    return shown


def _target(cells: pd.DataFrame, scale: str) -> float:
    here = cells.loc[cells["rung"] == scale, "target_rmse"].dropna()
    return float(here.iloc[0]) if len(here) else math.nan


def _limits(shown: pd.DataFrame, cells: pd.DataFrame) -> tuple[float, float]:
    values = [*shown["test_rmse"], *cells["target_rmse"].dropna()]
    span = max(max(values) - min(values), 1e-6)
    return min(values) - 0.08 * span, max(values) + 0.08 * span


def _draw_panel(panel: Axes, shown: pd.DataFrame, looks: dict[Key, st.Look], target: float) -> None:
    if math.isfinite(target):
        panel.axhline(target, color=_TARGET, linewidth=0.9, linestyle=(0, (5, 2)), zorder=1)
    for (variant, threads), look in looks.items():
        mine = (shown["variant"] == variant) & (shown["threads"] == threads)
        line = shown[mine].sort_values("sweep")
        with st.tagged(panel, look):
            _draw_line(panel, line, look, target)
    panel.set_xscale("log")
    panel.set_xlim(layout.log_limits(shown["seconds"].tolist()))
    layout.log_ticks(panel, "x", lambda value, _: f"{value:,.10g}")
    layout.clear_edges(panel)
    panel.grid(visible=True)


def _draw_line(panel: Axes, line: pd.DataFrame, look: st.Look, target: float) -> None:
    """Draw a curve, and a marker where it has come to the target."""
    seconds, rmse = line["seconds"].to_numpy(float), line["test_rmse"].to_numpy(float)
    shared: dict[str, Any] = {"color": look.colour, "linestyle": look.line, "linewidth": 1.1}
    panel.plot(seconds, rmse, marker=".", markersize=2.5, zorder=3, **shared)
    there = np.flatnonzero(rmse <= target)[:1]
    shared = {"color": look.colour, "markerfacecolor": look.face, "markersize": 5}
    panel.plot(seconds[there], rmse[there], look.marker, zorder=4, **shared)


def _finish(panels: Sequence[Axes], limits: tuple[float, float]) -> None:
    """One scale of RMSE for all panels; its numbers at the left."""
    for panel in panels:
        panel.set_ylim(limits)
        panel.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    name_axes(panels, "seconds in all (log scale)", "test RMSE (rating units)", True)


def _note(cells: pd.DataFrame) -> str:
    targets = {rung: _target(cells, rung) for rung in cells["rung"].unique()}
    parts = [f"{rung} {rmse:.5f}" for rung, rmse in targets.items() if math.isfinite(rmse)]
    if not parts:
        return "no reference, so no RMSE to be reached"
    return f"dashed: the reference's final RMSE + .001 ({', '.join(parts)}); marker: reached"


FIGURE = Figure(
    name="time-to-quality",
    caption=(
        "Root mean square error on the test ratings after each sweep, against the seconds from "
        "the indexed ratings to that model: layout or conversion, compilation, and so many "
        "sweeps at the median (of a library that has a fit only, the median fit of that length). "
        "A curve begins after its set-up and a sweep. The dashed line is the reference's last "
        "value + .001; a marker stands at the first sweep that is at or below it."
    ),
    draw=lambda found: quality_figure(found.cells, found.qualities, found.about.title),
    data=lambda found: of_sweeps(found.qualities, {"seconds": "seconds", "test_rmse": "test RMSE"}),
)
