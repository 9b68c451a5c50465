"""What more threads buy: each cell against the one of its implementation with the fewest."""

from collections.abc import Sequence

import numpy as np

from harness.analysis.speedup import speedup
from harness.results.records import Record


def fewest_threads(records: Sequence[Record], variant: str) -> Record | None:
    """The cell of a variant with the fewest threads; None where it ran with one number only."""
    own = [record for record in records if record.cell.variant == variant]
    return min(own, key=lambda record: record.cell.threads) if len(own) > 1 else None


def thread_scaling(first: Record | None, record: Record, anchor: Record | None) -> dict[str, float]:
    """Speed of a cell relative to the fewest threads, in the same rounds.

    Parameters
    ----------
    first : Record or None
        The cell with the fewest threads, of the same rung.
    record : Record
    anchor : Record or None
        As for `harness.analysis.speedup.speedup`.

    Returns
    -------
    dict of str to float
        thread_speedup with its 95 % interval (thread_speedup_low and _high), and efficiency: the
        share of what as many times the threads would give at best. NaN where there is no such
        cell, or they never ran in one round.
    """
    ratio = None if first is None else speedup(first, record, anchor)
    value = low = high = efficiency = np.nan
    if first is not None and ratio is not None:
        value = ratio.value
        efficiency = value * first.cell.threads / record.cell.threads
        if record is not first and ratio.low is not None and ratio.high is not None:
            low, high = ratio.low, ratio.high
    return {
        "thread_speedup": value,
        "thread_speedup_low": low,
        "thread_speedup_high": high,
        "efficiency": efficiency,
    }
