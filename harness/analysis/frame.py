"""The verdicts of a run as pandas frames: what tables, figures and the page are made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.inference import mean_shift
from harness.analysis.parity import Parity, judge_rung
from harness.analysis.projection import projected, projected_ratio
from harness.analysis.quality_time import seconds_to, target_rmse
from harness.analysis.roofline import against_roof
from harness.analysis.speedup import Ratio, ratio_of, speedup
from harness.analysis.threads import fewest_threads, thread_scaling
from harness.results.events import Cell
from harness.results.records import Record, Run, RungRecord

Row = dict[str, Any]
Verdicts = dict[Cell, Parity]
_PHASES = ("open", "prepare", "load", "compile", "evaluate")
# What was not tried is projected; what was tried and failed is not.
_NOT_TRIED = ("skipped", "refused")


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
        Identity: rung with its counts, variant, threads, dtype, idea, ladder. What it is: state,
        status, reason, verdict, against. Seconds of a sweep, medians with quartiles (or, projected,
        with the interval): sweep_s, sweep_s_low, sweep_s_high, users_s, items_s, rounds, warm,
        projected. speedup with its 95 % interval, thread_speedup likewise, efficiency. The roofline
        (`harness.analysis.roofline.against_roof`). Quality after the last judged sweep, the
        target_rmse and the seconds of sweeps to_quality_s. Largest differences from the reference.
        Phases in seconds. Memory in bytes. What is not there is NaN.
    """
    name = baseline or str(run.started.plan["baseline"])
    verdicts: Verdicts = {}
    for rung in run.rungs.values():
        verdicts |= judge_rung(rung)
    rows = [row for rung in run.rungs.values() for row in _rung_rows(run, rung, name, verdicts)]
    frame = pd.DataFrame(rows)
    return frame.astype({"train_rmse": float, "test_rmse": float}) if rows else frame


def _rung_rows(run: Run, rung: RungRecord, baseline: str, verdicts: Verdicts) -> list[Row]:
    of_baseline = _slowest_threads(rung, baseline)
    if of_baseline is not None and not _comparable(of_baseline, verdicts):
        of_baseline = None
    anchor = next((r for r in rung.records.values() if r.planned.anchor), None)
    target = target_rmse(rung, verdicts)
    checked = [r for r in rung.records.values() if r.turns and _comparable(r, verdicts)]
    rows = []
    for record in rung.records.values():
        if record.planned.hidden:
            continue
        parity = verdicts[record.cell]
        row = _identity(rung, record) | _state(record, parity) | _seconds(run, record)
        if row["projected"]:
            row["state"] = "projected"
        usable = of_baseline if _comparable(record, verdicts) else None
        row |= _speedup(run, usable, record, (anchor, checked), row) | {"baseline": baseline}
        row |= _scaling(checked, record, anchor) | against_roof(run, record)
        row |= {"target_rmse": target, "to_quality_s": seconds_to(target, record)}
        if parity.verdict == "failed":
            row |= dict.fromkeys(("gflops", "peak_share", "to_quality_s"), np.nan)
        rows.append(row | _quality(record) | _gaps(parity) | _cost(record))
    return rows


def _scaling(checked: Sequence[Record], record: Record, anchor: Record | None) -> dict[str, float]:
    """What more threads buy, among cells whose results were checked."""
    first = fewest_threads(checked, record.cell.variant) if record in checked else None
    return thread_scaling(first, record, anchor)


def _comparable(record: Record, verdicts: Verdicts) -> bool:
    """Whether its results were checked, or all those that it is projected from."""
    if record.turns:
        return verdicts[record.cell].verdict in ("reference", "ok")
    name = record.cell.variant
    verdicts_of_it = {p.verdict for cell, p in verdicts.items() if cell.variant == name}
    return _not_tried(record) and not verdicts_of_it & {"failed", "unchecked"}


def _not_tried(record: Record) -> bool:
    """Whether a cell was given up before its first sweep, for its expected cost."""
    return record.ended is not None and record.ended.status in _NOT_TRIED


def _slowest_threads(rung: RungRecord, baseline: str) -> Record | None:
    """The baseline's cell with the fewest threads."""
    found = [record for record in rung.records.values() if record.cell.variant == baseline]
    return min(found, key=lambda record: record.cell.threads, default=None)


def _identity(rung: RungRecord, record: Record) -> Row:
    planned, cell = record.planned, record.cell
    return {
        "rung": cell.rung,
        "train_ratings": rung.started.train,
        "test_ratings": rung.started.test,
        "users": rung.started.users,
        "items": rung.started.items,
        "variant": cell.variant,
        "threads": cell.threads,
        "dtype": planned.dtype,
        "idea": planned.idea,
        "ladder": planned.ladder,
        "rmse_tolerance": planned.rmse_tolerance,
        "prediction_tolerance": planned.prediction_tolerance,
    }


def _state(record: Record, parity: Parity) -> Row:
    """State: what became of the cell, unless its results are wrong or could not be checked."""
    ended = record.ended
    status, reason = (ended.status, ended.reason) if ended else ("interrupted", "no end in the log")
    state: str = status
    if parity.verdict == "failed":
        state, reason = "parity_failed", parity.reason
    elif parity.verdict == "unchecked" and status in ("ok", "over_budget"):
        state, reason = "unchecked", "no reference finished a sweep"
    against = sorted(f"{cell.variant}" for cell in parity.against)
    return {
        "state": state,
        "status": status,
        "reason": reason,
        "verdict": parity.verdict,
        "against": ", ".join(dict.fromkeys(against)),
        "sweeps": ended.sweeps if ended else len(record.qualities),
    }


