"""Parts of a verdict that are facts of one record, in the units of `harness.analysis.verdict`."""

import numpy as np

from harness.analysis.convergence import DRIVEN_RMSE_TOLERANCE, RMSE_TOLERANCE
from harness.analysis.parity import Parity
from harness.analysis.verdict import Cost, Differences, Identity, SweepCounts, SweepSeconds
from harness.results.events import CellPlanned
from harness.results.records import Record, RungRecord


def identity(rung: RungRecord, record: Record) -> Identity:
    """Which cell it is, and of what size."""
    planned, cell, started = record.planned, record.cell, rung.started
    return Identity(
        rung=cell.rung,
        train_ratings=started.train,
        test_ratings=started.test,
        users=started.users,
        items=started.items,
        variant=cell.variant,
        threads=cell.threads,
        dtype=planned.dtype,
        idea=planned.idea,
        ladder=planned.ladder,
        kind=planned.kind,
        own_objective=planned.own_objective,
        driven=planned.driven,
        rmse_tolerance=rmse_tolerance(planned),
        prediction_tolerance=planned.prediction_tolerance,
    )


def rmse_tolerance(planned: CellPlanned) -> float:
    """What its RMSE may be off by; other paths than plain sweeps are compared at convergence."""
    if planned.driven:
        return DRIVEN_RMSE_TOLERANCE
    return RMSE_TOLERANCE if planned.kind == "whole-fits" else planned.rmse_tolerance


def sweep_seconds(record: Record) -> SweepSeconds:
    """Measured seconds of a sweep; NaN without a turn."""
    if not record.turns:
        return SweepSeconds()
    users_s, items_s = record.median_halves_s or (np.nan, np.nan)
    low, middle, high = np.percentile([turn.sweep_s for turn in record.turns], [25, 50, 75])
    return SweepSeconds(
        sweep_s=float(middle),
        sweep_s_low=float(low),
        sweep_s_high=float(high),
        users_s=users_s,
        items_s=items_s,
        rounds=len(record.turns),
        warm=any(turn.warm for turn in record.turns),
    )


def sweep_counts(record: Record) -> SweepCounts:
    """Instructions and cycles of a sweep; NaN where no turn has them."""
    counted = [
        (turn.instructions / turn.sweeps, turn.cycles / turn.sweeps)
        for turn in record.turns
        if turn.instructions is not None and turn.cycles is not None
    ]
    if not counted:
        return SweepCounts()
    instructions, cycles = np.median(counted, axis=0)
    return SweepCounts(instructions=float(instructions), cycles=float(cycles))


def differences(parity: Parity) -> Differences:
    """Largest differences from the references."""
    return Differences(
        rmse_difference=known(parity.rmse),
        prediction_difference=known(parity.prediction),
        row_difference=known(parity.row),
        objective_difference=known(parity.objective),
    )


def cost(record: Record) -> Cost:
    """Seconds of its phases, and its memory."""
    ended, phases = record.ended, record.phases
    parts = ended.process_bytes if ended and len(ended.process_bytes) > 1 else []
    return Cost(
        open_s=phases.get("open", np.nan),
        prepare_s=phases.get("prepare", np.nan),
        load_s=phases.get("load", np.nan),
        compile_s=phases.get("compile", np.nan),
        evaluate_s=phases.get("evaluate", np.nan),
        peak_bytes=ended.peak_bytes if ended and ended.peak_bytes else np.nan,
        processes=len(parts) or np.nan,
        largest_process_bytes=max(parts, default=np.nan),
        bytes_needed=record.planned.worker_bytes,
    )


def known(value: float | None) -> float:
    """NaN where there is no value."""
    return np.nan if value is None else value
