"""The figures of a run: one module each, whose `FIGURE` is all that is to be known of it.

To add one, write a module and put its name into the list.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from harness.report.drawing.figure import Drawn, Figure
from harness.report.drawing.style import WIDTH
from harness.report.files import write_whole
from harness.report.findings import Findings

# In the order of the page.
MODULES = (
    "speedup_by_ratings",
    "speedup_by_idea",
    "seconds_by_ratings",
    "rmse_by_sweep",
    "difference_by_sweep",
    "rmse_by_seconds",
    "objective_by_seconds",
    "speedup_by_threads",
    "flops_by_intensity",
    "memory_by_ratings",
    "seconds_by_phase",
)
FIGURES: tuple[Figure, ...] = tuple(
    import_module(f"{__name__}.{module}").FIGURE for module in MODULES
)


def draw_figures(findings: Findings, width: float = WIDTH) -> list[Drawn]:
    """Draw all figures that a run has something for, in the order of the page."""
    return [figure.drawn(findings, width) for figure in FIGURES if figure.applies(findings)]


def write_figures(figures: Sequence[Drawn], folder: Path) -> list[Path]:
    """Write figures as SVG and as PNG.

    Parameters
    ----------
    figures : sequence of Drawn
    folder : Path
        Where the files go; those of the same names are replaced, each at once.

    Returns
    -------
    list of Path
    """
    written = []
    for figure in figures:
        written.append(write_whole(folder / f"{figure.name}.svg", figure.svg))
        written.append(write_whole(folder / f"{figure.name}.png", figure.png))
    return written
