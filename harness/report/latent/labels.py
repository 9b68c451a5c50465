"""Names beside points, placed where they cover neither each other nor the edge."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.report.drawing.style import FONT, text_width

_HEIGHT = 0.135  # inches of a line of text
_PAD = 0.025  # inches around a text
_RINGS = (0.05, 0.14, 0.24, 0.36)  # inches from a point to its name, the nearest first
_LEADS = 0.06  # inches: a name that lies farther from its point has a line to it
_LINE = 0.012  # inches to both sides of such a line that stay free
_BOLD = 1.13  # a bold text is so much wider
# Where a name lies about its point: to the right, to the left, above, below, and between.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


class Box(NamedTuple):
    """A rectangle in inches from the lower left of the axes."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.left + self.width / 2, self.bottom + self.height / 2

    def overlaps(self, other: "Box") -> bool:
        """Whether they share any area."""
        across = self.left < other.left + other.width and other.left < self.left + self.width
        up = self.bottom < other.bottom + other.height and other.bottom < self.bottom + self.height
        return across and up

    def is_within(self, size: tuple[float, float]) -> bool:
        """Whether it lies within axes of this size."""
        across = self.left >= 0 and self.left + self.width <= size[0]
        return across and self.bottom >= 0 and self.bottom + self.height <= size[1]

    def covered(self, points: NDArray[np.float64]) -> int:
        """How many points lie in it."""
        from_corner = points - (self.left, self.bottom)
        return int(((from_corner >= 0) & (from_corner <= (self.width, self.height))).all(1).sum())

    def nearest(self, point: tuple[float, float]) -> tuple[float, float]:
        """Its place that is nearest to a point."""
        x = min(max(point[0], self.left), self.left + self.width)
        return x, min(max(point[1], self.bottom), self.bottom + self.height)


class Name(NamedTuple):
    """A text, and the point that it belongs to, in inches from the lower left of the axes."""

    text: str
    x: float
    y: float
    bold: bool = False


class Ground(NamedTuple):
    """What names are placed on.

    Attributes
    ----------
    size : (float, float)
        Width and height of the axes in inches.
    points : ndarray, shape (n, 2), float64
        In inches: a name may cover them, but should not.
    spared : sequence of Box
        What no name may cover.
    """

    size: tuple[float, float]
    points: NDArray[np.float64]
    spared: Sequence[Box] = ()


def around(name: Name) -> Box:
    """Square about a name's point that the marker takes."""
    reach = _RINGS[0]
    return Box(name.x - reach, name.y - reach, 2 * reach, 2 * reach)


def leader(name: Name, box: Box) -> list[tuple[float, float]]:
    """Ends of the line from a point to its name, in inches; none where it lies beside it."""
    end = box.nearest((name.x, name.y))
    far = np.hypot(end[0] - name.x, end[1] - name.y) > _LEADS
    return [(name.x, name.y), end] if far else []


def _along(name: Name, box: Box) -> list[Box]:
    """Small boxes along the line to a name, where there is one."""
    if not (ends := leader(name, box)):
        return []
    places = np.linspace(ends[0], ends[1], 11)[1:-1].tolist()
    return [Box(x - _LINE, y - _LINE, 2 * _LINE, 2 * _LINE) for x, y in places]


def place(
    names: Sequence[Name], ground: Ground, taken: Sequence[Box] = (), most: int | None = None
) -> dict[int, Box]:
    """Find a place for names, the first first; those that fit nowhere go without.

    A name goes as near to its point as it can, where it covers the fewest other points.

    Parameters
    ----------
    names : sequence of Name
    ground : Ground
    taken : sequence of Box
        Names that are there already: neither a name nor its point may lie in one.
    most : int, optional
        Names to place, at most.

    Returns
    -------
    dict of int to Box
        By place in `names`.
    """
    found: dict[int, Box] = {}
    blocked = list(taken)
    for number, name in enumerate(names):
        if len(found) == most:
            break
        box = _free(name, ground, blocked)
        if box is not None:
            found[number] = box
            blocked += [box, around(name), *_along(name, box)]
    return found


def _free(name: Name, ground: Ground, blocked: Sequence[Box]) -> Box | None:
    """The best place in the nearest ring that has any."""
    if _overlap([around(name)], blocked):
        return None  # another name lies on the point, or another point is named
    both = [*blocked, *ground.spared]
    for ring in _RINGS:
        free = [
            box
            for box in _around(name, ring)
            if box.is_within(ground.size)
            and not _overlap([box], both)
            and not _overlap(_along(name, box), blocked)
        ]
        if free:
            return min(free, key=lambda box: box.covered(ground.points))
    return None


def _overlap(some: Sequence[Box], others: Sequence[Box]) -> bool:
    return any(one.overlaps(other) for one in some for other in others)


def _around(name: Name, ring: float) -> Iterator[Box]:
    """Places of a name so far from its point."""
    width = text_width(name.text, FONT) * (_BOLD if name.bold else 1.0) + 2 * _PAD
    for right, up in _SIDES:
        step = ring if not (right and up) else 0.7 * ring
        x = name.x + right * (step + width / 2)
        y = name.y + up * (step + _HEIGHT / 2)
        yield Box(x - width / 2, y - _HEIGHT / 2, width, _HEIGHT)
