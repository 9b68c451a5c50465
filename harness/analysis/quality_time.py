"""Seconds of sweeps until a cell is as good as the reference is in the end."""

import numpy as np

from harness.analysis.parity import Parity
from harness.results.events import Cell
from harness.results.records import Record, RungRecord

# What the RMSE may exceed the reference's by, in rating units: nobody would notice it.
MARGIN = 1e-3


def target_rmse(rung: RungRecord, verdicts: dict[Cell, Parity]) -> float:
    """RMSE that counts as reached: the reference's after its last judged sweep, and a margin.

    The reference is the lowest rung of the ladder among those that agree and were judged most
    often: one that was stopped after few sweeps says little.

    Parameters
    ----------
    rung : RungRecord
    verdicts : dict of Cell to Parity
        Of this rung.

    Returns
    -------
    float
        In rating units; NaN without a reference or without test ratings.
    """
    agreeing = [
        record
        for record in rung.records.values()
        if record.planned.ladder is not None
        and verdicts[record.cell].verdict in ("reference", "ok")
    ]
    if not agreeing:
        return np.nan
    reference = min(agreeing, key=lambda r: (-len(r.qualities), r.planned.ladder, r.cell.threads))
    rmse = reference.qualities[-1].test_rmse
    return np.nan if rmse is None else rmse + MARGIN


def seconds_to(target: float, record: Record) -> float:
    """Seconds of sweeps, at the median of the turns, until the test RMSE is at the target.

    Parameters
    ----------
    target : float
    record : Record

    Returns
    -------
    float
        NaN where it never got there, or where nothing was timed.
    """
    if not record.turns:
        return np.nan
    for quality in record.qualities:
        if quality.test_rmse is not None and quality.test_rmse <= target:
            return quality.sweep * record.median_sweep_s
    return np.nan
