"""How figures look: one colour and marker for an implementation in all of them, sizes, saving."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from harness.report import cells as frame

FONT = 8.0  # points: the smallest text that there is
WIDTH = 6.5  # inches: a page's text width
NARROW = 3.7  # inches: a phone's
FAMILY = "'DejaVu Sans', Verdana, sans-serif"  # of text in SVG
STEP = 0.155  # inches from a line of text to the next
INK, MUTED, RULE = "#222222", "#666666", "#dddddd"

# By place in the ladder, then for all others; Okabe and Ito's palette (2008), which stays
# distinguishable to the colour-blind, its two lightest darkened so that text can be read in them.
_LADDER = ("#4d4d4d", "#0072b2", "#d55e00", "#00805f", "#a8497f")
_OTHERS = ("#b07a00", "#6a3d9a", "#1f9bb8", "#8c2d04", "#5a6b00", "#d6409f")
_LADDER_MARKERS = "osD^v"
_OTHER_MARKERS = "PXphd*"
Line = Literal["-", ":"]
_SINGLE = "-f32"  # ends the name of a float32 variant of another one

_RC: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": FONT,
    "axes.titlesize": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT,
    "ytick.labelsize": FONT,
    "legend.fontsize": FONT,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "als-ladder",  # the same figure gives the same bytes
    "text.usetex": False,
    "text.parse_math": False,  # a name may hold a dollar sign
    "path.simplify": False,
}


_wide: ContextVar[float] = ContextVar("wide", default=WIDTH)


def width() -> float:
    """Inches that figures are wide at present."""
    return _wide.get()


def is_narrow() -> bool:
    """Whether there is no room for names beside a plot: they go below it."""
    return width() < (NARROW + WIDTH) / 2


@contextmanager
def as_wide_as(inches: float) -> Iterator[None]:
    """Draw figures of another width."""
    token = _wide.set(inches)
    try:
        yield
    finally:
        _wide.reset(token)


@dataclass(frozen=True)
class Look:
    """How an implementation is drawn, in all figures alike."""

    label: str
    colour: str
    marker: str
    line: Line  # matplotlib's line style
    series: int | None = None  # place among the implementations and thread counts of a run

    @property
    def face(self) -> str:
        """Colour inside the marker: pale in float32."""
        return _paler(self.colour, 1.0) if self.line == ":" else self.colour


def looks(cells: pd.DataFrame) -> dict[tuple[str, int], Look]:
    """Look of each implementation and thread count, in the order of the frame.

    The colour goes by the place in the ladder. A float32 variant has the colour and marker of the
    implementation that its name begins with, and a dotted line; fewer threads are paler.
    """
    several = frame.several_threads(cells)
    of_variant = _looks_of_variants(cells)
    found: dict[tuple[str, int], Look] = {}
    most_threads = cells.groupby("variant")["threads"].max()
    for row in frame.rows_of(cells.drop_duplicates(["variant", "threads"])):
        variant, threads = str(row.variant), int(row.threads)
        most = int(most_threads[variant])
        look = of_variant[variant]
        found[variant, threads] = replace(
            look,
            label=frame.label(shortened(variant), threads, variant in several),
            colour=_paler(look.colour, 1 - threads / most),
            series=len(found),
        )
    return found


@contextmanager
def tagged(axes: Axes | Figure, look: Look) -> Iterator[None]:
    """Name what is drawn within as an implementation's, so that a page can hide it."""
    before = set(axes.get_children())
    yield
    if look.series is not None:
        for artist in set(axes.get_children()) - before:
            artist.set_gid(f"series-{look.series}")


def _looks_of_variants(cells: pd.DataFrame) -> dict[str, Look]:
    found: dict[str, Look] = {}
    others = 0
    rows = frame.rows_of(cells.drop_duplicates("variant"))
    for row in sorted(rows, key=lambda row: str(row.variant).endswith(_SINGLE)):
        name = str(row.variant)
        line: Line = ":" if row.dtype == "float32" else "-"
        kin = found.get(name.removesuffix(_SINGLE))
        place = None if pd.isna(row.ladder) else int(row.ladder)
        if kin is not None and name.endswith(_SINGLE):
            colour, marker = kin.colour, kin.marker
        elif place is not None:
            colour, marker = _pick(_LADDER, _LADDER_MARKERS, place)
        else:
            colour, marker = _pick(_OTHERS, _OTHER_MARKERS, others)
            others += 1
        found[name] = Look(name, colour, marker, line)
    return found


def _pick(colours: Sequence[str], markers: str, place: int) -> tuple[str, str]:
    """The colours wrap around; so do the markers, at another step where there are more."""
    wrapped = place // len(colours)
    return colours[place % len(colours)], markers[(place + wrapped) % len(markers)]


def _paler(colour: str, share: float) -> str:
    """Mix a colour with white, two thirds of it at most."""
    red, green, blue = (part + (1 - part) * 0.67 * share for part in to_rgb(colour))
    return to_hex((red, green, blue))


def shortened(name: str, most: int = 26) -> str:
    """Leave out the middle of a long name."""
    name = " ".join(name.split())
    if len(name) <= most:
        return name
    return name[: most - 15] + "…" + name[-14:]


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the project's style; matplotlib's settings are put back at the end."""
    with mpl.rc_context(_RC), warnings.catch_warnings():
        # A third party may have a name that our font lacks a letter of: a box stands for it.
        warnings.filterwarnings("ignore", message="Glyph")
        yield


@cache
def text_width(text: str, size: float = FONT) -> float:
    """Width of a line of text in inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", size=size)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def fitted(text: str, inches: float) -> list[str]:
    """Break a text into lines that fit a width."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def new_figure(height: float) -> Figure:
    """Make a white figure of a size in inches, with its own canvas: no global state."""
    figure = Figure(figsize=(width(), height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def put_title(figure: Figure, what: str, title: str) -> float:
    """Write what is drawn, in bold, and of which data; return the inches they take."""
    wide, height = figure.get_size_inches()
    lines = fitted(title, wide - 0.2)
    top = height - 0.17
    figure.text(0.1 / wide, top / height, what, weight="bold", va="center", size=FONT + 1)
    for number, line in enumerate(lines, 1):
        place = (top - number * STEP) / height
        figure.text(0.1 / wide, place, line, va="center", color=MUTED)
    return title_height(title)


def title_height(title: str) -> float:
    """Inches that `put_title` takes."""
    return 0.17 + (len(fitted(title, width() - 0.2)) + 0.4) * STEP


def svg(figure: Figure) -> str:
    """A figure as SVG, with its text as text and a font for those who lack ours."""
    with styled():
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"(?<!['\w])'DejaVu Sans'(?!,)", FAMILY, buffer.getvalue())


def png(figure: Figure) -> bytes:
    """A figure as PNG, 200 dots an inch."""
    with styled():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=200, metadata={"Software": None})
    return buffer.getvalue()
