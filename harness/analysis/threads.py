"""What more threads buy: each cell against the one of its implementation with the fewest."""

from collections.abc import Sequence

from harness.analysis.speedup import speedup
from harness.analysis.verdict import ThreadScaling
from harness.results.records import Record


def fewest_threads(records: Sequence[Record], variant: str) -> Record | None:
    """The cell of a variant with the fewest threads; None where it ran with one number only."""
    own = [record for record in records if record.cell.variant == variant]
    return min(own, key=lambda record: record.cell.threads) if len(own) > 1 else None


def thread_scaling(first: Record | None, record: Record, anchor: Record | None) -> ThreadScaling:
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
    ThreadScaling
        NaN where there is no such cell, or they never ran in one round.
    """
    ratio = None if first is None else speedup(first, record, anchor)
    if first is None or ratio is None:
        return ThreadScaling()
    efficiency = ratio.value * first.cell.threads / record.cell.threads
    if record is first or ratio.low is None or ratio.high is None:
        return ThreadScaling(thread_speedup=ratio.value, efficiency=efficiency)
    return ThreadScaling(
        thread_speedup=ratio.value,
        thread_speedup_low=ratio.low,
        thread_speedup_high=ratio.high,
        efficiency=efficiency,
    )
