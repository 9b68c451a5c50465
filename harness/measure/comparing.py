"""How far the results of cells are apart, as facts; whether too far is for the analysis to say."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from harness.measure.judge import row_difference
from harness.measure.live import Live, Write
from harness.measure.session import Session
from harness.results.events import Difference, HalfSweep
from implementations.backend import SIDES, Side
from implementations.factors import Factors

# A half-sweep of each side costs one more sweep. A cell whose sweep takes more than this share of
# the budget is too slow to be their reference, and to be held against it at every rung anew.
_QUICK_SHARE = 0.1
# JSON has no infinity: what is not finite is as far apart as a float can say.
_MOST = float(np.finfo(np.float64).max)


def compare(
    live: Sequence[Live],
    factors: Path,
    budget_s: float,
    write: Write,
    compared: Collection[tuple[str, int]] = (),
) -> None:
    """Compare predictions after every sweep, then one half-sweep of each side.

    Libraries that have `fit` only start elsewhere, and what is relaxed or nested goes another way:
    they are compared when they have converged, by the objective that the judge computes.

    Parameters
    ----------
    live : sequence of Live
        The cells of a group.
    factors : Path
        Folder for the factors from which the half-sweeps start.
    budget_s : float
    write : callable
        Takes events.
    compared : collection of (str, int)
        Variants, with their threads, whose half-sweeps were compared at another rung of this run:
        slow ones among them are held to their predictions only.
    """
    with_halves = [one for one in live if one.has_halves]
    same_way = [one for one in with_halves if not one.planned.driven]
    for one in same_way:
        for other in same_way:
            if _is_reference_of(other, one):
                _compare_predictions(one, other, write)
    reference = _reference([one for one in with_halves if not one.ended], budget_s)
    if reference is None:
        return
    reference.attempt(lambda: _keep(reference, factors))
    held = [
        one
        for one in with_halves
        if one is not reference
        and (_is_quick(one, budget_s) or (one.cell.variant, one.cell.threads) not in compared)
    ]
    for side in SIDES:
        reference.attempt(_compare_half_sweeps, held, reference, side, factors, write)


def _is_quick(one: Live, budget_s: float) -> bool:
    return one.last_sweep_s <= _QUICK_SHARE * budget_s


def _is_reference_of(other: Live, one: Live) -> bool:
    """A rung of the ladder is held against those below it, everything else against all of it.

    Of one rung with several thread counts, fewer threads are below more.
    """
    rung, own = other.planned.ladder, one.planned.ladder
    if rung is None:
        return False
    return own is None or (rung, other.cell.threads) < (own, one.cell.threads)


def _compare_predictions(one: Live, other: Live, write: Write) -> None:
    for sweep in sorted(one.predictions.keys() & other.predictions.keys()):
        with np.errstate(over="ignore"):
            largest = np.abs(one.predictions[sweep] - other.predictions[sweep]).max()
        write(Difference(one.cell, other.cell, sweep, float(min(largest, _MOST))))


def _reference(alive: Sequence[Live], budget_s: float) -> Live | None:
    """The lowest rung of the ladder that is quick enough, else the quickest."""
    ladder = [one for one in alive if one.planned.ladder is not None and one.judged]
    if len(alive) < 2 or not ladder:
        return None
    quick = [one for one in ladder if _is_quick(one, budget_s)]
    if quick:
        return min(quick, key=lambda one: one.planned.ladder or 0)
    return min(ladder, key=lambda one: one.last_sweep_s)


def _keep(reference: Live, factors: Path) -> None:
    reference.worker.call(Session.read, factors)


def _compare_half_sweeps(
    held: Sequence[Live], reference: Live, side: Side, factors: Path, write: Write
) -> None:
    expected = reference.half_sweep(side, factors)
    for one in held:
        one.attempt(_compare_half_sweep, one, reference, side, factors, expected, write)


def _compare_half_sweep(
    one: Live, reference: Live, side: Side, factors: Path, expected: Factors, write: Write
) -> None:
    mine = one.half_sweep(side, factors)
    gap = row_difference(getattr(mine, side), getattr(expected, side))
    numbers = np.nan_to_num([gap.relative, gap.value, gap.expected], nan=_MOST, posinf=_MOST)
    relative, value, wanted = numbers.tolist()
    write(HalfSweep(one.cell, reference.cell, side, relative, gap.row, value, wanted))
