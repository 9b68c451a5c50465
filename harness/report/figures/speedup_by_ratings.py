"""Figure of the speed relative to the baseline against the ratings."""

import pandas as pd
from matplotlib.figure import Figure as Drawing

from harness.report.cells import baseline
from harness.report.drawing.against_ratings import draw_against_ratings
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import numbers_of
from harness.report.drawing.points import Quantity
from harness.report.drawing.style import shortened

_SHOWN = {
    "speedup": "times as fast",
    "speedup_low": "lower (95 %)",
    "speedup_high": "upper (95 %)",
    "baseline": "as",
    "speedup_projected": "projected",
}


def speedup_figure(cells: pd.DataFrame, title: str) -> Drawing:
    """Speed relative to the baseline against ratings, both on log axes."""
    against = (baseline(cells) if not cells.empty else "") or "the baseline"
    quantity = Quantity(
        "speedup",
        "speedup_projected",
        f"Speed relative to {against}, against training ratings",
        f"times as fast as {shortened(against)} (95 % interval)",
        f"no speed is compared: {against} and another\nmust both be timed and agree",
        "no ratio",
        unit=1.0,
    )
    return draw_against_ratings(cells, title, quantity)


FIGURE = Figure(
    name="speedup",
    caption=(
        "How many times as fast as {baseline}: seconds of {baseline} divided by seconds of "
        "each, in the same rounds, so that a drift of the machine hits both. Bars are 95 % "
        "confidence intervals. Where one of the two is projected, so is the ratio. What does "
        "not agree with the reference, or could not be checked, has no point here."
    ),
    draw=lambda found: speedup_figure(found.cells, found.about.title),
    data=lambda found: numbers_of(found.cells, _SHOWN),
    by_baseline=True,
)
