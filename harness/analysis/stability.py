"""What may make a run's figures less than they seem: outliers, drift, threads, other work."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, inf, log
from statistics import median
from typing import Any

from harness.analysis.alignment import FEWEST_TO_ALIGN
from harness.results.events import Cell
from harness.results.records import Record, Run, RungRecord

# A first turn is an outlier where it is both this many robust standard deviations above the middle
# of the others and this many times as slow.
_DEVIATIONS, _FIRST_FACTOR = 5.0, 1.1
_FEWEST_TURNS, _FEWEST_HALVES = 5, 6
# 1.4826 · MAD estimates a normal's standard deviation.
_MAD_TO_DEVIATION = 1.4826
# A resumed run's clock stands still in between: its end is then this much later than its length.
_RESUMED_S = 10.0


@dataclass(frozen=True)
class Outlier:
    """A cell whose first turn is unlike the rest; `factor` is its seconds over the others'."""

    cell: Cell
    factor: float


def first_turn_outliers(run: Run) -> Iterator[Outlier]:
    """Cells whose first turn took longer than those after it allow.

    With so many rounds that cells are aligned, one that is slow does not matter.
    """
    for record in run.records:
        logs = [log(turn.sweep_s) for turn in record.turns]
        if not _FEWEST_TURNS <= len(logs) < FEWEST_TO_ALIGN:
            continue
        others = logs[1:]
        middle = median(others)
        spread = _MAD_TO_DEVIATION * median(abs(value - middle) for value in others)
        if logs[0] - middle > max(_DEVIATIONS * spread, log(_FIRST_FACTOR)):
            yield Outlier(record.cell, exp(logs[0] - middle))


def drift(rung: RungRecord) -> float | None:
    """Seconds in the second half of a rung's rounds over those in the first: the middle cell's.

    None where no cell has turns enough.
    """
    changes = [
        _half_to_half(record)
        for record in rung.records.values()
        if len(record.turns) >= _FEWEST_HALVES
    ]
    return exp(median(changes)) if changes else None


def _half_to_half(record: Record) -> float:
    logs = [log(turn.sweep_s) for turn in record.turns]
    half = len(logs) // 2
    return median(logs[-half:]) - median(logs[:half])


def other_threads(run: Run) -> Iterator[tuple[Cell, str, int]]:
    """Libraries whose number of threads in force is not the cell's: cell, library, threads."""
    for record in run.records:
        for library, threads in (record.ended.threads_in_force if record.ended else {}).items():
            if isinstance(threads, int) and threads != record.cell.threads:
                yield record.cell, library, threads


def others_cores(run: Run) -> float | None:
    """Cores' worth of work that others did while a run went on; None where that is not known.

    Work of the run itself does not count: its runner's and workers' processor time is subtracted.
    """
    if run.ended is None:
        return None
    longest_s = run.ended.seconds + _RESUMED_S
    return _others_cores(run.started.environment, run.ended.environment, longest_s)


def others_cores_elsewhere(run: Run) -> dict[str, float]:
    """The same of other machines that groups ran on, by host: of the group that had most."""
    found: dict[str, float] = {}
    for placed in run.placed:
        cores = _others_cores(placed.environment, placed.after)
        if cores is not None:
            found[placed.host] = max(cores, found.get(placed.host, 0.0))
    return found


def _others_cores(
    before: Mapping[str, Any], after: Mapping[str, Any], longest_s: float = inf
) -> float | None:
    if any(key not in facts for facts in (before, after) for key in ("busy_s", "own_s", "time")):
        return None
    wall_s = (_moment(after["time"]) - _moment(before["time"])).total_seconds()
    if wall_s <= 0 or wall_s > longest_s:
        return None
    own_s = after["own_s"] - before["own_s"]
    if own_s < 0:  # another process went on with the run
        return None
    return max(0.0, float(after["busy_s"] - before["busy_s"] - own_s) / wall_s)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
