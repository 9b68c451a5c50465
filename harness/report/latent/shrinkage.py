"""Figure of what regularisers leave of movies with few ratings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from harness.report.drawing import style as st
from harness.report.drawing.layout import log_limits, log_ticks
from harness.report.latent.words import about

_NAME = "What few ratings leave of a movie"
_PANELS = (
    ("length", "factor: spread over users, stars", "#0072b2", "o"),
    ("bias", "bias: distance from the mean, stars", "#d55e00", "s"),
)
_LEFT, _GAP, _RIGHT = 0.5, 0.5, 0.1  # inches beside the panels
_TALL, _ABOVE, _BELOW = 1.9, 0.28, 0.62  # inches of a panel, over it, and under the last
_BETWEEN = 0.42  # inches between rows of panels


def shrinkage_figure(facts: Mapping[str, Any]) -> Drawing:
    """Median length of factors, and of biases, against the movie's number of ratings.

    Parameters
    ----------
    facts : mapping
        By `harness.analysis.latent.latent_facts`, with ``data`` and ``model``.
    """
    width = st.width()
    with st.styled():
        columns = 1 if st.is_narrow() else len(_PANELS)
        rows = len(_PANELS) // columns
        title = about(facts).title
        above = st.title_height(title)
        height = above + rows * (_ABOVE + _TALL) + (rows - 1) * _BETWEEN + _BELOW
        figure = st.new_figure(height)
        st.put_title(figure, _NAME, title)
        wide = (width - _LEFT - _RIGHT - (columns - 1) * _GAP) / columns
        for number, panel in enumerate(_PANELS):
            row, column = divmod(number, columns)
            left = _LEFT + column * (wide + _GAP)
            bottom = _BELOW + (rows - 1 - row) * (_TALL + _ABOVE + _BETWEEN)
            box = (left / width, bottom / height, wide / width, _TALL / height)
            _draw_panel(figure.add_axes(box), facts["shrinkage"], *panel)
        note = "line: median · band: half of the movies"
        figure.text(0.1 / width, 0.1 / height, note, va="center", color=st.MUTED)
        return figure


def _draw_panel(
    axes: Axes,
    bins: Sequence[Mapping[str, Any]],
    quantity: str,
    name: str,
    colour: str,
    marker: str,
) -> None:
    across = [float(np.sqrt(one["least"] * one["most"])) for one in bins]
    low, middle, high = np.array([one[quantity] for one in bins]).reshape(-1, 3).T
    axes.set_title(name, loc="left", color=st.MUTED, pad=4)
    axes.set_xscale("log")
    axes.fill_between(across, low, high, color=colour, alpha=0.2, linewidth=0)
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1.2}
    axes.plot(across, middle, **look)
    axes.set_xlim(log_limits(across))
    axes.set_ylim(0, max(float(high.max(initial=0.0)) * 1.08, 1e-6))
    log_ticks(axes, "x")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("training ratings of the movie")
