"""Small multiples, a panel for each scale, and the key of the lines in them."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.report.drawing import layout
from harness.report.drawing import style as st

_COLUMNS, _COLUMNS_OF_NARROW = 3, 2  # side by side
BELOW = 0.55  # inches for tick labels and the name of the axis
_ABOVE = 0.32  # inches above a panel, for its name


def make_panels(
    count: int, names: tuple[str, str], below: float, between: float = 0.0
) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels in rows.

    Parameters
    ----------
    count : int
    names : (str, str)
        What is drawn, and of which data.
    below : float
        Inches below the lowest panels.
    between : float
        Inches for tick labels below each other row.
    """
    columns = _columns(count)
    rows = math.ceil(count / columns)
    left, gap, tall = 0.6, 0.12, (1.55 if rows > 1 else 2.5)
    wide = (st.width() - left - gap * columns) / columns
    total = st.title_height(names[1]) + rows * (tall + _ABOVE) + (rows - 1) * between + below
    figure = st.new_figure(total)
    st.put_title(figure, *names)
    boxes = [
        (left + column * (wide + gap), below + (rows - 1 - row) * (tall + _ABOVE + between))
        for row, column in (divmod(number, columns) for number in range(count))
    ]
    return figure, [
        figure.add_axes((x / st.width(), y / total, wide / st.width(), tall / total))
        for x, y in boxes
    ]


def _columns(count: int) -> int:
    return min(_COLUMNS_OF_NARROW if st.is_narrow() else _COLUMNS, count)


def name_axes(
    panels: Sequence[Axes], across: str, up: str, own_numbers_across: bool = False
) -> None:
    """Name the axes of panels that share them, once for all: at the left, and below the lowest.

    Parameters
    ----------
    panels : sequence of Axes
        In the order of `make_panels`.
    across, up : str
    own_numbers_across : bool
        Whether each panel keeps the numbers of its horizontal axis.
    """
    columns = _columns(len(panels))
    for number, panel in enumerate(panels):
        if number % columns == 0:
            panel.set_ylabel(up)
        else:
            panel.tick_params(labelleft=False)
        if number + columns >= len(panels):
            panel.set_xlabel(across)
        elif not own_numbers_across:
            panel.tick_params(labelbottom=False)


def legend_lines(looks: Sequence[st.Look]) -> list[list[st.Look]]:
    """Arrange the key in lines as wide as a figure."""
    widths = [0.55 + st.text_width(look.label) for look in looks]
    return layout.in_lines(looks, widths, st.width() - 0.2)


def draw_legend(figure: Figure, lines: list[list[st.Look]], notes: Sequence[str]) -> None:
    """Draw the names of the lines in their order, and remarks below."""
    width, height = figure.get_size_inches()
    for number, note in enumerate(reversed(notes)):
        up = (0.1 + number * st.STEP) / height
        figure.text(0.1 / width, up, note, va="center", color=st.MUTED)
    for number, line in enumerate(reversed(lines), len(notes)):
        x, y = 0.1, (0.1 + number * st.STEP) / height
        for look in line:
            with st.tagged(figure, look):
                _draw_entry(figure, look, x, y)
            x += 0.55 + st.text_width(look.label)


def _draw_entry(figure: Figure, look: st.Look, x: float, y: float) -> None:
    """Draw a line with its marker, and the name."""
    width = figure.get_size_inches()[0]
    ends = [x / width, (x + 0.14) / width, (x + 0.28) / width]
    shared: dict[str, Any] = {"color": look.colour}
    figure.add_artist(Line2D(ends, [y] * 3, linestyle=look.line, linewidth=1.2, **shared))
    shared |= {"marker": look.marker, "markerfacecolor": look.face, "markersize": 4}
    figure.add_artist(Line2D([ends[1]], [y], **shared))
    figure.text((x + 0.33) / width, y, look.label, va="center", color=look.colour)
