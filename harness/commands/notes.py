"""Remarks on a run: what a reader should know before believing it, each with its remedy."""

import pandas as pd

from harness.analysis.projection import trials
from harness.commands.cautions import cautions
from harness.commands.machine_notes import machine_notes
from harness.results.records import Run


def notes(run: Run, cells: pd.DataFrame) -> list[str]:
    """Remarks in words.

    Parameters
    ----------
    run : Run
    cells : DataFrame
        As `harness.analysis.frame.cells` makes it.
    """
    remarks = []
    if run.started.dataset["synthetic"]:
        remarks.append(
            f"the data are synthetic ({run.started.dataset['name']}): speeds carry over to "
            "MovieLens, RMSE does not"
        )
    return remarks + machine_notes(run) + cautions(run, cells) + _projections(run)


def _projections(run: Run) -> list[str]:
    """How far projections of measured cells would have been off."""
    return [
        f"projected from its smaller scales, {trial.variant} at {trial.rung} would have been "
        f"{trial.error:+.0%} off ({trial.projected_s:.3g} s, measured {trial.measured_s:.3g} s)"
        for trial in trials(run)
    ]
