"""Printing and drawing what a log holds: while it grows, at its end, and at any time after."""

from pathlib import Path

from harness.analysis.frame import cells, qualities
from harness.commands.console import Screen
from harness.errors import UserError
from harness.results.log import LOG_NAME, read_run
from harness.results.records import Run

# What a run ends well with; anything else is exit status 1.
_WELL = ("ok", "over_budget", "skipped", "projected", "refused", "interrupted")


def exit_status(run: Run, strict: bool) -> int:
    """0 where every cell ended well (`strict`: is ok), else 1."""
    frame = cells(run)
    states = [] if frame.empty else frame["state"]
    return int(any(state != "ok" if strict else state not in _WELL for state in states))


def print_rung(run: Run, rung: str, screen: Screen) -> None:
    frame = cells(run)
    f = frame[frame.rung == rung]
    screen.line(f[["variant","threads","state","sweep_s","speedup","speedup_low","speedup_high","test_rmse","verdict","prediction_difference","row_difference","rounds","prepare_s","compile_s","peak_bytes","bytes_needed","reason"]].to_string())


def draw_run(run, folder, screen, quiet): 
    screen.line(str(folder))
