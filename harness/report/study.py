"""The figure of the study: every trial with its interval, and what was seen."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.drawing.style import INK, MUTED, new_figure, png, put_title, styled, svg
from harness.report.files import write_whole

_KINDS = {"same": "the same, twice", "slowed": "slowed down"}
_CONDITIONS = {"quiet": "machine as it is", "loaded": "with background load"}
_UNSEEN, _SEEN = "#9a9a9a", "#d55e00"
_HEIGHT = 5.2  # inches

Headings = Mapping[tuple[str, str], str]


def study_figure(trials: pd.DataFrame, headings: Headings, title: str) -> Figure:
    """Draw the intervals of all trials, sorted, a panel for each kind and condition.

    Parameters
    ----------
    trials : DataFrame
        kind, condition, ratio, low, high, found.
    headings : mapping
        (kind, condition) to the rate, as text.
    title : str
    """
    with styled():
        figure = new_figure(_HEIGHT)
        put_title(figure, "How often a difference is seen", title)
        place = {"left": 0.1, "right": 0.98, "bottom": 0.09, "top": 0.82}
        panels = figure.subplots(2, 2, sharey="row", gridspec_kw=place | {"hspace": 0.35})
        for row, condition in zip(panels, _CONDITIONS, strict=True):
            for axes, kind in zip(row, _KINDS, strict=True):
                chosen = (trials["kind"] == kind) & (trials["condition"] == condition)
                heading = headings.get((kind, condition), "no trial yet")
                words = f"{_KINDS[kind]}, {_CONDITIONS[condition]}\nseen in {heading}"
                axes.set_title(words, loc="left", color=INK)
                _draw_panel(axes, trials[chosen].sort_values("ratio"))
            row[0].set_ylabel("seconds, second over first")
        for axes in panels[-1]:
            axes.set_xlabel("trials, sorted; a bar is a 95 % interval")
        return figure


def _draw_panel(axes: Axes, trials: pd.DataFrame) -> None:
    axes.axhline(1.0, color=MUTED, linewidth=0.6, zorder=1)
    ranks = pd.Series(range(1, len(trials) + 1), index=trials.index)
    for found, colour in ((False, _UNSEEN), (True, _SEEN)):
        some = trials[trials["found"] == found]
        at = ranks[some.index]
        axes.vlines(at, some["low"], some["high"], color=colour, linewidth=0.7, zorder=2)
        axes.plot(at, some["ratio"], ".", color=INK, markersize=1.2, zorder=3)
    axes.set_xlim(0, max(2, len(trials) + 1))
    axes.margins(y=0.05)


def draw_study(trials: pd.DataFrame, headings: Headings, title: str, beside: Path) -> list[Path]:
    """Write the figure as SVG and PNG beside a file, under its name.

    Returns
    -------
    list of Path
    """
    figure = study_figure(trials, headings, title)
    return [
        write_whole(beside.with_suffix(".svg"), svg(figure)),
        write_whole(beside.with_suffix(".png"), png(figure)),
    ]
