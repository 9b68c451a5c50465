"""Figure of the seconds a sweep against the ratings."""

import pandas as pd
from matplotlib.figure import Figure as Drawing

from harness.report.drawing.against_ratings import draw_against_ratings
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import numbers_of
from harness.report.drawing.points import Quantity

SECONDS = Quantity(
    "sweep_s",
    "projected",
    "Seconds a sweep against training ratings",
    "seconds a sweep (median, quartiles)",
    "no timing: no implementation finished a sweep",
    "no timing",
)

_SHOWN = {
    "sweep_s": "seconds a sweep",
    "sweep_s_low": "lower",
    "sweep_s_high": "upper",
    "projected": "projected",
    "state": "state",
}


def seconds_figure(cells: pd.DataFrame, title: str) -> Drawing:
    """Seconds a sweep against ratings, both on log axes."""
    return draw_against_ratings(cells, title, SECONDS)


FIGURE = Figure(
    name="seconds",
    caption=(
        "Seconds of one sweep against the ratings that it goes over. Both axes are "
        "logarithmic: a straight line of slope one means that twice the ratings take twice "
        "the time. A point is the median of the turns; its bar spans the middle half of them. "
        "Dashed lines and hollow points are projected from smaller scales, with the interval "
        "that leaving one of these out gives. Words below the plot say why a point is missing."
    ),
    draw=lambda found: seconds_figure(found.cells, found.about.title),
    data=lambda found: numbers_of(found.cells, _SHOWN),
)
