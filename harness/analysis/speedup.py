"""How many times as fast: ratios within rounds, with an interval by Student's t on their logs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from harness.results.records import Record

LEVEL = 0.95
# With one degree of freedom an interval spans factors of hundreds: it says nothing, at length.
FEWEST_ROUNDS = 3


@dataclass(frozen=True)
class Ratio:
    """A ratio of seconds.

    Attributes
    ----------
    value : float
        Geometric mean over the rounds.
    low, high : float or None
        95 % interval; None where there are fewer than three rounds.
    rounds : int
    """

    value: float
    low: float | None
    high: float | None
    rounds: int


def ratio_of_logs(logs: Sequence[float]) -> Ratio | None:
    """Ratio from the logs of per-round ratios; None where there are none.

    The interval is Student's: a bootstrap of five to ten pairs is wrong two to three times as
    often as it says.
    """
    if not len(logs):
        return None
    values = np.asarray(logs, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < FEWEST_ROUNDS:
        return Ratio(float(np.exp(mean)), None, None, len(values))
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    reach = float(student.ppf((1 + LEVEL) / 2, len(values) - 1)) * error
    low, high = float(np.exp(mean - reach)), float(np.exp(mean + reach))
    return Ratio(float(np.exp(mean)), low, high, len(values))


def paired_logs(slow: Record, fast: Record) -> list[float]:
    """Logs of (seconds of a sweep of `slow` / of `fast`), for each round that both took part in."""
    theirs = {turn.round: turn.sweep_s for turn in slow.turns}
    return [
        float(np.log(theirs[turn.round] / turn.sweep_s))
        for turn in fast.turns
        if turn.round in theirs
    ]


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
    logs = paired_logs(baseline, record)
    if 0 < len(logs) < FEWEST_ROUNDS:
        # One round would set a cold first turn against another cell's: medians are steadier.
        slow, fast = sum(baseline.median_halves_s), sum(record.median_halves_s)
        return Ratio(slow / fast, None, None, len(logs))
    direct = ratio_of_logs(logs)
    if direct is not None or anchor is None:
        return direct
    to_anchor = ratio_of_logs(paired_logs(baseline, anchor))
    return product(to_anchor, ratio_of_logs(paired_logs(anchor, record)))


def product(first: Ratio | None, second: Ratio | None) -> Ratio | None:
    """Product of two independent ratios: the half-widths of their logs add up in squares."""
    if first is None or second is None:
        return None
    value, rounds = first.value * second.value, min(first.rounds, second.rounds)
    if first.high is None or second.high is None:
        return Ratio(value, None, None, rounds)
    reach = float(np.hypot(np.log(first.high / first.value), np.log(second.high / second.value)))
    return Ratio(value, value * float(np.exp(-reach)), value * float(np.exp(reach)), rounds)
