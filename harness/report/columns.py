"""The columns of a run's tables, and what they print of a cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from harness.analysis.quality_time import OBJECTIVE_MARGINS
from harness.report import numbers
from harness.report.cells import (
    baseline,
    given,
    is_after_fewer,
    most_sweeps,
    result,
    rows_of,
    several_threads,
)


@dataclass(frozen=True)
class Column:
    """A column of a printed table.

    Attributes
    ----------
    heading : str
        With the unit, as tables in a terminal print it; a newline may break it.
    text : callable
        Prints a row's cell; the rows are those of ``DataFrame.itertuples``.
    numeric : bool
        Aligned to the right.
    gives_way : int
        Where a terminal is too narrow, columns with smaller numbers are left out first; 0: never.
    key : str
        Column of the frame that a page sorts by; empty: by what is printed.
    """

    heading: str
    text: Callable[[Any], str]
    numeric: bool = True
    gives_way: int = 0
    key: str = ""

    @property
    def title(self) -> str:
        """The heading on one line."""
        return self.heading.replace("\n", " ")


SPEED = "speedup"
# The order in which columns give way.
EXTRA, _QUALITY, _PEAK, _ONCE, _MEMORY, ROUNDS = 1, 2, 3, 4, 5, 6


def naming(cells: pd.DataFrame) -> list[Column]:
    """Columns that name a row: the implementation, and its threads where that says something."""
    name = Column("implementation", lambda row: str(row.variant), numeric=False)
    threads = Column("threads", lambda row: str(row.threads), key="threads")
    return [name, threads] if several_threads(cells) else [name]


def ladder_columns(cells: pd.DataFrame) -> list[Column]:
    """Columns that a reader looks for first."""
    return [
        *naming(cells),
        seconds_column(),
        *([speed_column(cells)] if baseline(cells) else []),
        RESULT,
    ]


def columns_of(cells: pd.DataFrame) -> list[Column]:
    """Columns of the table of one scale."""
    return [
        *naming(cells),
        seconds_column(),
        *([speed_column(cells)] if baseline(cells) else []),
        _rmse_column(cells, "test\nRMSE", "test_rmse"),
        RESULT,
        *([PEAK] if given(cells, PEAK_SHARE) else []),
        Column(
            "prepare\ns", lambda row: numbers.once(row.prepare_s), gives_way=_ONCE, key="prepare_s"
        ),
        Column(
            "compile\ns", lambda row: numbers.once(row.compile_s), gives_way=_ONCE, key="compile_s"
        ),
        Column("peak MiB\n(estimate)", memory_text, gives_way=_MEMORY, key="peak_bytes"),
        rounds_column(),
    ]


def seconds_column() -> Column:
    """Column of the seconds that a sweep takes."""
    return Column("s/sweep", seconds_text, key="sweep_s")


def rounds_column() -> Column:
    """Column of the rounds that a cell took part in."""
    return Column(
        "rounds",
        lambda row: str(row.rounds) if row.rounds else numbers.MISSING,
        gives_way=ROUNDS,
        key="rounds",
    )


def half_columns() -> list[Column]:
    """Columns of the two halves of a sweep."""
    return [
        Column("users\ns", lambda row: _roughly(row.users_s), gives_way=EXTRA, key="users_s"),
        Column("items\ns", lambda row: _roughly(row.items_s), gives_way=EXTRA, key="items_s"),
    ]


def _rmse_column(cells: pd.DataFrame, heading: str, name: str) -> Column:
    """Column of an RMSE, in which those of fewer sweeps than planned stand out."""
    most = most_sweeps(cells)

    def text(row: Any) -> str:
        rmse = numbers.rmse(getattr(row, name))
        if rmse == numbers.MISSING or not is_after_fewer(row, most):
            return rmse
        return f"({rmse} after {int(row.sweeps)})"

    return Column(heading, text, key=name)


def more_columns(cells: pd.DataFrame) -> list[Column]:
    """Columns that there is no room for in a terminal, after those that name the row."""
    return [
        *naming(cells),
        *half_columns(),
        *_more_speed(cells),
        *sooner_columns(cells),
        _rmse_column(cells, "train RMSE", "train_rmse"),
        _rmse_column(cells, "warm test RMSE", "warm_test_rmse"),
        Column(
            "RMSE difference",
            lambda row: numbers.difference(row.rmse_difference),
            key="rmse_difference",
        ),
        Column(
            "prediction difference",
            lambda row: numbers.difference(row.prediction_difference),
            key="prediction_difference",
        ),
        Column(
            "row difference",
            lambda row: numbers.difference(row.row_difference),
            key="row_difference",
        ),
        Column("against", lambda row: row.against or numbers.MISSING, numeric=False),
        Column("open s", lambda row: numbers.once(row.open_s), key="open_s"),
        Column("load s", lambda row: numbers.once(row.load_s), key="load_s"),
        Column("evaluate s", lambda row: numbers.once(row.evaluate_s), key="evaluate_s"),
    ]


def _more_speed(cells: pd.DataFrame) -> list[Column]:
    """Columns on threads, the machine and time to quality, where there is anything to say."""
    offered = {
        "thread_speedup": Column(
            "× as fast as with fewest threads", _threads_text, key="thread_speedup"
        ),
        "efficiency": Column(
            "efficiency", lambda row: numbers.percent(row.efficiency), key="efficiency"
        ),
        "gflops": Column("GFLOP/s", lambda row: _roughly(row.gflops), key="gflops"),
        "instructions": Column(
            "10⁹ instructions", lambda row: _roughly(row.instructions / 1e9), key="instructions"
        ),
        "cycles": Column(
            "instructions a cycle",
            lambda row: _roughly(_rate(row.instructions, row.cycles)),
            key="cycles",
        ),
        "largest_process_bytes": Column(
            "of its processes, the largest MiB", _largest_text, key="largest_process_bytes"
        ),
        "intensity": Column("flops a byte", lambda row: _roughly(row.intensity), key="intensity"),
        TO_QUALITY: replace(QUALITY, heading=_quality_heading(cells)),
    }
    return [column for name, column in offered.items() if given(cells, name)]


def sooner_columns(cells: pd.DataFrame) -> list[Column]:
    """Columns of what it takes to come to the same quality, for those that there is anything of."""
    offered = [_reached("to test RMSE", "to_quality")]
    offered += [
        _reached(f"to J + {100 * margin:g} %", f"to_1e{digits}")
        for digits, margin in zip("234", OBJECTIVE_MARGINS, strict=True)
    ]
    return [column for column in offered if given(cells, column.key)]


def _largest_text(row: Any) -> str:
    if not numbers.known(row.largest_process_bytes):
        return numbers.MISSING
    return f"{numbers.mebibytes(row.largest_process_bytes)} (of {row.processes:.0f})"


def _rate(count: float, by: float) -> float:
    return count / by if by > 0 else float("nan")


def _reached(heading: str, name: str) -> Column:
    def text(row: Any) -> str:
        sweeps = getattr(row, f"{name}_sweeps")
        if not numbers.known(sweeps):
            return numbers.MISSING
        after = f"({numbers.count(sweeps)})"
        seconds = getattr(row, f"{name}_s")
        return f"{_roughly(seconds)} {after}" if numbers.known(seconds) else after

    return Column(f"{heading}\ns (sweeps)", text, key=f"{name}_s")


def _quality_heading(cells: pd.DataFrame) -> str:
    """Name the RMSE to be reached, where it is the same for all."""
    targets: list[float] = list(cells["target_rmse"].dropna().unique())
    rmse = f" (test RMSE {targets[0]:.5f})" if len(targets) == 1 else ""
    return f"{QUALITY.title}{rmse}"


def _threads_text(row: Any) -> str:
    if row.thread_speedup == 1 and not numbers.known(row.thread_speedup_low):
        return "1"
    return numbers.with_interval(
        row.thread_speedup, row.thread_speedup_low, row.thread_speedup_high
    )


def speed_column(cells: pd.DataFrame) -> Column:
    """Column of the speed relative to the baseline."""
    return Column(f"× as fast\nas {baseline(cells)}", speed_text, key=SPEED)


def seconds_text(row: Any) -> str:
    """Print a cell's seconds a sweep; the quartiles of a single turn say nothing."""
    low, high = row.sweep_s_low, row.sweep_s_high
    if not row.projected and row.rounds < 2:
        low = high = None
    return numbers.with_spread(row.sweep_s, low, high, tilde=bool(row.projected))


