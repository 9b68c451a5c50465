"""Placing text where it overlaps nothing: labels beside line ends, words in rows, ticks."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from harness.report.drawing.style import INK, STEP, Look, is_narrow, tagged, text_width
from harness.report.numbers import compact

T = TypeVar("T")

LABEL_START = 0.32  # inches from an axes' edge to a label's text: leader and marker are before it


def spread_out(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move positions apart until neighbours are a gap away from each other.

    Parameters
    ----------
    wanted : sequence of float
        Rising.
    gap : float
        Least distance.
    low, high : float
        Between which they should lie; beyond `high` where there is no room for all.

    Returns
    -------
    list of float
        Rising; as near to the wanted ones as a push from below and one from above agree on.
    """
    if not wanted:
        return []
    upward, downward = [wanted[0]], [wanted[-1]]
    for value in wanted[1:]:
        upward.append(max(value, upward[-1] + gap))
    for value in reversed(wanted[:-1]):
        downward.append(min(value, downward[-1] - gap))
    places = [(a + b) / 2 for a, b in zip(upward, reversed(downward), strict=True)]
    limit = high
    for i in reversed(range(len(places))):
        places[i] = min(places[i], limit)
        limit = places[i] - gap
    limit = low
    for i in range(len(places)):
        places[i] = max(places[i], limit)
        limit = places[i] + gap
    return places


def packed(wanted: Sequence[tuple[float, float]]) -> list[int]:
    """Assign words to rows so that none overlaps another.

    Parameters
    ----------
    wanted : sequence of (float, float)
        Centre and width of each, centres rising.

    Returns
    -------
    list of int
        Row of each, from 0.
    """
    ends: list[float] = []
    rows = []
    for centre, width in wanted:
        row = next((r for r, end in enumerate(ends) if end <= centre - width / 2), len(ends))
        ends[row:] = [centre + width / 2, *ends[row + 1 :]]
        rows.append(row)
    return rows


def in_lines(items: Sequence[T], widths: Sequence[float], room: float) -> list[list[T]]:
    """Arrange items in lines no wider than there is room for.

    Parameters
    ----------
    items : sequence
    widths : sequence of float
        Of each, in the unit of `room`.
    room : float

    Returns
    -------
    list of list
        In their order; an item too wide for any line has one of its own.
    """
    lines: list[list[T]] = []
    left = 0.0
    for item, width in zip(items, widths, strict=True):
        if not lines or width > left:
            lines.append([])
            left = room
        lines[-1].append(item)
        left -= width
    return lines


def label_ends(
    axes: Axes, ends: Sequence[tuple[float, bool, Look]], size: tuple[float, float]
) -> None:
    """Label lines beside the axes' right edge, in the order of their ends.

    Parameters
    ----------
    axes : Axes
    ends : sequence of (float, bool, Look)
        Height of a line's end as a share of the axes', whether a leader is drawn to it, the look.
    size : (float, float)
        Width and height of the axes in inches.
    """
    ends = sorted(ends, key=lambda end: end[0])
    gap = STEP / size[1]
    places = spread_out([end[0] for end in ends], gap, 0.0, 1.0)
    to_share = 1 / size[0]
    for place, (height, leads, look) in zip(places, ends, strict=True):
        with tagged(axes, look):
            if leads:
                across = [1 + 0.02 * to_share, 1 + 0.12 * to_share]
                _beside(axes, across, [height, place], look, linewidth=0.6, alpha=0.6)
            _label(axes, place, look, to_share)


def _label(axes: Axes, height: float, look: Look, to_share: float) -> None:
    """Draw a line's end and marker beside an axes, and its name where there is room."""
    across = [1 + (0.12 + step) * to_share for step in (0.0, 0.08, 0.16)]
    _beside(axes, across, [height] * 3, look, linestyle=look.line, linewidth=1.1)
    marker = {"marker": look.marker, "markersize": 4, "markerfacecolor": look.face}
    _beside(axes, [across[1]], [height], look, **marker)
    name_beside(axes, height, look, 1 + LABEL_START * to_share)


def _beside(
    axes: Axes, across: Sequence[float], up: Sequence[float], look: Look, **options: Any
) -> None:
    shared: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False, "color": look.colour}
    axes.add_line(Line2D(across, up, **shared, **options))


def name_beside(axes: Axes, height: float, look: Look, start: float) -> None:
    """Write a name beside an axes, where there is room; places are shares of the axes."""
    if not is_narrow():
        style: dict[str, Any] = {"va": "center", "color": look.colour}
        axes.text(start, height, look.label, transform=axes.transAxes, **style)


def label_room(texts: Sequence[str]) -> float:
    """Inches that labels beside an axes take."""
    if is_narrow():
        return LABEL_START + 0.06
    return LABEL_START + max((text_width(text) for text in texts), default=0.0) + 0.12


def log_limits(values: Sequence[float], room: float = 0.06) -> tuple[float, float]:
    """Limits of a log axis: the values and a share of their range on both sides."""
    low, high = math.log10(min(values)), math.log10(max(values))
    reach = max(high - low, 0.3)
    middle = (high + low) / 2
    half = reach * (0.5 + room)
    return 10 ** (middle - half), 10 ** (middle + half)


def log_ticks(axes: Axes, which: str, form: Any = compact) -> None:
    """Ticks of a log axis: at 1, 3, 10 …; at 1, 2, 5 where the range is short."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    decades = math.log10(high / low)
    steps: tuple[float, ...] = (1, 2, 5) if decades < 1.7 else (1, 3) if decades < 3.2 else (1,)
    if decades < 0.7:
        steps = (1, 1.5, 2, 3, 4, 5, 7)
    around = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = 2 if decades > 9 else 1
    ticks = [step * 10.0**power for power in around if power % every == 0 for step in steps]
    axis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axis.set_major_formatter(FuncFormatter(form))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def clear_edges(axes: Axes) -> None:
    """Leave out the ticks of a log axis whose numbers would run into a neighbouring panel's."""
    limits = axes.get_xlim()
    ticks = [float(tick) for tick in axes.get_xticks()]
    inside = [tick for tick in ticks if 0.05 < share(tick, limits) < 0.92]
    axes.xaxis.set_major_locator(FixedLocator(inside or ticks))


def share(value: float, limits: tuple[float, float]) -> float:
    """Height of a value on a log axis, as a share of it."""
    low, high = limits
    return math.log(value / low) / math.log(high / low)


def message(axes: Axes, text: str) -> None:
    """Say why an axes is empty."""
    axes.set_yticks([])
    axes.text(0.5, 0.5, text, ha="center", va="center", color=INK, transform=axes.transAxes)
