"""Tables: of one scale in the terminal, and of a whole run in Markdown and CSV."""

import re
import textwrap
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from harness.report import numbers, words
from harness.report.cells import given, labels, remarks, rows_of, rungs
from harness.report.columns import (
    PEAK,
    Column,
    alignment,
    columns_of,
    more_columns,
    naming,
    printed,
    speed_column,
)
from harness.report.files import write_whole

WIDTH = 120  # characters of a line in the terminal
_FOLDS = {"implementation": 24, "result": 15}  # characters of a column; more go to a next line


def scale_table(cells: pd.DataFrame, title: str = "") -> str:
    """Table of one scale for the terminal, with what is to be known to read it.

    Parameters
    ----------
    cells : DataFrame
        Rows of one rung of the cells frame.
    title : str
        Names the data set and what was asked of all.

    Returns
    -------
    str
        Lines of at most 120 characters, without a newline at the end.
    """
    if cells.empty:
        return "\n".join(filter(None, [title, "nothing was planned at this scale"]))
    columns = columns_of(cells)
    table = _narrow_enough(columns, cells)
    if _width(table) > WIDTH and PEAK in columns:
        columns.remove(PEAK)  # the full tables have it
        table = _narrow_enough(columns, cells)
    below = [*remarks(cells), *explanations(cells, peak=PEAK in columns)]
    above = [title] if title else []
    lines = [*_wrapped([*above, heading(cells)]), "", table, "", *_wrapped(below)]
    return "\n".join(lines)


def _narrow_enough(columns: list[Column], cells: pd.DataFrame) -> str:
    """Print a table; where it would be too wide, fold first the intervals, then the names too."""
    name, rows = "implementation", rows_of(cells)
    folds = dict(_FOLDS)
    table = _grid(columns, rows, folds)
    if _width(table) > WIDTH:
        folds[speed_column(cells).heading] = 13  # the interval on a line of its own
        table = _grid(columns, rows, folds)
    excess = _width(table) - WIDTH
    if excess > 0:
        widest = min(_FOLDS[name], max(len(str(variant)) for variant in cells["variant"]))
        folds[name] = max(widest - excess, len(name))
        table = _grid(columns, rows, folds)
    return table


def _width(table: str) -> int:
    return max(map(len, table.splitlines()))


def _grid(columns: list[Column], rows: list[Any], folds: Mapping[str, int]) -> str:
    """Columns as wide as their text; tabulate's own headings would be two wider."""
    body: list[tuple[str, ...]] = []
    for row in rows:
        texts = [_folded(column.text(row), folds.get(column.heading, WIDTH)) for column in columns]
        body += zip_longest(*texts, fillvalue="")
    # A heading on one line stands on the lower.
    heads = [column.heading.rpartition("\n") for column in columns]
    body = [tuple(head[0] for head in heads), tuple(head[2] for head in heads), *body]
    body.insert(2, tuple("-" * max(map(len, texts)) for texts in zip(*body, strict=True)))
    return tabulate(
        body,
        tablefmt="plain",
        disable_numparse=True,
        colalign=[alignment(column) for column in columns],
    )


def heading(cells: pd.DataFrame) -> str:
    """Name a scale and say how large it is; users, items and test ratings where they are given."""
    first = cells.iloc[0]
    parts = [f"{numbers.count(first['train_ratings'])} training ratings"]
    for column, what in (("test_ratings", "test ratings"), ("users", "users"), ("items", "items")):
        if column in cells and numbers.known(first[column]):
            parts.append(f"{numbers.count(first[column])} {what}")
    return f"Scale {first['rung']}: {', '.join(parts)}"


def explanations(cells: pd.DataFrame, *, peak: bool = True) -> list[str]:
    """Explain the words that the table of these cells uses, and no others.

    Parameters
    ----------
    cells : DataFrame
        Rows of the cells frame.
    peak : bool
        Whether the table has room for the share of the machine's peak.
    """
    verdicts = set(cells["verdict"])
    occurring = {
        "reference": "reference" in verdicts,
        "same (x)": "ok" in verdicts,
        "DIFFERS": "failed" in verdicts,
        "~": bool(cells["projected"].any() or cells["speedup_projected"].any()),
        "(a–b)": bool(cells["speedup_low"].notna().any()),
        "of FMA peak": peak and given(cells, "peak_share"),
        "warm": bool(cells["warm"].any()),
    }
    lines = [f"{word}: {words.TABLE_WORDS[word]}" for word in occurring if occurring[word]]
    if occurring["warm"]:
        lines[-1] += f" (here: {_those(cells, cells['warm'].astype(bool).tolist())})"
    states = set(cells["state"])
    return lines + [f"{state}: {text}" for state, text in words.STATES.items() if state in states]


