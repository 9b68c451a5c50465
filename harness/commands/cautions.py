"""What should make a reader careful with a run's figures, in words, each with its remedy."""

from collections.abc import Iterator

import pandas as pd

from harness.analysis.inference import (
    BOOTSTRAP_PAIRS,
    bootstrap_interval,
    pair_rounds,
    reaches_beyond,
)
from harness.analysis.speedup import FEWEST_ROUNDS
from harness.analysis.stability import drift, first_turn_outliers, other_threads, others_cores
from harness.report.numbers import with_interval
from harness.results.records import Record, Run

# Cores' worth of load before, or of others' work during a run, that figures suffer from.
_BUSY_BEFORE, _BUSY_DURING = 0.5, 0.2
_DRIFT = 1.1
# Wider intervals (half of their width, relative to the ratio) claim little.
_WIDE = 0.15
# Intervals narrow with the square root of the rounds: so many make the default's half as wide.
_MANY_ROUNDS = 180


def cautions(run: Run, cells: pd.DataFrame) -> list[str]:
    """Remarks in words.

    Parameters
    ----------
    run : Run
    cells : DataFrame
        As `harness.analysis.frame.cells` makes it.
    """
    return [
        *_busy(run),
        *_drift(run),
        *_outliers(run),
        *_threads(run),
        *_rounds(cells),
        *_wide(run, cells),
        *_baseline(run, cells),
    ]


def _busy(run: Run) -> Iterator[str]:
    load = float(run.started.environment.get("load", 0.0))
    if load > _BUSY_BEFORE:
        yield (
            f"the machine was busy when the run began (load {load:.1f}): repeat it when it is idle"
        )
    others = others_cores(run)
    if others is not None and others > _BUSY_DURING:
        yield (
            f"others (processes, or neighbours on the same host) kept {others:.1f} cores busy on "
            "average while the run went on: repeat it when they have ended"
        )


def _drift(run: Run) -> Iterator[str]:
    for name, rung in run.rungs.items():
        factor = drift(rung)
        if factor is not None and not 1 / _DRIFT < factor < _DRIFT:
            yield (
                f"at {name} the machine drifted: sweeps took {factor:.2f} times as long in the "
                "second half of the rounds as in the first; ratios are of the same rounds and "
                "hold, seconds do not: repeat the run when the machine is idle"
            )


def _outliers(run: Run) -> Iterator[str]:
    found = [
        f"{one.cell.variant} at {one.cell.rung} ({one.factor:.2g} times the others)"
        for one in first_turn_outliers(run)
    ]
    if found:
        yield (
            f"the first turn is an outlier: {', '.join(found)}; it found caches and memory cold, "
            "and widens the interval: raise --rounds"
        )


def _threads(run: Run) -> Iterator[str]:
    for cell, library, threads in other_threads(run):
        yield (
            f"{cell.variant} at {cell.rung} was to use {cell.threads} thread(s), but {library} had "
            f"{threads} in force: have the implementation leave thread counts as they are set"
        )


def _rounds(cells: pd.DataFrame) -> Iterator[str]:
    few = cells[(cells["rounds"] > 0) & (cells["rounds"] < FEWEST_ROUNDS)]
    names = [f"{row.variant} at {row.rung}" for row in few.itertuples()]
    if names:
        yield (
            f"fewer than {FEWEST_ROUNDS} rounds, so no interval: {', '.join(names)}; "
            "a larger --budget has room for them"
        )


def _wide(run: Run, cells: pd.DataFrame) -> Iterator[str]:
    """Intervals that are wider than was asked, or than a claim can rest on."""
    if cells.empty:
        return
    asked = run.started.plan.get("precision")
    most = _WIDE if asked is None else float(asked)
    half = (cells["speedup_high"] - cells["speedup_low"]) / 2 / cells["speedup"]
    wide = cells[(half > most) & ~cells["speedup_projected"].astype(bool)]
    names = [f"{row.variant} at {row.rung}" for row in wide.itertuples()]
    if names:
        yield (
            f"intervals wider than ±{most:.0%}: {', '.join(names)}; "
            f"--rounds {_MANY_ROUNDS} narrows them; so does a larger --budget for a slow baseline"
        )


def _baseline(run: Run, cells: pd.DataFrame) -> Iterator[str]:
    """Cells that cannot be told from the baseline, and intervals that two methods disagree on."""
    if cells.empty:
        return
    name = str(cells["baseline"].iloc[0])
    for rung in run.rungs.values():
        records = [record for record in rung.records.values() if not record.planned.hidden]
        of_baseline = [record for record in records if record.cell.variant == name]
        if of_baseline:
            slow = min(of_baseline, key=lambda record: record.cell.threads)
            for record in records:
                if record is not slow:
                    yield from _against(slow, record)


def _against(slow: Record, record: Record) -> Iterator[str]:
    pairs = pair_rounds(slow, record)  # above 1 where `record` is the faster one
    if len(pairs) < FEWEST_ROUNDS:  # that there are few is said already
        return
    shift = pairs.shift
    if shift is None or shift.interval is None or shift.detectable is None:
        return
    what = f"{record.cell.variant} at {record.cell.rung}, {record.cell.threads} thread(s)"
    if shift.verdict == "no difference seen":
        yield (
            f"{what}: no difference from {slow.cell.variant} seen; one of "
            f"{shift.detectable - 1:.1%} would have been: raise --rounds to see smaller ones"
        )
    other = bootstrap_interval(pairs)
    if other is not None and reaches_beyond(other, shift.interval):
        yield (
            f"{what}: its interval is {with_interval(shift.ratio, *shift.interval)}, the "
            f"bootstrap's (from {BOOTSTRAP_PAIRS} rounds on) {with_interval(shift.ratio, *other)}; "
            "some rounds were unlike the others: repeat the run when the machine is idle"
        )
