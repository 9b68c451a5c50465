"""Figure of how well genres part: a triangle with a number for each two."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from harness.report.drawing import style as st
from harness.report.drawing.layout import message
from harness.report.latent.map import two_scores
from harness.report.latent.words import about

_NAME = "Genres told apart by factors alone"
_NOTHING = "no two genres have enough movies that the other has not"
_FULL = "#0072b2"  # colour of 1; .5 and less are white
_PALE = 0.62  # of the full colour: beyond it, text is white
_LARGEST = 0.33  # inches of a cell
_KEY = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class _Shape(NamedTuple):
    """Inches: what names take to the left and below, and the side of a cell."""

    left: float
    below: float
    cell: float


def parting_figure(facts: Mapping[str, Any]) -> Drawing:
    """Held-out AUC of a linear discriminant for each two genres.

    Parameters
    ----------
    facts : mapping
        By `harness.analysis.latent.latent_facts`, with ``data`` and ``model``.
    """
    width = st.width()
    with st.styled():
        genres = _ordered(facts)
        title = about(facts).title
        shape = _shape(genres, width)
        side = shape.cell * max(len(genres) - 1, 0)
        above = st.title_height(title) + 0.1
        height = above + (side + shape.below if genres else 1.2)
        figure = st.new_figure(height)
        st.put_title(figure, _NAME, title)
        if not genres:
            _say_nothing(figure, above / height)
            return figure
        place = (shape.left / width, shape.below / height, side / width, side / height)
        axes = figure.add_axes(place, frameon=False)
        _draw_cells(axes, genres, facts["pairs"], shape.cell)
        _name_rows(axes, genres)
        _draw_notes(axes, facts["pairs"], side)
        return figure


def _say_nothing(figure: Drawing, above: float) -> None:
    axes = figure.add_axes((0.05, 0.05, 0.9, 0.9 - above), frameon=False, xticks=[])
    width = float(figure.get_size_inches()[0])
    message(axes, "\n".join(st.fitted(_NOTHING, 0.85 * width)))


def _ordered(facts: Mapping[str, Any]) -> list[str]:
    """Names of the genres that have a number, along the first axis: neighbours are alike."""
    having = {pair[end] for pair in facts["pairs"] for end in ("first", "second")}
    place = {one["name"]: two_scores([one["centre"]])[0, 0] for one in facts["genres"]}
    return sorted(having, key=lambda name: float(place[name]))


def _shape(genres: Sequence[str], width: float) -> _Shape:
    left = 0.2 + max((st.text_width(name) for name in genres[1:]), default=0.0)
    below = 0.2 + max((st.text_width(name) for name in genres[:-1]), default=0.0)
    return _Shape(left, below, min(_LARGEST, (width - left - 0.1) / max(len(genres) - 1, 1)))


def _draw_cells(
    axes: Axes, genres: Sequence[str], pairs: Sequence[Mapping[str, Any]], cell: float
) -> None:
    """A square for each pair: row and column from the ends, with the AUC in hundredths."""
    place = {name: number for number, name in enumerate(genres)}
    axes.set(xlim=(0, len(genres) - 1), ylim=(len(genres) - 1, 0))
    fits = cell >= st.text_width("00") + 0.02
    for number, pair in enumerate(pairs):
        column, row = sorted((place[pair["first"]], place[pair["second"]]))
        corner = (column, row - 1)
        look: dict[str, Any] = {"facecolor": _colour(pair["auc"]), "edgecolor": "white"}
        axes.add_patch(Rectangle(corner, 1, 1, linewidth=0.8, **look))
        if number == 0:  # the two that come first
            edge: dict[str, Any] = {"edgecolor": st.INK, "linewidth": 1.4, "zorder": 4}
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, clip_on=False, **edge))
        if fits:
            text = "1" if pair["auc"] >= 0.995 else f"{100 * pair['auc']:.0f}"
            colour = _text_colour(pair)
            centred: dict[str, Any] = {"ha": "center", "va": "center", "color": colour}
            axes.text(column + 0.5, row - 0.5, text, **centred)


def _colour(auc: float) -> tuple[float, ...]:
    share = _share(auc)
    return tuple(1 - share * (1 - part) for part in to_rgb(_FULL))


def _share(auc: float) -> float:
    return float(np.clip(2 * auc - 1, 0, 1))


def _text_colour(pair: Mapping[str, Any]) -> str:
    if pair["low"] <= 0.5 <= pair["high"]:
        return "#8a8a8a"
    return "white" if _share(pair["auc"]) > _PALE else st.INK


def _name_rows(axes: Axes, genres: Sequence[str]) -> None:
    middles = np.arange(len(genres) - 1) + 0.5
    axes.set_yticks(middles, genres[1:])
    axes.set_xticks(middles, genres[:-1], rotation=90)
    axes.tick_params(length=0, pad=3)


def _draw_notes(axes: Axes, pairs: Sequence[Mapping[str, Any]], side: float) -> None:
    """What the numbers are, in the empty half: right-aligned, each line as long as it may be."""
    first = pairs[0]
    shuffled = float(np.mean([pair["shuffled"] for pair in pairs]))
    lines = [
        f"{first['first']} – {first['second']}: {first['auc']:.2f}",
        f"95 %: {first['low']:.2f}–{first['high']:.2f}",
        f"genres shuffled: {shuffled:.2f}",
        "97 stands for 0.97",
        "grey: chance is in the 95 %",
        "blank: too few movies",
    ]
    for number, line in enumerate(lines):
        _note(axes, line, side, number, bold=number == 0)


def _note(axes: Axes, line: str, side: float, number: int, *, bold: bool) -> None:
    up = 1 - (number + 0.5) * st.STEP / side
    axes.text(
        1.0,
        up,
        line,
        ha="right",
        va="center",
        color=st.INK if bold else st.MUTED,
        weight="bold" if bold else "normal",
        transform=axes.transAxes,
    )
