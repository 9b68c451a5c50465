"""Does a cell give the same answer? By RMSE, predictions and half-sweeps, from facts alone.

A library that has `fit` only is judged by `harness.analysis.convergence`: it has its own start.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from harness.analysis.convergence import Ends, compare_ends, first_rise
from harness.results.events import Cell, HalfSweep
from harness.results.records import Record, RungRecord

ParityVerdict = Literal[
    "reference", "ok", "failed", "unchecked", "converged", "unconverged", "own", ""
]
# Results that were checked, or that are of an objective of their own: their seconds are compared.
_COMPARABLE: tuple[ParityVerdict, ...] = ("reference", "ok", "converged", "unconverged", "own")


@dataclass
class Parity:
    """What is to be said of one cell's results.

    Attributes
    ----------
    verdict : str
        "reference" where nothing below it was there to be held against, "" where it has no result.
        Of whole fits: "converged" where they end where the reference does, "unconverged" where it
        is too early to tell, "own" where they minimise something else.
    against : set of Cell
        The references it was compared with.
    rmse, prediction, row : float or None
        Largest differences over all sweeps compared; of half-sweeps, relative. None: not compared.
    objective : float or None
        Relative difference in J of whole fits from the reference's.
    reason : str
        What differs, where the verdict is "failed"; what still falls, where it is "unconverged".
    """

    verdict: ParityVerdict = ""
    against: set[Cell] = field(default_factory=set)
    rmse: float | None = None
    prediction: float | None = None
    row: float | None = None
    objective: float | None = None
    reason: str = ""
    by_sweep: dict[int, tuple[float, float]] = field(default_factory=dict)
    reference_of_sweep: dict[int, Cell] = field(default_factory=dict)

    @property
    def is_comparable(self) -> bool:
        """Whether a speed may be claimed for it."""
        return self.verdict in _COMPARABLE


def judge_rung(rung: RungRecord) -> dict[Cell, Parity]:
    """Verdicts on all cells of a rung.

    The reference of a sweep is the lowest rung of the float64 ladder that finished it and itself
    agrees with those below it; so the ladder is judged from below, then everything else. What never
    ran beside a lower rung, because memory split the cells into groups, is judged once more when
    those that ran beside both are references.
    """
    verdicts = {cell: Parity() for cell in rung.records}
    references: list[Record] = []
    waiting = sorted((r for r in rung.records.values() if r.qualities), key=_place)
    while waiting:
        unchecked = []
        for record in waiting:
            parity = verdicts[record.cell] = _judge(record, references)
            if parity.verdict == "unchecked":
                unchecked.append(record)
            elif record.planned.ladder is not None and parity.verdict != "failed":
                insort(references, record, key=_place)
        if len(unchecked) == len(waiting):
            break
        waiting = unchecked
    return verdicts


def _place(record: Record) -> tuple[bool, int, int]:
    """The ladder first, from below; fewer threads before more."""
    ladder = record.planned.ladder
    return ladder is None, ladder or 0, record.cell.threads


def _judge(record: Record, references: list[Record]) -> Parity:
    if record.planned.own_objective:
        return Parity("own")
    if record.planned.kind == "whole-fits":
        return _judge_ends(compare_ends(record, references))
    if record.planned.driven:
        return _judge_driven(record, references)
    if not references:
        first_of_ladder = record.planned.ladder is not None
        return Parity("reference" if first_of_ladder else "unchecked")
    parity = Parity("unchecked")
    _compare_sweeps(record, references, parity)
    _compare_rows(record, references, parity)
    if parity.against:
        parity.verdict = "failed" if parity.reason else "ok"
    return parity


def _judge_driven(record: Record, references: list[Record]) -> Parity:
    """Verdict on another path to the same minimum, which is also held to exact half-sweeps.

    It may end below the reference, and its objective never rises.
    """
    parity = _judge_ends(compare_ends(record, references, may_be_better=True))
    of_ends, parity.reason = parity.reason, ""
    _compare_rows(record, references, parity)
    wrong = "; ".join(filter(None, (parity.reason, first_rise(record))))
    if wrong:
        parity.verdict = "failed"
    parity.reason = "; ".join(filter(None, (wrong, of_ends)))
    return parity


def _judge_ends(ends: Ends | None) -> Parity:
    """Verdict from where a cell and a reference end."""
    if ends is None:
        return Parity("unchecked")
    parity = Parity(against={ends.against}, objective=ends.objective, rmse=ends.rmse)
    if ends.falling:
        parity.verdict, parity.reason = "unconverged", ends.falling
    elif ends.apart:
        parity.verdict, parity.reason = "failed", ends.apart
    else:
        parity.verdict = "converged"
    return parity


def _compare_sweeps(record: Record, references: list[Record], parity: Parity) -> None:
    for quality in record.qualities:
        for reference in references:
            theirs = next((q for q in reference.qualities if q.sweep == quality.sweep), None)
            gap = _prediction_gap(record, reference, quality.sweep)
            if theirs is None or gap is None:
                continue
            pairs = [(quality.train_rmse, theirs.train_rmse)]
            if quality.test_rmse is not None and theirs.test_rmse is not None:
                pairs.append((quality.test_rmse, theirs.test_rmse))
            rmse = max(abs(mine - other) for mine, other in pairs)
            parity.against.add(reference.cell)
            parity.by_sweep[quality.sweep] = rmse, gap
            parity.reference_of_sweep[quality.sweep] = reference.cell
            parity.rmse = max(parity.rmse or 0.0, rmse)
            parity.prediction = max(parity.prediction or 0.0, gap)
            _blame_sweep(record, quality.sweep, rmse, gap, parity)
            break


def _prediction_gap(record: Record, reference: Record, sweep: int) -> float | None:
    for difference in record.differences:
        if difference.against == reference.cell and difference.sweep == sweep:
            return difference.largest
    # Judged once more (`judge_rung`): the fact stands in the record of whichever is higher.
    for difference in reference.differences:
        if difference.against == record.cell and difference.sweep == sweep:
            return difference.largest
    return None


def _blame_sweep(record: Record, sweep: int, rmse: float, gap: float, parity: Parity) -> None:
    if parity.reason:
        return
    planned = record.planned
    if rmse > planned.rmse_tolerance:
        parity.reason = f"RMSE {rmse:.1e} off after sweep {sweep}"
    elif gap > planned.prediction_tolerance:
        parity.reason = f"a prediction {gap:.1e} off after sweep {sweep}"


def _compare_rows(record: Record, references: list[Record], parity: Parity) -> None:
    trusted = {reference.cell for reference in references}
    usable = [half for half in record.half_sweeps if half.against in trusted]
    for half in usable:
        parity.against.add(half.against)
        parity.row = max(parity.row or 0.0, half.relative)
    worst = _first_wrong(usable, record.planned.row_tolerance)
    if worst is not None:
        parity.reason = (
            f"{worst.side} row {worst.row}: {worst.value:.6g}, not {worst.expected:.6g}"
            + (f"; {parity.reason}" if parity.reason else "")
        )


def _first_wrong(halves: Iterable[HalfSweep], tolerance: float) -> HalfSweep | None:
    return next((half for half in halves if half.relative > tolerance), None)
