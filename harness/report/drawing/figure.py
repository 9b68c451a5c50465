"""What a figure of a run is: one object, in one module of `harness.report.figures`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from matplotlib.figure import Figure as Drawing

from harness.report.drawing.style import WIDTH, as_wide_as, png, svg
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
    data : callable
        The numbers that it shows, as a table.
    by_baseline : bool
        Whether it looks different with another baseline.
    """

    name: str
    caption: str
    draw: Callable[[Findings], Drawing]
    applies: Callable[[Findings], bool] = lambda _: True
    data: Callable[[Findings], pd.DataFrame] = lambda _: pd.DataFrame()
    by_baseline: bool = False

    def drawn(self, findings: Findings, width: float = WIDTH) -> "Drawn":
        """Draw it, so many inches wide."""
        caption = self.caption.format(baseline=findings.baseline)
        with as_wide_as(width):
            drawing = self.draw(findings)
        return Drawn(self.name, caption, drawing, self.data(findings))


@dataclass(frozen=True)
class Drawn:
    """A figure that was drawn of a run."""

    name: str
    caption: str
    drawing: Drawing
    data: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def svg(self) -> str:
        """As SVG."""
        return svg(self.drawing)

    @cached_property
    def png(self) -> bytes:
        """As PNG."""
        return png(self.drawing)
