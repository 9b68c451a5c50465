"""What should make a reader careful with a run's seconds and ratios."""

from collections.abc import Iterable, Iterator, Sequence

from harness.analysis.inference import (
    BOOTSTRAP_PAIRS,
    Pairs,
    Shift,
    bootstrap_interval,
    pair_rounds,
    reaches_beyond,
)
from harness.analysis.naming import cell_name, counted, place
from harness.analysis.remarks.remark import Remark
from harness.analysis.speedup import FEWEST_ROUNDS
from harness.analysis.stability import (
    drift,
    first_turn_outliers,
    other_threads,
    others_cores,
    others_cores_elsewhere,
)
from harness.analysis.verdict import CellVerdict
from harness.results.events import Cell
from harness.results.records import Record, Run

# Cores' worth of load before, or of others' work during a run, that figures suffer from.
_BUSY_BEFORE, _BUSY_DURING = 0.5, 0.2
_DRIFT = 1.1
# Wider intervals (half of their width, relative to the ratio) claim little.
_WIDE = 0.15
# Intervals narrow with the square root of the rounds: so many make the default's half as wide.
_MANY_ROUNDS = 180


def timing_remarks(run: Run, verdicts: Sequence[CellVerdict]) -> list[Remark]:
    """Everything on the machine's other work, on rounds and on intervals.

    Parameters
    ----------
    run : Run
    verdicts : sequence of CellVerdict
        As `harness.analysis.verdicts.cell_verdicts` gives them.
    """
    return [
        *_busy(run),
        *_drift(run),
        *_outliers(run),
        *_threads(run),
        *_rounds(verdicts),
        *_wide(run, verdicts),
        *_baseline(run, verdicts),
    ]


def _busy(run: Run) -> Iterator[Remark]:
    load = float(run.started.environment.get("load", 0.0))
    if load > _BUSY_BEFORE:
        text = (
            f"the machine was busy when the run began (load {load:.1f}): repeat it when it is idle"
        )
        yield Remark("busy before", "warning", text)
    others = others_cores(run)
    if others is not None and others > _BUSY_DURING:
        text = (
            f"others (processes, or neighbours on the same host) kept {others:.1f} cores busy on "
            "average while the run went on: repeat it when they have ended"
        )
        yield Remark("busy during", "warning", text)
    elsewhere = others_cores_elsewhere(run).items()
    if busy := [f"{cores:.1f} of {host}" for host, cores in elsewhere if cores > _BUSY_DURING]:
        text = (
            f"others kept cores busy on average while a group was at work ({', '.join(busy)}): "
            "repeat the run when they have ended"
        )
        yield Remark("busy during", "warning", text)


def _drift(run: Run) -> Iterator[Remark]:
    for name, rung in run.rungs.items():
        factor = drift(rung)
        if factor is not None and not 1 / _DRIFT < factor < _DRIFT:
            text = (
                f"at {name} the machine drifted: sweeps took {factor:.2f} times as long in the "
                "second half of the rounds as in the first; ratios are of the same rounds and "
                "hold, seconds do not: repeat the run when the machine is idle"
            )
            yield Remark("drift", "warning", text, tuple(rung.records))


def _outliers(run: Run) -> Iterator[Remark]:
    found = list(first_turn_outliers(run))
    if found:
        names = [f"{place(one.cell)} ({one.factor:.2g} times the others)" for one in found]
        text = (
            f"the first turn is an outlier: {', '.join(names)}; it found caches and memory cold, "
            "and widens the interval: raise --rounds"
        )
        yield Remark("cold first turn", "note", text, tuple(one.cell for one in found))


def _threads(run: Run) -> Iterator[Remark]:
    for cell, library, threads in other_threads(run):
        text = (
            f"{place(cell)} was to use {counted(cell.threads, 'thread')}, but {library} had "
            f"{threads} in force: have the implementation leave thread counts as they are set"
        )
        yield Remark("threads in force", "warning", text, (cell,))


def _rounds(verdicts: Sequence[CellVerdict]) -> Iterator[Remark]:
    few = [_cell(one) for one in verdicts if 0 < one.seconds.rounds < FEWEST_ROUNDS]
    if few:
        text = (
            f"fewer than {FEWEST_ROUNDS} rounds, so no interval: {_places(few)}; "
            "a larger --budget has room for them"
        )
        yield Remark("few rounds", "note", text, tuple(few))


def _wide(run: Run, verdicts: Sequence[CellVerdict]) -> Iterator[Remark]:
    """Intervals that are wider than was asked, or than a claim can rest on."""
    asked = run.started.plan.get("precision")
    most = _WIDE if asked is None else float(asked)
    wide = [_cell(one) for one in verdicts if _half_width(one) > most]
    if wide:
        text = (
            f"intervals wider than ±{most:.0%}: {_places(wide)}; "
            f"--rounds {_MANY_ROUNDS} narrows them; so does a larger --budget for a slow baseline"
        )
        yield Remark("wide interval", "note", text, tuple(wide))


def _half_width(verdict: CellVerdict) -> float:
    """Of a measured speedup's interval, relative to it; NaN where it has none."""
    speed = verdict.speed
    if speed.speedup_projected:
        return float("nan")
    return (speed.speedup_high - speed.speedup_low) / 2 / speed.speedup


def _cell(verdict: CellVerdict) -> Cell:
    identity = verdict.identity
    return Cell(identity.rung, identity.variant, identity.threads)


def _places(cells: Iterable[Cell]) -> str:
    return ", ".join(place(cell) for cell in cells)


def _baseline(run: Run, verdicts: Sequence[CellVerdict]) -> Iterator[Remark]:
    """Cells that cannot be told from the baseline, and intervals that two methods disagree on."""
    name = verdicts[0].speed.baseline if verdicts else ""
    for rung in run.rungs.values():
        records = [record for record in rung.records.values() if not record.planned.hidden]
        of_baseline = [record for record in records if record.cell.variant == name]
        if of_baseline:
            slow = min(of_baseline, key=lambda record: record.cell.threads)
            for record in records:
                if record is not slow:
                    yield from _against(slow, record)


def _against(slow: Record, record: Record) -> Iterator[Remark]:
    pairs = pair_rounds(slow, record)  # above 1 where `record` is the faster one
    shift = pairs.shift if len(pairs) >= FEWEST_ROUNDS else None  # that there are few is said
    if shift is None or shift.interval is None or shift.detectable is None:
        return
    if shift.verdict == "no difference seen":
        seen = shift.detectable - 1
        size = f"one of {seen:.1%}" if seen <= 1 else "not even one of a factor of two"
        text = (
            f"{cell_name(record.cell)}: no difference from {slow.cell.variant} seen; "
            f"{size} would have been: raise --rounds to see smaller ones"
        )
        yield Remark("no difference", "note", text, (record.cell,))
    yield from _bootstrap(pairs, shift, record.cell)


def _bootstrap(pairs: Pairs, shift: Shift, cell: Cell) -> Iterator[Remark]:
    other, interval = bootstrap_interval(pairs), shift.interval
    if other is not None and interval is not None and reaches_beyond(other, interval):
        text = (
            f"{cell_name(cell)}: its interval is {_interval(shift.ratio, interval)}, the "
            f"bootstrap's (from {BOOTSTRAP_PAIRS} rounds on) {_interval(shift.ratio, other)}; "
            "some rounds were unlike the others: repeat the run when the machine is idle"
        )
        yield Remark("intervals disagree", "warning", text, (cell,))


def _interval(ratio: float, interval: tuple[float, float]) -> str:
    return f"{ratio:.3g} ({interval[0]:.3g}–{interval[1]:.3g})"
