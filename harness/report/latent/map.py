"""Figure of movies on the two leading axes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from harness.report.drawing import style as st
from harness.report.drawing.layout import in_lines
from harness.report.latent.labels import Box, Ground, Name, around, leader, place
from harness.report.latent.words import about, plain_title
from harness.report.numbers import percent

_NAME = "Movies by the taste they speak to"
_LEFT, _RIGHT, _BELOW = 0.55, 0.1, 0.45  # inches around the axes
_FLAT, _TALL = 0.65, 1.15  # least and most height of the axes, as parts of their width
_NO_COLOUR = "#b5b5b5"  # of movies without any of the genres in colour
# Okabe and Ito's (2008) as in the other figures, and a marker of its own for each.
_COLOURS = ("#0072b2", "#d55e00", "#00805f", "#a8497f", "#b07a00", "#4d4d4d")
_MARKERS = "osD^vP"
_TITLES = 25  # on a page as wide as `style.WIDTH`
_CANDIDATES = 3  # so many times as many are tried
_EDGE: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 1.0}


class _Genre(NamedTuple):
    name: str
    colour: str
    marker: str


class _Frame(NamedTuple):
    """Limits of the axes in stars, and their size in inches; as many inches a star both ways."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    size: tuple[float, float]

    def inches(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places of scores, from the lower left."""
        placed: NDArray[np.float64] = (scores - self.low) / (self.high - self.low) * self.size
        return placed


def map_figure(facts: Mapping[str, Any]) -> Drawing:
    """Movies, their genres' centres, and titles of those most often rated.

    Parameters
    ----------
    facts : mapping
        By `harness.analysis.latent.latent_facts`, with ``data`` and ``model``.
    """
    width = st.width()
    with st.styled():
        scores = two_scores(facts["movies"]["scores"])
        shown = genres_in_colour(facts["genres"])
        frame = _frame(scores, width - _LEFT - _RIGHT)
        key = _key_lines(shown, width)
        title = about(facts).title
        below = _BELOW + st.STEP * len(key)
        height = st.title_height(title) + 0.08 + frame.size[1] + below
        figure = st.new_figure(height)
        st.put_title(figure, _NAME, title)
        place_of_axes = (_LEFT / width, below / height)
        axes = figure.add_axes(
            (*place_of_axes, frame.size[0] / width, frame.size[1] / height),
            xlim=(frame.low[0], frame.high[0]),
            ylim=(frame.low[1], frame.high[1]),
        )
        _draw_movies(axes, scores, _genre_of(facts["movies"]["genres"], shown), shown)
        _draw_names(axes, facts, frame, shown, width)
        _name_axes(axes, facts["axes"])
        _draw_key(figure, key)
        return figure


def two_scores(scores: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Scores on the two leading axes; zeros where there is one axis only.

    Returns
    -------
    ndarray, shape (n, 2), float64
    """
    array = np.asarray(scores, dtype=np.float64).reshape(len(scores), -1 if len(scores) else 1)
    return np.pad(array, ((0, 0), (0, 1)))[:, :2]


def genres_in_colour(genres: Sequence[Mapping[str, Any]]) -> list[_Genre]:
    """The genres whose centres lie farthest out, six at most, the farthest first."""
    far = sorted(genres, key=lambda one: -float(np.hypot(*two_scores([one["centre"]])[0])))
    looks = zip(far, _COLOURS, _MARKERS, strict=False)
    return [_Genre(genre["name"], colour, marker) for genre, colour, marker in looks]


def _frame(scores: NDArray[np.float64], width: float) -> _Frame:
    """Axes about all movies, of a width in inches and a height that suits them."""
    low, high = scores.min(axis=0), scores.max(axis=0)
    spans = np.maximum(high - low, 1e-3 * (high - low).max()) * 1.08
    height = width * float(np.clip(spans[1] / spans[0], _FLAT, _TALL))
    star = min(width / spans[0], height / spans[1])
    half, middle = np.array([width, height]) / star / 2, (low + high) / 2
    return _Frame(middle - half, middle + half, (width, height))


def _genre_of(genres: Sequence[Sequence[str]], shown: Sequence[_Genre]) -> NDArray[np.int64]:
    """Number of the genre that each movie is coloured by: its farthest; -1 for none."""
    order = {genre.name: number for number, genre in enumerate(shown)}
    numbers = [[order[name] for name in of_movie if name in order] for of_movie in genres]
    return np.array([min(of_movie, default=-1) for of_movie in numbers])


def _draw_movies(
    axes: Axes,
    scores: NDArray[np.float64],
    genre: NDArray[np.int64],
    shown: Sequence[_Genre],
) -> None:
    plain = scores[genre < 0]
    axes.plot(*plain.T, "o", color=_NO_COLOUR, markersize=1.6, markeredgewidth=0, zorder=1)
    for number, (_, colour, marker) in enumerate(shown):
        look: dict[str, Any] = {"color": colour, "markersize": 3.2, "alpha": 0.6}
        axes.plot(*scores[genre == number].T, marker, markeredgewidth=0, zorder=2, **look)


def _draw_names(
    axes: Axes,
    facts: Mapping[str, Any],
    frame: _Frame,
    shown: Sequence[_Genre],
    width: float,
) -> None:
    """Names of genres at their centres, then titles in what room is left."""
    names = _genre_names(facts["genres"], frame, shown)
    spared = [around(name) for name in names[: len(shown)]]
    movies = frame.inches(two_scores(facts["movies"]["scores"]))
    ground = Ground(frame.size, movies, spared)
    placed = place(names, ground)
    for number, name in enumerate(names):
        colour = shown[number].colour if number < len(shown) else st.INK
        if number in placed or number < len(shown):  # the key names those in colour, too
            _draw_point(axes, name, frame, marker="X", markersize=7, color=colour, **_EDGE)
        if number in placed:
            _draw_text(axes, name, placed[number], frame, colour)
    taken = [*placed.values(), *(around(names[number]) for number in placed)]
    titles = _titles(facts["movies"], movies, _CANDIDATES * _most_titles(width))
    for number, box in place(titles, ground, taken, _most_titles(width)).items():
        ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": st.INK}
        _draw_point(axes, titles[number], frame, marker="o", markersize=4.6, **ring)
        _draw_text(axes, titles[number], box, frame, st.INK)


def _genre_names(
    genres: Sequence[Mapping[str, Any]], frame: _Frame, shown: Sequence[_Genre]
) -> list[Name]:
    """Names of genres and their centres, those in colour first."""
    order = {genre.name: number for number, genre in enumerate(shown)}
    found = sorted(genres, key=lambda one: order.get(one["name"], len(shown)))
    centres = frame.inches(two_scores([one["centre"] for one in found]))
    return [
        Name(one["name"], float(x), float(y), bold=True)
        for one, (x, y) in zip(found, centres, strict=True)
    ]


def _titles(movies: Mapping[str, Any], places: NDArray[np.float64], most: int) -> list[Name]:
    """Titles that may be shown, the most often rated first."""
    order = np.argsort(-np.array(movies["ratings"]), kind="stable")[:most].tolist()
    return [Name(plain_title(movies["title"][row]), *places[row].tolist()) for row in order]


def _most_titles(width: float) -> int:
    return max(1, round(_TITLES * width / st.WIDTH))


def _draw_point(axes: Axes, name: Name, frame: _Frame, **look: Any) -> None:
    x, y = name.x / frame.size[0], name.y / frame.size[1]
    axes.add_line(Line2D([x], [y], transform=axes.transAxes, linestyle="none", zorder=5, **look))


def _draw_text(axes: Axes, name: Name, box: Box, frame: _Frame, colour: str) -> None:
    """A name on a pale ground, with a line to its point where it lies away from it."""
    if line := leader(name, box):
        across, up = np.array(line).T / np.array(frame.size)[:, None]
        look: dict[str, Any] = {"color": colour, "linewidth": 0.6, "zorder": 4}
        axes.add_line(Line2D(across, up, transform=axes.transAxes, **look))
    x, y = np.array(box.middle) / frame.size
    axes.text(
        x,
        y,
        name.text,
        ha="center",
        va="center",
        color=colour,
        weight="bold" if name.bold else "normal",
        transform=axes.transAxes,
        zorder=6,
        bbox={"facecolor": "white", "alpha": 0.75, "pad": 0.6, "linewidth": 0},
    )


def _name_axes(axes: Axes, found: Sequence[Mapping[str, Any]]) -> None:
    names = [f"axis {n}: {percent(one['share'])} of the variance" for n, one in enumerate(found, 1)]
    axes.set_xlabel(f"{names[0]}, in stars")
    axes.set_ylabel(names[1] if len(names) > 1 else "there is no second axis")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.grid(visible=True)


def _key_lines(shown: Sequence[_Genre], width: float) -> list[list[_Genre]]:
    genres = [*shown, _Genre("other" if shown else "movie", _NO_COLOUR, "o")]
    return in_lines(genres, [0.4 + st.text_width(one.name) for one in genres], width - 0.2)


def _draw_key(figure: Drawing, lines: Sequence[Sequence[_Genre]]) -> None:
    width, height = figure.get_size_inches()
    for number, line in enumerate(reversed(lines)):
        x, y = 0.15, (0.1 + number * st.STEP) / height
        for name, colour, marker in line:
            look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "none"}
            figure.add_artist(Line2D([x / width], [y], markersize=4.5, **look))
            text_colour = st.MUTED if colour == _NO_COLOUR else colour
            figure.text((x + 0.09) / width, y, name, va="center", color=text_colour)
            x += 0.4 + st.text_width(name)
