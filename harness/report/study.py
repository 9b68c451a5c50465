"""The figure of the study: every trial with its interval, and what was seen."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.drawing.style import INK, MUTED, new_figure, png, put_title, styled, svg
from harness.report.files import write_whole

_CONDITIONS = {"quiet": "machine as it is", "loaded": "with background load"}
_UNSEEN, _SEEN = "#9a9a9a", "#d55e00"
_HEIGHT, _HEIGHT_OF_ONE = 5.2, 3.2  # inches


def study_figure(trials: pd.DataFrame, curve: pd.DataFrame, title: str) -> Figure:
    """Draw the intervals of the same, twice, and how often a slow-down is seen.

    Parameters
    ----------
    trials : DataFrame
        kind, condition, ratio, low, high, found.
    curve : DataFrame
        condition, ratio, share, low, high, words: a row for the same and one for each slow-down.
    title : str
    """
    tried = [name for name in _CONDITIONS if (trials["condition"] == name).any()]
    shown = tried or list(_CONDITIONS)
    with styled():
        figure = new_figure(_HEIGHT if len(shown) > 1 else _HEIGHT_OF_ONE)
        put_title(figure, "How often a difference is seen", title)
        top = 0.82 if len(shown) > 1 else 0.72
        place = {"left": 0.1, "right": 0.98, "bottom": 0.17 / len(shown), "top": top}
        spaced = place | {"hspace": 0.35, "wspace": 0.3}
        panels = figure.subplots(len(shown), 2, squeeze=False, gridspec_kw=spaced)
        for (left, right), condition in zip(panels, shown, strict=True):
            same = trials[(trials["kind"] == "same") & (trials["condition"] == condition)]
            mine = curve[curve["condition"] == condition]
            words = mine["words"].iloc[0] if len(mine) else "no trial yet"
            heading = f"the same, twice, {_CONDITIONS[condition]}\nseen in {words}"
            left.set_title(heading, loc="left", color=INK)
            _draw_panel(left, same.sort_values("ratio"))
            left.set_ylabel("seconds, second over first")
            right.set_title(f"slowed down, {_CONDITIONS[condition]}", loc="left", color=INK)
            _draw_curve(right, mine)
        panels[-1][0].set_xlabel("trials, sorted; a bar is a 95 % interval")
        panels[-1][1].set_xlabel("slower by")
        return figure


def _draw_curve(axes: Axes, curve: pd.DataFrame) -> None:
    """Share of trials in which a difference was seen, by how large it is."""
    curve = curve.sort_values("ratio")
    slower = 100 * (curve["ratio"] - 1)
    reach = [100 * (curve["share"] - curve["low"]), 100 * (curve["high"] - curve["share"])]
    axes.errorbar(
        slower, 100 * curve["share"], reach, fmt="o-", color=_SEEN, capsize=2, ms=3, lw=0.9
    )
    axes.set_ylim(-3, 103)
    axes.set_ylabel("difference seen in")
    axes.xaxis.set_major_formatter("{x:g} %")
    axes.yaxis.set_major_formatter("{x:g} %")


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


def draw_study(trials: pd.DataFrame, curve: pd.DataFrame, title: str, beside: Path) -> list[Path]:
    """Write the figure as SVG and PNG beside a file, under its name.

    Returns
    -------
    list of Path
    """
    figure = study_figure(trials, curve, title)
    return [
        write_whole(beside.with_suffix(".svg"), svg(figure)),
        write_whole(beside.with_suffix(".png"), png(figure)),
    ]
