"""Two runs of the same thing: which cells changed, apart from what all of them did.

A machine drifts between runs by more than most changes are worth, so a cell's seconds are taken
relative to a yardstick: other cells that both runs have. Which ones, is decided by how much their
raw seconds changed: the half of them nearest to the middle, so that a few that did become slower or
faster do not bend it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import TypeVar

import numpy as np

from harness.analysis.alignment import Contrast
from harness.analysis.between import reason_to_withhold, shift_between
from harness.analysis.cell_facts import rmse_tolerance
from harness.analysis.inference import Shift, common_rounds, series
from harness.analysis.naming import cell_name
from harness.analysis.parity import judge_rung
from harness.analysis.quiet import RUN_SPREAD, quiet_contrast, typical_log
from harness.results.events import Cell
from harness.results.records import Record, Run, RungRecord

Side = tuple[Record, ...]
"""A cell's records in all runs of one side."""
Pair = tuple[Side, Side]
Key = TypeVar("Key")


@dataclass(frozen=True)
class Change:
    """What became of one cell from the first run to the second.

    Attributes
    ----------
    cell : Cell
    first_s, second_s : float
        Seconds of a sweep, as measured, in the rounds that were compared: the quick ones, or the
        middle one of few.
    shift : Shift
        Of the second run over the first, relative to the yardstick.
    yardstick : tuple of Cell
        Empty: there was none, and raw seconds were compared.
    shown : bool
        False for a hidden reference: it serves as a yardstick only.
    """

    cell: Cell
    first_s: float
    second_s: float
    shift: Shift
    yardstick: tuple[Cell, ...]
    shown: bool = True

    @property
    def raw(self) -> float:
        """Raw seconds of the second run over those of the first."""
        return self.second_s / self.first_s


@dataclass
class Comparison:
    """What two runs show.

    Attributes
    ----------
    changes : list of Change
        Of all cells that have sound seconds in both runs.
    broken : list of tuple of Cell and str
        Cells that were sound in the first run and are in the second, but are not sound there.
    left_out : list of tuple of Cell and str
        Other cells that were not compared, and why.
    quality : list of str
        Cells whose RMSE differs between the runs beyond its tolerance, with the difference.
    withheld : str or None
        Why no verdict is given: what makes it likely that some would be false.
    """

    changes: list[Change] = field(default_factory=list)
    broken: list[tuple[Cell, str]] = field(default_factory=list)
    left_out: list[tuple[Cell, str]] = field(default_factory=list)
    quality: list[str] = field(default_factory=list)
    withheld: str | None = None


def compare_runs(first: Sequence[Run], second: Sequence[Run]) -> Comparison:
    """Compare all cells that the runs of two sides have in common.

    Whether these runs may be compared at all is for `harness.analysis.comparable` to say.

    Parameters
    ----------
    first, second : sequence of Run
        One or more of each side. Of several the run is the unit: what they scatter by counts.
    """
    found = Comparison()
    for name in _in_order(run.rungs for run in (*first, *second)):
        sides = _having(name, first), _having(name, second)
        if len(sides[0]) == len(first) and len(sides[1]) == len(second):
            _compare_rung(*sides, found)
        else:
            which = _who_has(sides, (first, second))
            cells = _in_order(rung.records for side in sides for rung in side)
            found.left_out += [(cell, f"only {which} has {name}") for cell in cells]
    found.withheld = reason_to_withhold(first, second, found.changes)
    return found


def _having(name: str, runs: Sequence[Run]) -> list[RungRecord]:
    return [run.rungs[name] for run in runs if name in run.rungs]


def _in_order(groups: Iterable[Iterable[Key]]) -> list[Key]:
    """What occurs in any of these, each once."""
    return list(dict.fromkeys(key for group in groups for key in group))


def _who_has(sides: Sequence[Sequence[object]], runs: Sequence[Sequence[object]]) -> str:
    """Which runs have something that not all have."""
    if max(map(len, runs)) > 1 and all(sides):
        return "some of the runs"
    return "the first run" if sides[0] else "the second run"


