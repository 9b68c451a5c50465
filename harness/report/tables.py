"""Tables of a whole run in Markdown and CSV, and the words that all tables share."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from tabulate import tabulate

from harness.report import numbers, words
from harness.report.cells import any_after_fewer, given, labels, remarks, rungs
from harness.report.columns import (
    PEAK,
    PEAK_SHARE,
    QUALITY,
    TO_QUALITY,
    Column,
    alignment,
    columns_of,
    more_columns,
    naming,
    printed,
)
from harness.report.files import write_whole
from harness.report.findings import About


def heading(cells: pd.DataFrame) -> str:
    """Name a scale and say how large it is; users, items and test ratings where they are given."""
    first = cells.iloc[0]
    parts = [f"{numbers.count(first['train_ratings'])} training ratings"]
    for column, what in (("test_ratings", "test ratings"), ("users", "users"), ("items", "items")):
        if column in cells and numbers.known(first[column]):
            parts.append(f"{numbers.count(first[column])} {what}")
    return f"Scale {first['rung']}: {', '.join(parts)}"


def explanations(cells: pd.DataFrame, left_out: Collection[str] = ()) -> list[str]:
    """Explain the words that the table of these cells uses, and no others.

    Parameters
    ----------
    cells : DataFrame
        Rows of the cells frame.
    left_out : collection of str
        Headings of columns that the table has no room for.
    """
    verdicts = set(cells["verdict"])
    peak = given(cells, PEAK_SHARE) and PEAK.heading not in left_out
    occurring = {
        "reference": "reference" in verdicts,
        "same (x)": "ok" in verdicts,
        "DIFFERS": "failed" in verdicts,
        "(x after n)": any_after_fewer(cells),
        "same at convergence": "converged" in verdicts,
        "not converged": "unconverged" in verdicts,
        "own objective": "own" in verdicts,
        "~": bool(cells["projected"].any() or cells["speedup_projected"].any()),
        "(a–b)": bool(cells["speedup_low"].notna().any()),
        "of FMA peak": peak,
        "≤": peak and bool(cells["peak_is_bound"].any()),
        "to quality s": given(cells, TO_QUALITY) and QUALITY.heading not in left_out,
        "warm": bool(cells["warm"].any()),
    }
    lines = [f"{word}: {words.TABLE_WORDS[word]}" for word in occurring if occurring[word]]
    if occurring["warm"]:
        lines[-1] += f" (here: {_warm_ones(cells)})"
    states = set(cells["state"])
    return lines + [f"{state}: {text}" for state, text in words.STATES.items() if state in states]


def _warm_ones(cells: pd.DataFrame) -> str:
    """Name those that were warm; where there are several scales, at each of them."""
    scales = rungs(cells)
    parts = []
    for scale in scales:
        here = cells[cells["rung"] == scale]
        warm = here["warm"].astype(bool).tolist()
        if any(warm):
            at = f" at {scale}" if len(scales) > 1 else ""
            parts.append(_those(here, warm) + at)
    return "; ".join(parts)


def _those(cells: pd.DataFrame, mask: list[bool]) -> str:
    names = [name for name, chosen in zip(labels(cells), mask, strict=True) if chosen]
    return "all" if len(names) == len(cells) > 1 else ", ".join(names)


def markdown(cells: pd.DataFrame, title: str) -> str:
    """All scales' tables as Markdown, a section each."""
    parts = [f"# {_escaped(title)}"]
    for rung in rungs(cells):
        here = cells[cells["rung"] == rung]
        columns = columns_of(here) + more_columns(here)[len(naming(here)) :]
        parts += [
            f"## {_escaped(heading(here))}",
            markdown_table(columns, here),
            "\n".join(f"- {_escaped(line)}" for line in remarks(here)),
        ]
    if not cells.empty:
        parts.append("\n".join(f"- {_escaped(line)}" for line in explanations(cells)))
    return "\n\n".join(part for part in parts if part) + "\n"


def markdown_table(columns: Sequence[Column], cells: pd.DataFrame) -> str:
    """Some columns of cells as a table in Markdown."""
    return tabulate(
        [[_escaped(text) for text in row] for row in printed(columns, cells)],
        headers=[_escaped(column.title) for column in columns],
        tablefmt="pipe",
        disable_numparse=True,
        colalign=[alignment(column) for column in columns],
    )


def _escaped(text: str) -> str:
    """Take Markdown's meaning from characters that a third party's name may hold."""
    text = re.sub(r"([\\`*|\[\]]|<(?=[A-Za-z/!?]))", r"\\\1", " ".join(text.split()))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)  # inside a word it has none


def full_table(cells: pd.DataFrame, about: About) -> pd.DataFrame:
    """The cells as they are written to CSV: full precision, a unit in each column's name.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    about : About
        Goes to each row as ``data`` and ``synthetic``, so that a row taken out of its file still
        says of what it is.

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
            "paired_speedup": "paired_speedup_ratio",
            "paired_speedup_low": "paired_speedup_low_ratio",
            "paired_speedup_high": "paired_speedup_high_ratio",
            "row_difference": "row_difference_relative",
            "objective_difference": "objective_difference_relative",
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
            "peak_is_bound": "fma_peak_share_is_bound",
        }
    )
    renamed.insert(0, "data", about.title)
    renamed.insert(1, "synthetic", about.synthetic)
    texts = renamed.select_dtypes(include=["object", "string"]).columns
    renamed[texts] = renamed[texts].map(_no_formula)
    return renamed


def _no_formula(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula: names and reasons are anybody's."""
    dangerous = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if dangerous else value


def write_tables(cells: pd.DataFrame, about: About, folder: Path) -> list[Path]:
    """Write ``table.md`` and ``table.csv`` to a run's folder.

    Parameters
    ----------
    cells : DataFrame
        The cells frame.
    about : About
    folder : Path

    Returns
    -------
    list of Path
    """
    table = full_table(cells, about).to_csv(index=False, lineterminator="\n")
    return [
        write_whole(folder / "table.md", markdown(cells, about.title)),
        write_whole(folder / "table.csv", table),
    ]