def speed_text(row: Any) -> str:
    """Print how many times as fast as the baseline a cell is."""
    if row.variant == row.baseline and row.speedup == 1:
        return "1"
    return numbers.with_interval(
        row.speedup, row.speedup_low, row.speedup_high, tilde=bool(row.speedup_projected)
    )


def memory_text(row: Any) -> str:
    """Print a cell's peak memory in MiB, with the estimate in brackets."""
    return f"{numbers.mebibytes(row.peak_bytes)} ({numbers.mebibytes(row.bytes_needed)})"


def _peak_text(row: Any) -> str:
    """Print a share of the peak; a bound, where the machine is still to be measured again."""
    share = numbers.percent(row.peak_share)
    return f"≤{share}" if row.peak_is_bound and share != numbers.MISSING else share


def _roughly(seconds: Any) -> str:
    return numbers.with_spread(seconds, None, None)


RESULT = Column("result", result, numeric=False)
# Columns that a legend asks for, and what they need.
PEAK_SHARE, TO_QUALITY = "peak_share", "to_quality_s"
PEAK = Column("of FMA\npeak", _peak_text, gives_way=_PEAK, key="peak_share")
QUALITY = Column(
    "to quality\ns", lambda row: _roughly(row.to_quality_s), gives_way=_QUALITY, key="to_quality_s"
)


def printed(columns: Sequence[Column], cells: pd.DataFrame) -> list[list[str]]:
    """Print the rows of a cells frame under some columns."""
    return [[column.text(row) for column in columns] for row in rows_of(cells)]


def alignment(column: Column) -> str:
    """Name a column's alignment as tabulate does."""
    return "right" if column.numeric else "left"