def _compare_rung(
    first: Sequence[RungRecord], second: Sequence[RungRecord], found: Comparison
) -> None:
    unsound = [[_unsound(rung) for rung in side] for side in (first, second)]
    pairs: list[Pair] = []
    for cell in _in_order(rung.records for rung in (*first, *second)):
        has = [[rung for rung in side if cell in rung.records] for side in (first, second)]
        old, new = (next((of[cell] for of in side if cell in of), None) for side in unsound)
        if len(has[0]) < len(first) or len(has[1]) < len(second):
            found.left_out.append((cell, f"only {_who_has(has, (first, second))} has it"))
        elif old:
            found.left_out.append((cell, f"{old} in the first run"))
        elif new:
            found.broken.append((cell, f"{new} in the second run"))
        else:
            before, after = (tuple(rung.records[cell] for rung in side) for side in has)
            pairs.append((before, after))
            found.quality += _quality(pairs[-1])
    found.changes += [_change(pair, pairs) for pair in pairs]


def _unsound(rung: RungRecord) -> dict[Cell, str]:
    """Cells whose seconds say nothing, and why."""
    verdicts, reasons = judge_rung(rung), {}
    for cell, record in rung.records.items():
        status = record.ended.status if record.ended else "interrupted"
        if verdicts[cell].verdict == "failed":
            reasons[cell] = "broke parity"
        elif status not in ("ok", "over_budget"):
            reasons[cell] = status.replace("_", " ")
        elif not record.turns:
            reasons[cell] = "was not timed"
    return reasons


def _quality(pair: Pair) -> list[str]:
    """A line where RMSE after the same sweeps is not the same as in the first run of all."""
    first, *others = [record for side in pair for record in side]
    lines = (_quality_line(first, other) for other in others)
    return [line for line in lines if line][:1]


def _quality_line(first: Record, second: Record) -> str | None:
    tolerance = max(rmse_tolerance(first.planned), rmse_tolerance(second.planned))
    theirs = {quality.sweep: quality for quality in first.qualities}
    for mine in second.qualities:
        for name in ("train_rmse", "test_rmse"):
            other = getattr(theirs.get(mine.sweep), name, None)
            value = getattr(mine, name)
            if other is not None and value is not None and abs(value - other) > tolerance:
                what = f"{name.replace('_rmse', '')} RMSE after sweep {mine.sweep}"
                return f"{cell_name(first.cell)}: {what} was {other:.9g} and is {value:.9g}"
    return None


def _change(pair: Pair, pairs: Sequence[Pair]) -> Change:
    yardstick = _yardstick(pair, pairs)
    before, after = (
        [
            _relative(record, [other[side][run] for other in yardstick])
            for run, record in enumerate(pair[side])
        ]
        for side in range(len(pair))
    )
    first_s, second_s = (float(np.exp(_typical_log(side))) for side in pair)
    shift = shift_between(before, after, RUN_SPREAD)
    first = pair[0][0]
    shown = not any(record.planned.hidden for side in pair for record in side)
    cells = tuple(other[0][0].cell for other in yardstick)
    return Change(first.cell, first_s, second_s, shift, cells, shown)


def _yardstick(pair: Pair, pairs: Sequence[Pair]) -> list[Pair]:
    """The half of the other cells whose change in raw seconds is nearest to the middle change.

    Those are taken first that were there in at least half of the cell's rounds, in both runs; where
    none was, those that met it at all.
    """
    changes = {other[0][0].cell: _raw_log(other) for other in pairs}
    middle = median(changes.values())
    others = [other for other in pairs if other is not pair]
    others.sort(key=lambda other: abs(changes[other[0][0].cell] - middle))
    for share in (0.5, 0.0):
        chosen: list[Pair] = []
        for other in others:
            if _meet(pair, [*chosen, other], share) and len(chosen) < ceil(len(others) / 2):
                chosen.append(other)
        if chosen:
            return chosen
    return []


def _raw_log(pair: Pair) -> float:
    before, after = (_typical_log(side) for side in pair)
    return after - before


def _typical_log(side: Side) -> float:
    logs = [typical_log(np.log([turn.sweep_s for turn in record.turns])) for record in side]
    return float(np.mean(logs))


def _meet(pair: Pair, others: Sequence[Pair], share: float) -> bool:
    """Whether all of them took part in so large a share of the cell's rounds, and in two or all."""
    for side, records in enumerate(pair):
        for run, record in enumerate(records):
            own = len(record.turns)
            together = len(common_rounds([record, *(other[side][run] for other in others)]))
            if together < max(share * own, min(2, own)):
                return False
    return True


def _relative(record: Record, yardstick: Sequence[Record]) -> Contrast:
    """Log seconds of a cell less the mean of the yardstick's, where rounds have them all."""
    rounds = common_rounds([record, *yardstick])
    return quiet_contrast(series(record, rounds), [series(other, rounds) for other in yardstick])
