"""Figure of the memory that each implementation takes, against the ratings."""

import pandas as pd
from matplotlib.figure import Figure as Drawing

from harness.report.cells import given
from harness.report.drawing.against_ratings import draw_against_ratings
from harness.report.drawing.figure import Figure
from harness.report.drawing.numbers_of import numbers_of
from harness.report.drawing.points import Quantity
from harness.report.numbers import MEBIBYTE

PEAK = Quantity(
    "peak_mib",
    "no_guess",
    "Peak memory against training ratings",
    "MiB at most (log scale)",
    "no memory: no process ended by itself",
    "not run",
)
_SHOWN = {"peak_mib": "peak MiB", "needed_mib": "estimated before, MiB"}


def memory_figure(cells: pd.DataFrame, title: str) -> Drawing:
    """Peak memory of each process against ratings, both on log axes."""
    return draw_against_ratings(in_mebibytes(cells), title, PEAK)


def in_mebibytes(cells: pd.DataFrame) -> pd.DataFrame:
    """The frame with its memory in MiB."""
    if cells.empty:
        return cells
    nothing = float("nan")
    return cells.assign(
        peak_mib=cells["peak_bytes"] / MEBIBYTE,
        peak_mib_low=nothing,
        peak_mib_high=nothing,
        needed_mib=cells["bytes_needed"] / MEBIBYTE,
        no_guess=False,
    )


FIGURE = Figure(
    name="memory",
    caption=(
        "The most memory that the process of each implementation held at once: the Python "
        "interpreter and its libraries, the ratings, their copies, factors and work space. Both "
        "axes are logarithmic; at small scales the interpreter outweighs all else."
    ),
    draw=lambda found: memory_figure(found.cells, found.about.title),
    data=lambda found: numbers_of(in_mebibytes(found.cells), _SHOWN),
    applies=lambda found: given(found.cells, "peak_bytes"),
)
