"""Speeds as bars in a terminal, for those who look nowhere else."""

import math
from io import StringIO
from typing import Any

import pandas as pd
from rich.bar import Bar
from rich.console import Console

from harness.report import numbers
from harness.report.cells import baseline, labels, rows_of, rungs
from harness.report.columns import speed_text

_LEAST = 10  # characters of the longest bar; where there are fewer, there are no bars
_MOST = 60


def speed_chart(cells: pd.DataFrame, width: int) -> list[str]:
    """A bar for each implementation at the largest scale that has speeds, on a log scale.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    width : int
        Characters of a line.

    Returns
    -------
    list of str
        None where nothing is compared.
    """
    shown = _shown(cells)
    if len(shown) < 2:
        return []
    names, texts = labels(shown), [speed_text(row) for row in rows_of(shown)]
    speeds = [float(row.speedup) for row in rows_of(shown)]
    room = width - max(map(len, names)) - max(map(len, texts)) - 4
    if room < _LEAST:
        return []
    lowest = min(speeds)
    reach = math.log(max(speeds) / lowest) or 1.0
    wide = min(room, _MOST)
    bars = [_bar(math.log(speed / lowest) / reach, wide) for speed in speeds]
    heading = f"times as fast as {baseline(cells)}, at scale {rungs(shown)[0]} (log scale)"
    left = max(map(len, names))
    rows = zip(names, bars, texts, strict=True)
    return [heading, *(f"{name:<{left}}  {bar} {text}".rstrip() for name, bar, text in rows)]


def _shown(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells with a speed, at the largest scale at which two have one."""
    for rung in reversed(rungs(cells)):
        here: pd.DataFrame = cells[(cells["rung"] == rung) & cells["speedup"].map(_is_speed)]
        if len(here) > 1:
            return here
    return cells.iloc[:0]


def _is_speed(value: Any) -> bool:
    return numbers.known(value) and numbers.number(value) > 0


def _bar(share: float, width: int) -> str:
    """A bar that begins with a tick, so that the slowest has one too."""
    console = Console(file=StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(Bar(size=1.0, begin=0.0, end=share, width=width - 1), end="")
    return "▏" + capture.get().strip("\n").rstrip()
