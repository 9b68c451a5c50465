"""Printing and drawing what a log holds: while it grows, at its end, and at any time after."""

from pathlib import Path
from typing import Any

import pandas as pd

from harness.analysis.frame import cells, qualities
from harness.commands.console import Screen
from harness.commands.notes import notes
from harness.errors import UserError
from harness.results.log import LOG_NAME, read_run
from harness.results.records import Run

# States that a run ends well with; `strict` takes "ok" alone.
_WELL = ("ok", "over_budget", "skipped", "projected", "refused")


def exit_status(run: Run, strict: bool) -> int:
    """0 where all shown cells ended well, else 1."""
    frame = cells(run)
    states = [] if frame.empty else frame["state"].tolist()
    return int(any(state != "ok" if strict else state not in _WELL for state in states))


def title(run: Run) -> str:
    """Name the data and what was asked of all implementations."""
    dataset, plan = run.started.dataset, run.started.plan
    params = plan["params"]
    parts = [
        dataset["name"] + (" (synthetic)" if dataset["synthetic"] else ""),
        f"rank {params['rank']}",
        f"reg {params['reg']:g} and {params['bias_reg']:g}"
        if params["biases"]
        else f"reg {params['reg']:g}, no biases",
        f"{plan['sweeps']} sweeps",
    ]
    if params["count_scaled"]:
        parts.insert(3, "scaled by counts")
    return " · ".join(parts)


def print_rung(run: Run, rung: str, screen: Screen) -> None:
    """Print the table of one rung."""
    _print(cells(run), rung, run, screen)


def draw_run(run: Run, folder: Path, screen: Screen, baseline: str | None = None) -> None:
    """Write tables, figures and page of a run into its folder, and say where they are.

    First come the tables of scales that were broken off, and what all tables' words mean.
    """
    from harness.report.figures import draw_all
    from harness.report.page import write_page
    from harness.report.tables import write_tables
    from harness.report.terminal import legend, wrapped

    screen.notice("drawing")
    frame, by_sweep = cells(run, baseline), qualities(run)
    if frame.empty:
        screen.line(f"nothing was measured; the log is {folder / LOG_NAME}")
        return
    for rung in run.rungs:
        if run.rungs[rung].ended is None:
            _print(frame, rung, run, screen)
    remarks = notes(run, frame)
    for line in [*legend(frame, screen.width), "", *wrapped(remarks, screen.width)]:
        screen.line(line)
    write_tables(frame, title(run), folder)
    drawn = draw_all(frame, by_sweep, title(run), folder / "figures")
    page = write_page(frame, by_sweep, title(run), remarks, _facts(run), folder)
    screen.line(f"tables   {folder / 'table.md'}, {folder / 'table.csv'}")
    names = ", ".join(sorted({path.stem for path in drawn}))
    for line in wrapped([f"figures  {folder / 'figures'}: {names} (SVG and PNG)"], screen.width):
        screen.line(line)
    screen.line(f"page     {page}")


def _facts(run: Run) -> dict[str, Any]:
    """Everything that a reader needs to judge or repeat a run."""
    dataset = {f"data {key}": value for key, value in run.started.dataset.items()}
    return dataset | run.started.plan | run.started.environment | {"started": run.started.started}


def report(folder: Path | None, baseline: str | None) -> int:
    """Print and draw a run again from its log.

    Parameters
    ----------
    folder : Path or None
        None: the latest in results/.
    baseline : str or None
        None: the one planned.

    Raises
    ------
    UserError
        Where there is no run, or the baseline was not in it.
    """
    folder = folder or _latest()
    run = read_run(folder)
    known = list(dict.fromkeys(record.cell.variant for record in run.records))
    if baseline is not None and baseline not in known:
        raise UserError(f"--baseline {baseline} was not in this run; {', '.join(known)} were")
    with Screen() as screen:
        frame: pd.DataFrame = cells(run, baseline)
        for rung in run.rungs:
            if run.rungs[rung].ended is not None:
                _print(frame, rung, run, screen)
        draw_run(run, folder, screen, baseline)
    return 0


def _print(frame: pd.DataFrame, rung: str, run: Run, screen: Screen) -> None:
    from harness.report.terminal import scale_table

    screen.line(scale_table(frame[frame["rung"] == rung], title(run), screen.width))
    screen.line()


def _latest() -> Path:
    runs = [path.parent for path in Path("results").glob(f"*/{LOG_NAME}")]
    if not runs:
        raise UserError("results/ holds no run yet: `python -m harness run` makes one")
    return max(runs, key=lambda folder: (folder / LOG_NAME).stat().st_mtime)
