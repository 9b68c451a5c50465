"""The verdicts of a run as pandas frames: what tables, figures and the page are made of."""

from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.judging import RungVerdicts
from harness.analysis.parity import Parity
from harness.analysis.quality_time import seconds_after
from harness.analysis.verdict import CellVerdict
from harness.analysis.verdicts import cell_verdicts, rung_verdicts
from harness.results.events import Quality
from harness.results.records import Record, Run

# What a judged sweep says of its cell, besides what is of this sweep.
_OF_CELL = (
    "rung",
    "train_ratings",
    "variant",
    "threads",
    "dtype",
    "state",
    "rmse_tolerance",
    "prediction_tolerance",
)


def cells(run: Run, baseline: str | None = None) -> pd.DataFrame:
    """A row for each cell that is shown.

    Parameters
    ----------
    run : Run
    baseline : str, optional
        Implementation that speedups are relative to; left out, the one planned.

    Returns
    -------
    DataFrame
        The fields of all parts of `harness.analysis.verdict.CellVerdict`.
    """
    return pd.DataFrame([verdict.row() for verdict in cell_verdicts(run, baseline)])


def qualities(run: Run, baseline: str | None = None) -> pd.DataFrame:
    """A row for each judged sweep of each shown cell.

    Parameters
    ----------
    run : Run
    baseline : str, optional
        As for `cells`, whose verdicts are read: no row depends on it.

    Returns
    -------
    DataFrame
        rung, train_ratings, variant, threads, dtype, state, the tolerances, sweep, train_rmse,
        test_rmse, objective and excess, the share by which it is above the best one of the scale
        (NaN where something else is minimised), rmse_difference and prediction_difference from the
        reference `against` (NaN where there is none), and seconds: those from the indexed ratings
        to the model after so many sweeps, set-up included.
    """
    rows: list[dict[str, Any]] = []
    for verdicts in rung_verdicts(run, baseline):
        shown = [r for r in verdicts.rung.records.values() if not r.planned.hidden]
        for record, cell in zip(shown, verdicts.cells, strict=True):
            rows += _quality_rows(record, cell, verdicts)
    return pd.DataFrame(rows)


def _quality_rows(
    record: Record, cell: CellVerdict, verdicts: RungVerdicts
) -> list[dict[str, Any]]:
    whole = cell.row()
    of_cell = {name: whole[name] for name in _OF_CELL}
    parity = verdicts.parities[record.cell]
    best = np.nan if record.planned.own_objective else verdicts.best_objective
    return [
        of_cell
        | _of_sweep(quality, parity)
        | _objective(quality, best)
        | {"seconds": seconds_after(record, quality.sweep)}
        for quality in record.qualities
    ]


def _objective(quality: Quality, best: float) -> dict[str, float]:
    value = np.nan if quality.objective is None else quality.objective
    return {"objective": value, "excess": value / best - 1}


def _of_sweep(quality: Quality, parity: Parity) -> dict[str, Any]:
    rmse, prediction = parity.by_sweep.get(quality.sweep, (np.nan, np.nan))
    reference = parity.reference_of_sweep.get(quality.sweep)
    return {
        "sweep": quality.sweep,
        "train_rmse": quality.train_rmse,
        "test_rmse": np.nan if quality.test_rmse is None else quality.test_rmse,
        "rmse_difference": rmse,
        "prediction_difference": prediction,
        "against": reference.variant if reference else "",
    }
