"""What a figure of a run is: one object, in one module of `harness.report.figures`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from matplotlib.figure import Figure as Drawing

from harness.report.drawing.style import png, svg
from harness.report.findings import Findings


@dataclass(frozen=True)
class Figure:
    """A figure of a run.

    Attributes
    ----------
    name : str
        Of its files.
    caption : str
        How it is to be read; ``{baseline}`` stands for the baseline's name.
    draw : callable
        Draws it, also of a run that brought nothing.
    applies : callable
        Whether a run has anything that it could show.
    """

    name: str
    caption: str
    draw: Callable[[Findings], Drawing]
    applies: Callable[[Findings], bool] = lambda _: True

    def drawn(self, findings: Findings) -> "Drawn":
        """Draw it."""
        caption = self.caption.format(baseline=findings.baseline)
        return Drawn(self.name, caption, self.draw(findings))


@dataclass(frozen=True)
class Drawn:
    """A figure that was drawn of a run."""

    name: str
    caption: str
    drawing: Drawing

    @cached_property
    def svg(self) -> str:
        """As SVG."""
        return svg(self.drawing)

    @cached_property
    def png(self) -> bytes:
        """As PNG."""
        return png(self.drawing)
