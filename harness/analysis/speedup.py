"""How many times as fast: a ratio over rounds that both took part in, with its 95 % interval."""

from dataclasses import dataclass

import numpy as np

from harness.analysis.inference import Pairs, Shift, pair_rounds
from harness.results.records import Record

# With one degree of freedom an interval spans factors of hundreds: it says nothing, at length.
FEWEST_ROUNDS = 3


@dataclass(frozen=True)
class Ratio:
    """A ratio of seconds.

    Attributes
    ----------
    value : float
    low, high : float or None
        95 % interval; None where there are fewer than three rounds.
    rounds : int
    """

    value: float
    low: float | None
    high: float | None
    rounds: int


def ratio_of(shift: Shift | None, rounds: int) -> Ratio | None:
    """A shift as a ratio; without an interval where it is of fewer than three rounds."""
    if shift is None:
        return None
    low, high = (rounds >= FEWEST_ROUNDS and shift.interval) or (None, None)
    return Ratio(shift.ratio, low, high, rounds)


def speedup(baseline: Record, record: Record, anchor: Record | None) -> Ratio | None:
    """How many times as fast as the baseline a cell sweeps.

    Parameters
    ----------
    baseline, record : Record
        Of the same rung.
    anchor : Record or None
        Cell that ran beside both, where they ran in different groups: the ratio then is the
        product of two, and the variances of their logs add up.

    Returns
    -------
    Ratio or None
        None where they never ran in one round, nor both beside the anchor.
    """
    if baseline is record:
        return Ratio(1.0, 1.0, 1.0, len(record.turns))
    direct = _ratio(pair_rounds(baseline, record), baseline, record)
    if direct is not None or anchor is None:
        return direct
    to_anchor = _ratio(pair_rounds(baseline, anchor), baseline, anchor)
    return product(to_anchor, _ratio(pair_rounds(anchor, record), anchor, record))


def _ratio(pairs: Pairs, slow: Record, fast: Record) -> Ratio | None:
    if 0 < len(pairs) < FEWEST_ROUNDS:
        # One round would set a cold first turn against another cell's: medians are steadier.
        value = sum(slow.median_halves_s) / sum(fast.median_halves_s)
        return Ratio(value, None, None, len(pairs))
    return ratio_of(pairs.shift, len(pairs))


def product(first: Ratio | None, second: Ratio | None) -> Ratio | None:
    """Product of two independent ratios: the half-widths of their logs add up in squares."""
    if first is None or second is None:
        return None
    value, rounds = first.value * second.value, min(first.rounds, second.rounds)
    if first.high is None or second.high is None:
        return Ratio(value, None, None, rounds)
    reach = float(np.hypot(np.log(first.high / first.value), np.log(second.high / second.value)))
    return Ratio(value, value * float(np.exp(-reach)), value * float(np.exp(reach)), rounds)
