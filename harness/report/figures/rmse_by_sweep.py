"""Figure of the RMSE by sweep, in which all lines must coincide."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from harness.report.cells import rows_of
from harness.report.drawing import layout
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import of_sweeps
from harness.report.drawing.panels import BELOW, draw_legend, legend_lines, make_panels, name_axes

Key = tuple[str, int]


def rmse_figure(cells: pd.DataFrame, qualities: pd.DataFrame, title: str) -> Drawing:
    """Training and test RMSE by sweep, a panel for each scale.

    The reference is thick and pale beneath the others, whose lines grow thinner and whose markers
    take turns along the sweeps, so that lines that coincide can be seen to.
    """
    with st.styled():
        scales = [] if qualities.empty else [str(rung) for rung in qualities["rung"].unique()]
        looks = st.looks(cells) if scales else {}
        looks = {key: look for key, look in looks.items() if not _line_of(qualities, key).empty}
        limits = _limits(qualities) if scales else (0.0, 1.0)
        notes = [_references(cells), _beyond(qualities, looks, limits)] if scales else []
        lines = [line for note in notes for line in st.fitted(note, st.width() - 0.2)]
        legend = legend_lines([*looks.values()])
        below = BELOW + st.STEP * (len(legend) + len(lines))
        figure, panels = make_panels(max(1, len(scales)), ("RMSE by sweep", title), below)
        if not scales:
            layout.message(panels[0], "no RMSE: no implementation finished a sweep")
            panels[0].set_xticks([])
            return figure
        for panel, scale in zip(panels, scales, strict=True):
            _draw_panel(panel, cells[cells["rung"] == scale], qualities, looks)
        _share_axes(panels, limits, int(qualities["sweep"].max()))
        draw_legend(figure, legend, lines)
        return figure


def _share_axes(panels: Sequence[Axes], limits: tuple[float, float], sweeps: int) -> None:
    """One scale of values for all panels; its numbers at the left, the sweeps below."""
    for panel in panels:
        panel.set_ylim(limits)
        panel.set_xlim(0.5, max(sweeps, 2) + 0.5)
        panel.grid(visible=True)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
        panel.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    name_axes(panels, "sweep", "RMSE (rating units)")


def _limits(qualities: pd.DataFrame) -> tuple[float, float]:
    """Limits for what agrees, with room for names; wrong results may lie a span beyond."""
    wrong = qualities["state"].isin(["parity_failed", "diverged"])
    agreed = _finite(qualities[~wrong]) or _finite(qualities)
    low, high = (min(agreed), max(agreed)) if agreed else (0.0, 1.0)
    span = max(high - low, 0.02 * abs(high), 1e-6)
    near = [v for v in _finite(qualities[wrong]) if low - span <= v <= high + span]
    low, high = min([low, *near]), max([high, *near])
    return low - 0.16 * span, high + 0.08 * span


def _finite(qualities: pd.DataFrame) -> list[float]:
    values = qualities[["train_rmse", "test_rmse"]].to_numpy(dtype=float).ravel()
    return [float(value) for value in values[np.isfinite(values)]]


def _beyond(qualities: pd.DataFrame, looks: dict[Key, st.Look], limits: tuple[float, float]) -> str:
    """Say whose values do not fit the axis."""
    parts = []
    for key, look in looks.items():
        values = _finite(_line_of(qualities, key))
        off = [value for value in values if not limits[0] <= value <= limits[1]]
        if off:
            parts.append(f"{look.label} (up to {max(values):.4g})")
    return f"beyond the axis: {', '.join(parts)}" if parts else ""


def _draw_panel(
    panel: Axes, planned: pd.DataFrame, qualities: pd.DataFrame, looks: dict[Key, st.Look]
) -> None:
    """Draw one scale."""
    scale = str(planned["rung"].iloc[0])
    here = qualities[qualities["rung"] == scale]
    lines = {key: _line_of(here, key) for key in looks}
    lines = {key: line for key, line in lines.items() if not line.empty}
    missing = len(planned) - len(lines)
    without = f" · without {missing} of {len(planned)}" if missing > 0 else ""
    panel.set_title(f"{scale}{without}", loc="left", color=st.MUTED, pad=4)
    references = _reference_keys(planned, here)
    for what, above in (("test_rmse", True), ("train_rmse", False)):
        _coinciding(panel, lines, looks, references, what)
        _name_curve(panel, lines, what, above)


def _line_of(qualities: pd.DataFrame, key: Key) -> pd.DataFrame:
    mine = (qualities["variant"] == key[0]) & (qualities["threads"] == key[1])
    return qualities[mine].sort_values("sweep")


def _reference_keys(cells: pd.DataFrame, qualities: pd.DataFrame) -> set[Key]:
    """What others are compared with: at the first sweeps, and where that one ended early."""
    named = cells["variant"].isin(qualities["against"].unique())
    rows = rows_of(cells[named | (cells["verdict"] == "reference")])
    return {(str(row.variant), int(row.threads)) for row in rows}


def _coinciding(
    panel: Axes,
    lines: dict[Key, pd.DataFrame],
    looks: dict[Key, st.Look],
    references: set[Key],
    what: str,
) -> None:
    """Draw lines that should coincide: thinner and thinner, with markers at different sweeps."""
    for place, (key, line) in enumerate(lines.items()):
        sweeps = line["sweep"].to_numpy()
        values = line[what].to_numpy(dtype=float)
        good = np.isfinite(values)
        if not good.any():
            continue
        look, first = looks[key], key in references
        width = 5.0 if first else 2.6 - 1.8 * place / len(lines)
        turn = good & ((sweeps - 1) % len(lines) == place % len(lines))
        turn[np.flatnonzero(good)[-1]] |= not turn.any()
        with st.tagged(panel, look):
            _draw_line(panel, sweeps[good], values[good], look, width, first)
            shared: dict[str, Any] = {"color": look.colour, "markerfacecolor": look.face}
            marked = (sweeps[turn], values[turn], look.marker)
            panel.plot(*marked, markersize=4, zorder=4, **shared)


def _draw_line(
    panel: Axes,
    sweeps: NDArray[Any],
    values: NDArray[np.float64],
    look: st.Look,
    width: float,
    first: bool,
) -> None:
    panel.plot(
        sweeps,
        values,
        color=look.colour,
        alpha=0.35 if first else 1.0,
        linewidth=width,
        linestyle="-" if first else look.line,
        solid_capstyle="round",
        zorder=2 if first else 3,
    )


def _name_curve(panel: Axes, lines: dict[Key, pd.DataFrame], what: str, above: bool) -> None:
    """Write "test" above the end of the test curves, "training" below that of the others."""
    ends = [
        (int(line["sweep"].iloc[-1]), float(line[what].iloc[-1]))
        for line in lines.values()
        if math.isfinite(float(line[what].iloc[-1]))
    ]
    text = "test" if what == "test_rmse" else "training"
    if not ends:
        if lines:
            panel.text(
                0.97, 0.94, f"no {text} ratings", ha="right", va="top", transform=panel.transAxes
            )
        return
    sweep, _ = max(ends)
    extreme = max if above else min
    value = extreme(value for at, value in ends if at == sweep)
    shift = (0, 6) if above else (0, -6)
    panel.annotate(
        text,
        (sweep, value),
        shift,
        textcoords="offset points",
        ha="left" if sweep == 1 else "right",  # inside of the panel
        va="bottom" if above else "top",
    )


def _references(cells: pd.DataFrame) -> str:
    """Say in words which implementation is the reference at which scale."""
    rows = rows_of(cells[cells["verdict"] == "reference"])
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(st.shortened(str(row.variant)), []).append(str(row.rung))
    if not found:
        return "no reference"
    if len(found) == 1:
        return f"reference (thick and pale): {next(iter(found))}"
    parts = [f"{name} ({', '.join(dict.fromkeys(rungs))})" for name, rungs in found.items()]
    return "reference (thick and pale): " + ", ".join(parts)


FIGURE = Figure(
    name="rmse",
    caption=(
        "Root mean square error on the test and training ratings after each sweep. All "
        "implementations compute the same thing, so their lines must coincide: the reference "
        "is thick and pale, the others run thinner inside it, and their markers take turns. "
        "Libraries with an own start, or an own objective, have lines of their own."
    ),
    draw=lambda found: rmse_figure(found.cells, found.qualities, found.about.title),
    data=lambda found: of_sweeps(
        found.qualities, {"train_rmse": "training RMSE", "test_rmse": "test RMSE"}
    ),
)