def _seconds(run: Run, record: Record) -> Row:
    if record.turns:
        users_s, items_s = record.median_halves_s or (np.nan, np.nan)
        low, middle, high = np.percentile([turn.sweep_s for turn in record.turns], [25, 50, 75])
        measured = (float(middle), float(low), float(high), users_s, items_s)
        return _seconds_row(*measured) | {
            "rounds": len(record.turns),
            "warm": any(turn.sweeps > 1 for turn in record.turns),
            "projected": False,
        }
    guess = projected(run, record) if _not_tried(record) else None
    row = {"rounds": 0, "warm": False, "projected": guess is not None}
    if guess is None:
        return _seconds_row(np.nan, np.nan, np.nan, np.nan, np.nan) | row
    low, high = guess.low or np.nan, guess.high or np.nan
    return _seconds_row(guess.sweep_s, low, high, guess.users_s, guess.items_s) | row


def _seconds_row(sweep_s: float, low: float, high: float, users_s: float, items_s: float) -> Row:
    return {
        "sweep_s": sweep_s,
        "sweep_s_low": low,
        "sweep_s_high": high,
        "users_s": users_s,
        "items_s": items_s,
    }


def _speedup(
    run: Run,
    baseline: Record | None,
    record: Record,
    beside: tuple[Record | None, Sequence[Record]],
    row: Row,
) -> Row:
    ratio, guessed = None, False
    if baseline is not None:
        guessed = row["projected"] or not baseline.turns
        if guessed:
            ratio = _projected_speedup(run, baseline, record)
        else:
            ratio = speedup(baseline, record, *beside)
    missing = ratio is None
    return {
        "speedup": np.nan if ratio is None else ratio.value,
        "speedup_low": np.nan if ratio is None or ratio.low is None else ratio.low,
        "speedup_high": np.nan if ratio is None or ratio.high is None else ratio.high,
        "speedup_projected": guessed and not missing,
    }


def _projected_speedup(run: Run, baseline: Record, record: Record) -> Ratio | None:
    slow, fast = _seconds_ratio(run, baseline), _seconds_ratio(run, record)
    if slow is None or fast is None:
        return None
    if baseline is record:
        return Ratio(1.0, None, None, 0)
    return projected_ratio(slow, fast)


def _seconds_ratio(run: Run, record: Record) -> Ratio | None:
    """Seconds of a sweep with an interval: of the turns' mean, or of the projection."""
    if record.turns:
        shift = mean_shift(np.log([turn.sweep_s for turn in record.turns]))
        return ratio_of(shift, len(record.turns))
    guess = projected(run, record)
    return None if guess is None else Ratio(guess.sweep_s, guess.low, guess.high, 0)


def _quality(record: Record) -> Row:
    last = record.qualities[-1] if record.qualities else None
    return {
        "train_rmse": last.train_rmse if last else None,
        "test_rmse": last.test_rmse if last else None,
        "warm_test_rmse": last.warm_test_rmse if last else None,
    }


def _gaps(parity: Parity) -> Row:
    return {
        "rmse_difference": np.nan if parity.rmse is None else parity.rmse,
        "prediction_difference": np.nan if parity.prediction is None else parity.prediction,
        "row_difference": np.nan if parity.row is None else parity.row,
    }


def _cost(record: Record) -> Row:
    ended = record.ended
    phases = {f"{name}_s": record.phases.get(name, np.nan) for name in _PHASES}
    return phases | {
        "peak_bytes": ended.peak_bytes if ended and ended.peak_bytes else np.nan,
        "bytes_needed": record.planned.worker_bytes,
    }


def qualities(run: Run) -> pd.DataFrame:
    """A row for each judged sweep of each shown cell.

    Returns
    -------
    DataFrame
        rung, train_ratings, variant, threads, dtype, state, sweep, train_rmse, test_rmse,
        rmse_difference and prediction_difference from the reference `against` (NaN where there is
        none), the tolerances, and seconds: those that so many sweeps take at the median.
    """
    rows = []
    for rung in run.rungs.values():
        verdicts = judge_rung(rung)
        for record in rung.records.values():
            if not record.planned.hidden:
                rows += _quality_rows(rung, record, verdicts[record.cell])
    return pd.DataFrame(rows)


def _quality_rows(rung: RungRecord, record: Record, parity: Parity) -> list[Row]:
    sweep_s = record.median_sweep_s
    shared = _identity(rung, record) | {"state": _state(record, parity)["state"]}
    rows = []
    for quality in record.qualities:
        rmse, prediction = parity.by_sweep.get(quality.sweep, (np.nan, np.nan))
        reference = parity.reference_of_sweep.get(quality.sweep)
        rows.append(
            shared
            | {
                "sweep": quality.sweep,
                "train_rmse": quality.train_rmse,
                "test_rmse": np.nan if quality.test_rmse is None else quality.test_rmse,
                "rmse_difference": rmse,
                "prediction_difference": prediction,
                "against": reference.variant if reference else "",
                "seconds": quality.sweep * sweep_s,
            }
        )
    return rows
