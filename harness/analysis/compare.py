"""Two runs of the same thing: which cells changed, apart from what all of them did.

A machine drifts between runs by more than most changes are worth, so a cell's seconds are taken
relative to a yardstick: other cells that both runs have. Which ones, is decided by how much their
raw seconds changed: the half of them nearest to the middle, so that a few that did become slower or
faster do not bend it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median

import numpy as np

from harness.analysis.alignment import Contrast
from harness.analysis.cell_facts import rmse_tolerance
from harness.analysis.inference import Shift, common_rounds, series, shift_of
from harness.analysis.naming import cell_name
from harness.analysis.parity import judge_rung
from harness.analysis.quiet import RUN_SPREAD, quiet_contrast, typical_log
from harness.results.events import Cell
from harness.results.records import Record, Run, RungRecord

Pair = tuple[Record, Record]


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
    """

    changes: list[Change] = field(default_factory=list)
    broken: list[tuple[Cell, str]] = field(default_factory=list)
    left_out: list[tuple[Cell, str]] = field(default_factory=list)
    quality: list[str] = field(default_factory=list)


def compare_runs(first: Run, second: Run) -> Comparison:
    """Compare all cells that two runs have in common.

    Whether these runs may be compared at all is for `harness.analysis.comparable` to say.
    """
    found = Comparison()
    for name in [*first.rungs, *(name for name in second.rungs if name not in first.rungs)]:
        if name in first.rungs and name in second.rungs:
            _compare_rung(first.rungs[name], second.rungs[name], found)
        else:
            which, rung = ("first", first) if name in first.rungs else ("second", second)
            for cell in rung.rungs[name].records:
                found.left_out.append((cell, f"only the {which} run has {name}"))
    return found


def _compare_rung(first: RungRecord, second: RungRecord, found: Comparison) -> None:
    unsound = [_unsound(first), _unsound(second)]
    pairs: list[Pair] = []
    for cell in [*first.records, *(c for c in second.records if c not in first.records)]:
        if cell not in first.records or cell not in second.records:
            which = "first" if cell in first.records else "second"
            found.left_out.append((cell, f"only the {which} run has it"))
        elif cell in unsound[0]:
            found.left_out.append((cell, f"{unsound[0][cell]} in the first run"))
        elif cell in unsound[1]:
            found.broken.append((cell, f"{unsound[1][cell]} in the second run"))
        else:
            pairs.append((first.records[cell], second.records[cell]))
            found.quality += _quality(*pairs[-1])
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


def _quality(first: Record, second: Record) -> list[str]:
    """A line where RMSE after the same sweeps is not the same."""
    tolerance = max(rmse_tolerance(first.planned), rmse_tolerance(second.planned))
    theirs = {quality.sweep: quality for quality in first.qualities}
    for mine in second.qualities:
        for name in ("train_rmse", "test_rmse"):
            other = getattr(theirs.get(mine.sweep), name, None)
            value = getattr(mine, name)
            if other is not None and value is not None and abs(value - other) > tolerance:
                what = f"{name.replace('_rmse', '')} RMSE after sweep {mine.sweep}"
                return [f"{cell_name(first.cell)}: {what} was {other:.9g} and is {value:.9g}"]
    return []


def _change(pair: Pair, pairs: Sequence[Pair]) -> Change:
    yardstick = _yardstick(pair, pairs)
    before, after = (
        _relative(pair[run], [other[run] for other in yardstick]) for run in range(len(pair))
    )
    first_s, second_s = (float(np.exp(_typical_log(record))) for record in pair)
    shift = shift_of(-before, after, known=len(pair) * RUN_SPREAD**2)
    shown = not (pair[0].planned.hidden or pair[1].planned.hidden)
    cells = tuple(other[0].cell for other in yardstick)
    return Change(pair[0].cell, first_s, second_s, shift, cells, shown)


def _yardstick(pair: Pair, pairs: Sequence[Pair]) -> list[Pair]:
    """The half of the other cells whose change in raw seconds is nearest to the middle change.

    Those are taken first that were there in at least half of the cell's rounds, in both runs; where
    none was, those that met it at all.
    """
    changes = {other[0].cell: _raw_log(other) for other in pairs}
    middle = median(changes.values())
    others = [other for other in pairs if other is not pair]
    others.sort(key=lambda other: abs(changes[other[0].cell] - middle))
    for share in (0.5, 0.0):
        chosen: list[Pair] = []
        for other in others:
            if _meet(pair, [*chosen, other], share) and len(chosen) < ceil(len(others) / 2):
                chosen.append(other)
        if chosen:
            return chosen
    return []


def _raw_log(pair: Pair) -> float:
    before, after = (_typical_log(record) for record in pair)
    return after - before


def _typical_log(record: Record) -> float:
    return typical_log(np.log([turn.sweep_s for turn in record.turns]))


def _meet(pair: Pair, others: Sequence[Pair], share: float) -> bool:
    """Whether all of them took part in so large a share of the cell's rounds, and in two or all."""
    for run, record in enumerate(pair):
        own = len(record.turns)
        together = len(common_rounds([record, *(other[run] for other in others)]))
        if together < max(share * own, min(2, own)):
            return False
    return True


def _relative(record: Record, yardstick: Sequence[Record]) -> Contrast:
    """Log seconds of a cell less the mean of the yardstick's, where rounds have them all."""
    rounds = common_rounds([record, *yardstick])
    return quiet_contrast(series(record, rounds), [series(other, rounds) for other in yardstick])