def _those(cells: pd.DataFrame, mask: list[bool]) -> str:
    names = [name for name, chosen in zip(labels(cells), mask, strict=True) if chosen]
    return "all" if len(names) == len(cells) > 1 else ", ".join(names)


def _folded(text: str, width: int) -> list[str]:
    """Break what is too wide for its column."""
    return textwrap.wrap(" ".join(text.split()), width, break_on_hyphens=False)


def _wrapped(lines: list[str]) -> list[str]:
    return [part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ")]


def markdown(cells: pd.DataFrame, title: str) -> str:
    """All scales' tables as Markdown, a section each."""
    parts = [f"# {_escaped(title)}"]
    for rung in rungs(cells):
        here = cells[cells["rung"] == rung]
        columns = columns_of(here) + more_columns(here)[len(naming(here)) :]
        parts += [
            f"## {_escaped(heading(here))}",
            tabulate(
                [[_escaped(text) for text in row] for row in printed(columns, here)],
                headers=[_escaped(column.title) for column in columns],
                tablefmt="pipe",
                disable_numparse=True,
                colalign=[alignment(column) for column in columns],
            ),
            "\n".join(f"- {_escaped(line)}" for line in remarks(here)),
        ]
    if not cells.empty:
        parts.append("\n".join(f"- {_escaped(line)}" for line in explanations(cells)))
    return "\n\n".join(part for part in parts if part) + "\n"


def _escaped(text: str) -> str:
    """Take Markdown's meaning from characters that a third party's name may hold."""
    text = re.sub(r"([\\`*|\[\]]|<(?=[A-Za-z/!?]))", r"\\\1", " ".join(text.split()))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)  # inside a word it has none


def full_table(cells: pd.DataFrame, title: str) -> pd.DataFrame:
    """The cells as they are written to CSV: full precision, a unit in each column's name.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    title : str
        Goes to each row as ``data``, so that a row taken out of its file still says of what it is.

    Returns
    -------
    DataFrame
        RMSE, their differences and tolerances are in rating units, ``_ratio`` and ``_relative``
        without unit.
    """
    renamed = cells.rename(
        columns={
            "train_ratings": "train_ratings_count",
            "rounds": "rounds_count",
            "sweeps": "sweeps_count",
            "threads": "threads_count",
            "sweep_s": "sweep_median_s",
            "sweep_s_low": "sweep_low_s",
            "sweep_s_high": "sweep_high_s",
            "speedup": "speedup_ratio",
            "speedup_low": "speedup_low_ratio",
            "speedup_high": "speedup_high_ratio",
            "row_difference": "row_difference_relative",
            "bytes_needed": "estimated_bytes",
            "thread_speedup": "thread_speedup_ratio",
            "thread_speedup_low": "thread_speedup_low_ratio",
            "thread_speedup_high": "thread_speedup_high_ratio",
            "efficiency": "efficiency_ratio",
            "gflops": "gflop_per_s",
            "fma_gflops": "fma_gflop_per_s",
            "gemm_gflops": "gemm_gflop_per_s",
            "bandwidth_gbs": "bandwidth_gb_per_s",
            "intensity": "intensity_flop_per_byte",
            "peak_share": "fma_peak_share_ratio",
        }
    )
    renamed.insert(0, "data", title)
    return renamed


def write_tables(cells: pd.DataFrame, title: str, folder: Path) -> list[Path]:
    """Write ``table.md`` and ``table.csv`` to a run's folder.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    title : str
        Names the data set and what was asked of all.
    folder : Path

    Returns
    -------
    list of Path
    """
    table = full_table(cells, title).to_csv(index=False, lineterminator="\n")
    return [
        write_whole(folder / "table.md", markdown(cells, title)),
        write_whole(folder / "table.csv", table),
    ]
