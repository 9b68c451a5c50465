"""What the rows of a cells frame say in words; the frame's columns are those of the analysis."""

from collections import namedtuple
from functools import cache
from typing import Any

import pandas as pd

from harness.analysis.convergence import DRIVEN_OBJECTIVE_TOLERANCE, OBJECTIVE_TOLERANCE
from harness.report import numbers

# States that the result of the comparison already says.
_SAID = ("ok", "parity_failed", "unchecked")
# Comparisons that have words of their own.
_COMPARISONS = {"unconverged": "not converged: more --sweeps", "own": "own objective"}


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Rows of a frame as named tuples.

    What pandas' `itertuples` gives, which makes a class at every call, in milliseconds.
    """
    row = _row_class(tuple(map(str, frame.columns)))
    return [row(*values) for values in zip(*(frame[name] for name in frame), strict=True)]


@cache
def _row_class(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def label(variant: str, threads: int, several: bool) -> str:
    """Name an implementation, with its threads where it ran with several numbers of them."""
    if not several:
        return variant
    return f"{variant} ({numbers.counted(threads, 'thread')})"


def several_threads(cells: pd.DataFrame) -> set[str]:
    """Variants that ran with several numbers of threads."""
    counts = cells.groupby("variant")["threads"].nunique()
    return set(counts.index[counts > 1])


def labels(cells: pd.DataFrame) -> list[str]:
    """Name the implementation of each row."""
    several = several_threads(cells)
    return [
        label(str(row.variant), int(row.threads), row.variant in several) for row in rows_of(cells)
    ]


def rungs(cells: pd.DataFrame) -> list[str]:
    """Scales of a frame, in its order."""
    return [] if cells.empty else [str(rung) for rung in cells["rung"].unique()]


def baseline(cells: pd.DataFrame) -> str:
    """Name of what speed is compared with; empty where nothing is."""
    names = [str(name) for name in cells["baseline"].unique() if name]
    return names[0] if names else ""


def given(cells: pd.DataFrame, column: str) -> bool:
    """Whether a frame has a number anywhere in a column."""
    return column in cells and bool(cells[column].notna().any())


def differ_in_way(cells: pd.DataFrame) -> "pd.Series[bool]":
    """Rows of what goes another way than by plain sweeps from the common start."""
    return (cells["driven"] != "") | (cells["kind"] == "whole-fits")


def most_sweeps(cells: pd.DataFrame) -> float:
    """Most sweeps that a cell of one scale was judged after; NaN where there is none."""
    return float(cells["sweeps"].max()) if len(cells) else float("nan")


def is_after_fewer(row: Any, most: float) -> bool:
    """Whether a cell's RMSE is that of fewer sweeps than planned, or than another's beside it."""
    return bool(row.sweeps < most) or row.status == "over_budget"


def any_after_fewer(cells: pd.DataFrame) -> bool:
    """Whether an RMSE anywhere in a frame is that of fewer sweeps, within its scale."""
    scales = [cells[cells["rung"] == rung] for rung in rungs(cells)]
    return any(
        numbers.known(row.test_rmse) and is_after_fewer(row, most_sweeps(scale))
        for scale in scales
        for row in rows_of(scale)
    )


def result(row: Any) -> str:
    """What became of a cell and of its comparison with the reference, in a word or two."""
    words = [_comparison(row)] if row.verdict else []
    if row.state not in _SAID:
        words.append(str(row.state))
    return ", ".join(words) or (numbers.MISSING if row.state == "ok" else str(row.state))


def _comparison(row: Any) -> str:
    if row.verdict == "failed":
        return f"DIFFERS: {_worst(row)}"
    if row.verdict == "converged":
        return f"same at convergence (J {numbers.change(row.objective_difference)})"
    if row.verdict == "ok":
        size = numbers.difference(_first_known(row.prediction_difference, row.rmse_difference))
        return "same" if size == numbers.MISSING else f"same ({size})"
    return _COMPARISONS.get(row.verdict, str(row.verdict))


def _first_known(*values: Any) -> Any:
    return next((value for value in values if numbers.known(value)), None)


def _worst(row: Any) -> str:
    """Name the difference that is furthest beyond its tolerance; else that of the rows."""
    objective = numbers.number(row.objective_difference)
    beyond = (
        objective > DRIVEN_OBJECTIVE_TOLERANCE
        if row.driven
        else abs(objective) > OBJECTIVE_TOLERANCE
    )
    if beyond:
        return f"J {numbers.change(row.objective_difference)}"
    ratios = {
        name: numbers.number(size) / numbers.number(tolerance)
        for name, size, tolerance in (
            ("RMSE", row.rmse_difference, row.rmse_tolerance),
            ("predictions", row.prediction_difference, row.prediction_tolerance),
        )
        if numbers.known(size) and numbers.known(tolerance)
    }
    worst = max(ratios, key=lambda name: ratios[name], default="")
    if worst and ratios[worst] > 1:
        size = row.rmse_difference if worst == "RMSE" else row.prediction_difference
        return f"{worst} {numbers.difference(size)}"
    if numbers.known(row.row_difference):
        return f"a row {numbers.difference(row.row_difference)}"
    return "see below"


def remarks(cells: pd.DataFrame) -> list[str]:
    """Lines for each cell that is not ok, or not compared like the others: which, what and why."""
    lines = []
    for name, row in zip(labels(cells), rows_of(cells), strict=True):
        if row.own_objective:
            lines.append(f"{name} – own objective: {row.own_objective}")
        if row.verdict == "unconverged":
            lines.append(f"{name} – not converged: {row.reason}")
        if row.state == "ok":
            continue
        sweeps = int(numbers.number(row.sweeps)) if numbers.known(row.sweeps) else 0
        after = f" after {numbers.counted(sweeps, 'sweep')}" if row.state == "over_budget" else ""
        what = str(row.state) + after
        lines.append(f"{name} – {what}" + (f": {row.reason}" if row.reason else ""))
    return lines
