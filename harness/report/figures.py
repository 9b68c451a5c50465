"""All figures of a run, and their files."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from harness.report.agreement import difference_figure
from harness.report.files import write_whole
from harness.report.rmse import rmse_figure
from harness.report.roofline import has_roof, roofline_figure
from harness.report.scaling import seconds_figure, speedup_figure
from harness.report.style import png, svg
from harness.report.threads import has_several_threads, threads_figure
from harness.report.time_to_quality import quality_figure


def figures(cells: pd.DataFrame, qualities: pd.DataFrame, title: str) -> dict[str, Figure]:
    """Draw all figures of a run.

    Parameters
    ----------
    cells, qualities : DataFrame
        The frames of the analysis; may be empty.
    title : str
        Names the data set and what was asked of all.

    Returns
    -------
    dict of str to Figure
        By the name of their files: ``seconds``, ``speedup``, ``rmse``, ``difference``,
        ``time-to-quality``; ``threads`` where an implementation ran with several numbers of them,
        ``roofline`` where the machine was measured.
    """
    drawn = {
        "seconds": seconds_figure(cells, title),
        "speedup": speedup_figure(cells, title),
        "rmse": rmse_figure(cells, qualities, title),
        "difference": difference_figure(cells, qualities, title),
        "time-to-quality": quality_figure(cells, qualities, title),
    }
    if has_several_threads(cells):
        drawn["threads"] = threads_figure(cells, title)
    if has_roof(cells):
        drawn["roofline"] = roofline_figure(cells, title)
    return drawn


def draw_all(cells: pd.DataFrame, qualities: pd.DataFrame, title: str, folder: Path) -> list[Path]:
    """Write all figures of a run as SVG and as PNG.

    Parameters
    ----------
    cells, qualities : DataFrame
        The frames of the analysis; may be empty.
    title : str
        Names the data set and what was asked of all.
    folder : Path
        Where the files go; those of the same names are replaced, each at once.

    Returns
    -------
    list of Path
    """
    written = []
    for name, figure in figures(cells, qualities, title).items():
        written.append(write_whole(folder / f"{name}.svg", svg(figure)))
        written.append(write_whole(folder / f"{name}.png", png(figure)))
    return written
