"""Seconds from the indexed ratings until a cell is as good as the reference is in the end."""

from statistics import median
from typing import NamedTuple

import numpy as np

from harness.analysis.parity import Parity
from harness.results.events import Cell, Quality
from harness.results.records import Record, RungRecord

# What the RMSE may exceed the reference's by, in rating units: nobody would notice it.
MARGIN = 1e-3
# What J may exceed the best one's by, as a share of it.
OBJECTIVE_MARGINS = (1e-2, 1e-3, 1e-4)
# Phases that come before the first sweep; a fit includes its own start.
_SET_UP = {"half-sweeps": ("prepare", "compile", "load"), "whole-fits": ("prepare", "compile")}


def target_rmse(rung: RungRecord, parities: dict[Cell, Parity]) -> float:
    """RMSE that counts as reached: the reference's after its last judged sweep, and a margin.

    The reference is the lowest rung of the ladder among those that agree and were judged most
    often: one that was stopped after few sweeps says little.

    Parameters
    ----------
    rung : RungRecord
    parities : dict of Cell to Parity
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
        and parities[record.cell].verdict in ("reference", "ok")
    ]
    if not agreeing:
        return np.nan
    reference = min(agreeing, key=lambda r: (-len(r.qualities), r.planned.ladder, r.cell.threads))
    rmse = reference.qualities[-1].test_rmse
    return np.nan if rmse is None else rmse + MARGIN


def seconds_after(record: Record, sweep: int) -> float:
    """Seconds from indexed ratings to the model after a sweep, set-up included.

    Of half-sweeps: layout, compilation, loading the start, and so many sweeps at the median of the
    turns. Of whole fits: conversion, starting the library, and the median fit of that length.

    Returns
    -------
    float
        NaN where nothing was timed.
    """
    set_up_s = sum(record.phases.get(name, 0.0) for name in _SET_UP[record.planned.kind])
    if record.planned.kind == "half-sweeps":
        return set_up_s + sweep * record.median_sweep_s
    fits = [fit.seconds for fit in record.fits if fit.sweeps == sweep]
    return set_up_s + median(fits) if fits else np.nan


def best_objective(rung: RungRecord, parities: dict[Cell, Parity]) -> float:
    """The lowest J that any cell of a rung came to, of those that minimise it and are not wrong.

    Parameters
    ----------
    rung : RungRecord
    parities : dict of Cell to Parity
        Of this rung.

    Returns
    -------
    float
        NaN where no J was computed.
    """
    sound = [r for r in rung.records.values() if parities[r.cell].verdict not in ("failed", "own")]
    found = [q.objective for record in sound for q in record.qualities if q.objective is not None]
    return min(found, default=np.nan)


class Reached(NamedTuple):
    """When a cell came to a quality: sweeps, and seconds as `seconds_after` counts them.

    Both NaN where it never did; the seconds also where nothing was timed.
    """

    sweeps: float = np.nan
    seconds: float = np.nan


def rmse_reached(target: float, record: Record) -> Reached:
    """When the test RMSE came to a target.

    Parameters
    ----------
    target : float
    record : Record
    """
    found = (q for q in record.qualities if q.test_rmse is not None and q.test_rmse <= target)
    return _reached(next(found, None), record)


def objective_reached(target: float, record: Record) -> Reached:
    """When the objective J came to a target; never, where something else is minimised.

    Parameters
    ----------
    target : float
    record : Record
    """
    if record.planned.own_objective:
        return Reached()
    found = (q for q in record.qualities if q.objective is not None and q.objective <= target)
    return _reached(next(found, None), record)


def _reached(quality: Quality | None, record: Record) -> Reached:
    if quality is None:
        return Reached()
    return Reached(quality.sweep, seconds_after(record, quality.sweep))
