"""Seconds of cells that were not measured, and how good such projections are."""

from dataclasses import dataclass

from harness.analysis.speedup import Ratio, product
from harness.cost import Projected, Seen, Size, project, seen
from harness.results.records import Record, Run


@dataclass(frozen=True)
class Trial:
    """A cell that was measured, and what the smaller ones would have predicted for it."""

    rung: str
    variant: str
    threads: int
    measured_s: float
    projected_s: float

    @property
    def error(self) -> float:
        """Relative error of the projection."""
        return self.projected_s / self.measured_s - 1


def projected(run: Run, record: Record) -> Projected | None:
    """Seconds of a sweep of a cell without a timed sweep, from scales that are no larger.

    Larger ones do not count: what is said of a scale that has ended stays.

    Returns
    -------
    Projected or None
        None where nothing like it was seen.
    """
    cell, size = record.cell, size_of(run, record)
    found = seen(run, cell.variant, cell.threads)
    return project([one for one in found if one.size.ratings <= size.ratings], size)


def size_of(run: Run, record: Record) -> Size:
    """What a cell's seconds depend on."""
    started = run.rungs[record.cell.rung].started
    return Size(started.train, started.users, started.items)


def trials(run: Run) -> list[Trial]:
    """Project the largest measured cell of each implementation from all smaller ones.

    At least two smaller ones must have been measured.
    """
    found = []
    for record in run.records:
        cell = record.cell
        smaller = _smaller(seen(run, cell.variant, cell.threads), size_of(run, record))
        if record.turns and len(smaller) >= 2 and _is_largest(run, record):
            measured = record.median_sweep_s
            guess = project(smaller, size_of(run, record))
            if guess is not None:
                found.append(Trial(*cell, measured, guess.sweep_s))
    return found


def _smaller(cells: list[Seen], size: Size) -> list[Seen]:
    return [one for one in cells if one.size.ratings < size.ratings]


def _is_largest(run: Run, record: Record) -> bool:
    cell = record.cell
    sizes = [one.size.ratings for one in seen(run, cell.variant, cell.threads)]
    return size_of(run, record).ratings == max(sizes)


def projected_ratio(slow: Ratio, fast: Ratio) -> Ratio:
    """Ratio of two seconds of which at least one is projected; intervals combine in squares.

    Parameters
    ----------
    slow, fast : Ratio
        Seconds of a sweep with their intervals.
    """
    inverse = Ratio(
        1 / fast.value,
        None if fast.high is None else 1 / fast.high,
        None if fast.low is None else 1 / fast.low,
        fast.rounds,
    )
    combined = product(slow, inverse)
    assert combined is not None
    return combined
