"""The command `report`: a run drawn again from its log."""

from pathlib import Path

from harness.errors import UserError
from harness.results.log import LOG_NAME, read_run
from harness.screen.console import Screen
from harness.screen.showing import draw_run, print_rung


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
        for rung in run.rungs:
            if run.rungs[rung].ended is not None:
                print_rung(run, rung, screen, baseline)
        draw_run(run, folder, screen, baseline)
    return 0


def _latest() -> Path:
    runs = [path.parent for path in Path("results").glob(f"*/{LOG_NAME}")]
    if not runs:
        raise UserError("results/ holds no run yet: `python -m harness run` makes one")
    return max(runs, key=lambda folder: (folder / LOG_NAME).stat().st_mtime)
