"""Remarks on a run: what a reader should know before believing it, each with its remedy."""

import pandas as pd

from harness.analysis.projection import trials
from harness.results.records import Run

# A machine whose load exceeds its cores' share by this much was doing something else, too.
_BUSY = 0.5
_FEW_ROUNDS = 5


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
    load = float(run.started.environment.get("load", 0.0))
    if load > _BUSY:
        remarks.append(
            f"the machine was busy when the run began (load {load:.1f}): repeat it when it is idle"
        )
    return remarks + _rounds(cells) + _projections(run)


def _rounds(cells: pd.DataFrame) -> list[str]:
    few = cells[(cells["rounds"] > 0) & (cells["rounds"] < _FEW_ROUNDS)]
    names = [f"{row.variant} at {row.rung}" for row in few.itertuples()]
    if not names:
        return []
    return [
        f"fewer than {_FEW_ROUNDS} rounds, so a wide interval or none: {', '.join(names)}; "
        "raise --budget"
    ]


def _projections(run: Run) -> list[str]:
    """How far projections of measured cells would have been off."""
    return [
        f"projected from its smaller scales, {trial.variant} at {trial.rung} would have been "
        f"{trial.error:+.0%} off ({trial.projected_s:.3g} s, measured {trial.measured_s:.3g} s)"
        for trial in trials(run)
    ]
