"""Figure of the objective against the seconds that it took to get there, set-up included."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from harness.analysis.quality_time import OBJECTIVE_MARGINS
from harness.report.cells import differ_in_way
from harness.report.drawing import layout
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import of_sweeps
from harness.report.drawing.panels import BELOW, draw_legend, legend_lines, make_panels, name_axes
from harness.report.findings import Findings

_NAME = "Objective against seconds, set-up included"
_TICKS = 0.2  # inches: each panel has seconds of its own
# The best one of all lies at zero, which a logarithmic axis has not.
_LEAST = 3e-6


def objective_figure(cells: pd.DataFrame, qualities: pd.DataFrame, title: str) -> Drawing:
    """Share by which J is above the best one, against the seconds, a panel for each scale."""
    with st.styled():
        shown = _shown(qualities)
        scales = [str(rung) for rung in shown["rung"].unique()]
        keys = set(zip(shown["variant"], shown["threads"], strict=True))
        looks = {key: look for key, look in st.looks(cells).items() if key in keys}
        legend = legend_lines([*looks.values()])
        below = BELOW + st.STEP * len(legend)
        figure, panels = make_panels(len(scales), (_NAME, title), below, _TICKS)
        for panel, scale in zip(panels, scales, strict=True):
            _draw_panel(panel, shown[shown["rung"] == scale], looks)
            panel.set_title(scale, loc="left", color=st.MUTED, pad=4)
        _finish(panels, float(shown["excess"].max()))
        draw_legend(figure, legend, [])
        return figure


def _shown(qualities: pd.DataFrame) -> pd.DataFrame:
    """Sweeps with an excess and a time, of cells that are not known to be wrong."""
    known = np.isfinite(qualities[["excess", "seconds"]].to_numpy(dtype=float)).all(axis=1)
    wrong = qualities["state"].isin(["parity_failed", "diverged"])
    shown: pd.DataFrame = qualities[known & ~wrong & (qualities["seconds"] > 0)]
    return shown


def _draw_panel(panel: Axes, shown: pd.DataFrame, looks: dict[tuple[str, int], st.Look]) -> None:
    for margin in OBJECTIVE_MARGINS:
        panel.axhline(margin, color=st.MUTED, linewidth=0.6, linestyle=(0, (5, 2)), zorder=1)
    for (variant, threads), look in looks.items():
        mine = (shown["variant"] == variant) & (shown["threads"] == threads)
        line = shown[mine].sort_values("sweep")
        excess = line["excess"].to_numpy(float).clip(min=_LEAST)
        with st.tagged(panel, look):
            panel.plot(
                line["seconds"],
                excess,
                color=look.colour,
                linestyle=look.line,
                linewidth=1.1,
                marker=look.marker,
                markerfacecolor=look.face,
                markersize=3.2,
                zorder=3,
            )
    panel.set_xscale("log")
    panel.set_xlim(layout.log_limits(shown["seconds"].tolist()))
    layout.log_ticks(panel, "x", lambda value, _: f"{value:,.10g}")
    layout.clear_edges(panel)
    panel.grid(visible=True)


def _finish(panels: Sequence[Axes], most: float) -> None:
    """One scale of J for all panels; its numbers at the left."""
    for panel in panels:
        panel.set_yscale("log")
        panel.set_ylim(_LEAST / 1.5, max(most, *OBJECTIVE_MARGINS) * 1.5)
        layout.log_ticks(panel, "y", lambda value, _: f"{100 * value:.10g}")
    name_axes(panels, "seconds in all (log scale)", "J above the best (%)", True)


def _applies(found: Findings) -> bool:
    """Where the ways to the minimum differ: all plain sweeps take the same."""
    others = not found.cells.empty and differ_in_way(found.cells).any()
    return bool(others) and not _shown(found.qualities).empty


FIGURE = Figure(
    name="time-to-objective",
    caption=(
        "The objective J after each judged sweep: the share by which it is above the lowest that "
        "any implementation came to at that scale, against the seconds from the indexed ratings "
        "to that model. Dashed: 1 %, .1 % and .01 %. The best one's last point is drawn at the "
        "lower edge. What minimises another objective is left out."
    ),
    draw=lambda found: objective_figure(found.cells, found.qualities, found.about.title),
    data=lambda found: of_sweeps(
        found.qualities,
        {"excess": "J above the best (share)", "objective": "J", "seconds": "seconds"},
    ),
    applies=_applies,
)
