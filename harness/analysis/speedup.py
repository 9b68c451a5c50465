"""How many times as fast: a ratio over rounds that both took part in, with its 95 % interval."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.analysis.alignment import FEWEST_TO_ALIGN
from harness.analysis.inference import Shift, mean_shift, pair_rounds
from harness.results.records import Record, Run

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


def speedup(
    baseline: Record, record: Record, anchor: Record | None, others: Iterable[Record] = ()
) -> Ratio | None:
    """How many times as fast as the baseline a cell sweeps.

    Parameters
    ----------
    baseline, record : Record
        Of the same rung.
    anchor : Record or None
        Cell that ran beside both, where they ran in different groups.
    others : iterable of Record
        Cells of the rung that may serve as a `bridge`.

    Returns
    -------
    Ratio or None
        None where they never ran in one round, nor both beside the anchor. Through another cell it
        is the product of two ratios, and the variances of their logs add up.
    """
    if baseline is record:
        return Ratio(1.0, 1.0, 1.0, len(record.turns))
    met = _shared(baseline, record) > 0
    between = bridge(baseline, record, others) if met else anchor
    if between is None:
        return _met_ratio(baseline, record)
    return product(_met_ratio(baseline, between), _met_ratio(between, record))


def paired_speedup(baseline: Record, record: Record) -> Ratio | None:
    """The plain estimate, to be checked by hand: the mean of the log ratios within rounds.

    Its interval is Student's t on these logs. It knows neither of neighbours that disturb some
    rounds nor of what processes differ by; `speedup` does.
    """
    pairs = pair_rounds(baseline, record)
    return ratio_of(mean_shift(pairs.own.logs - pairs.other.logs), len(pairs))


def bridge(first: Record, second: Record, others: Iterable[Record]) -> Record | None:
    """Cell through which two are compared that share few rounds, because one of them is slow.

    A slow cell takes few turns, long ones that scatter little; a quick one takes many, short ones
    that scatter much, and the slow one's rounds have few of them. So the slow cell is set against a
    steady one in these rounds, and the steady one against the quick one in all of theirs.

    Parameters
    ----------
    first, second : Record
    others : iterable of Record

    Returns
    -------
    Record or None
        The one with the smallest scatter of log seconds, over all its turns: these are many, so
        that the choice does not favour an interval that is narrow by luck. None where the two share
        many rounds, or none is steadier than the quick one.
    """
    slow, quick = sorted((first, second), key=lambda record: len(record.turns))
    if len(slow.turns) >= FEWEST_TO_ALIGN or _shared(slow, quick) < FEWEST_ROUNDS:
        return None
    found = [
        other
        for other in (*others, quick)
        if _shared(slow, other) == len(slow.turns) and _shared(other, quick) >= FEWEST_TO_ALIGN
    ]
    steadiest = min(found, key=_scatter, default=quick)
    return None if steadiest is quick else steadiest


def _shared(first: Record, second: Record) -> int:
    """Rounds that both took part in."""
    return len({turn.round for turn in first.turns} & {turn.round for turn in second.turns})


def _scatter(record: Record) -> float:
    """Standard deviation of a cell's log seconds."""
    return float(np.std(np.log([turn.sweep_s for turn in record.turns])))


def is_precise(run: Run, rung: str) -> bool:
    """Whether all intervals of a rung are as narrow as its run's plan asks.

    Cells that ended, and those that have no interval because the baseline or they themselves took
    too few turns for one, do not count: further rounds would not help.
    """
    precision = float(run.started.plan["precision"])
    records = [r for r in run.rungs[rung].records.values() if r.turns and r.ended is None]
    baseline = _slowest_threads(records, str(run.started.plan["baseline"]))
    if baseline is None:
        return False
    ratios = [
        speedup(baseline, r, None, records) for r in records if len(r.turns) >= FEWEST_TO_ALIGN
    ]
    return all(ratio is None or _half_width(ratio) <= precision for ratio in ratios)


def _half_width(ratio: Ratio) -> float:
    """Of a ratio's interval, relative to the ratio; 0 where it has none."""
    if ratio.low is None or ratio.high is None:
        return 0.0
    return (ratio.high - ratio.low) / 2 / ratio.value


def _slowest_threads(records: Iterable[Record], variant: str) -> Record | None:
    """A variant's cell with the fewest threads."""
    found = [record for record in records if record.cell.variant == variant]
    return min(found, key=lambda record: record.cell.threads, default=None)


def _met_ratio(slow: Record, fast: Record) -> Ratio | None:
    pairs = pair_rounds(slow, fast)
    if 0 < len(pairs) < FEWEST_ROUNDS:
        # One round would set a cold first turn against another cell's: medians are steadier.
        value = slow.median_sweep_s / fast.median_sweep_s
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
