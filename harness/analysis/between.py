"""Between runs: the run as the unit, and when nothing can be told."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from harness.analysis.alignment import Contrast
from harness.analysis.inference import GUESS_FREEDOM, Shift, shift_of, uncertainty
from harness.results.records import Run

# With fewer cells, most of them changed where one or two did.
_FEWEST_CELLS = 4
_FEWEST_PROCESSES = 2
# Where somebody else keeps one of two cores busy, two threads gain a third less than otherwise.
_SAME_GAIN = 0.15


class Changed(Protocol):
    """What is asked of a change."""

    @property
    def shift(self) -> Shift:
        """Of the second side over the first."""


def shift_between(
    first: Sequence[Contrast], second: Sequence[Contrast], run_spread: float
) -> Shift:
    """Shift of the mean of the second side's runs over that of the first's.

    Where a side has one run, what runs differ by is known from elsewhere. Where it has several,
    their own scatter takes its place if it is larger, with its few degrees of freedom.

    Parameters
    ----------
    first, second : sequence of Contrast
        Of a cell in each run, relative to its yardstick.
    run_spread : float
        Standard deviation between runs of such a log, beside what rounds and processes show.
    """
    if len(first) == len(second) == 1:
        return shift_of(-first[0], second[0], known=2 * run_spread**2)
    log = _mean(second) - _mean(first)
    parts = [_of_side(side, run_spread) for side in (first, second)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return Shift(log, None)
    total = sum(variance for variance, _ in known)
    each = sum(variance**2 / freedom for variance, freedom in known)
    return Shift(log, float(np.sqrt(total)), total**2 / each if each else np.inf)


def _mean(side: Sequence[Contrast]) -> float:
    return float(np.mean([one.log for one in side]))


def _of_side(side: Sequence[Contrast], run_spread: float) -> tuple[float, float] | None:
    """Variance of the mean of a side's runs, and its degrees of freedom."""
    found = [uncertainty(one) for one in side]
    shown = [variance for variance, _ in filter(None, found)]
    if len(shown) < len(side):
        return None
    guess = (float(np.mean(shown)) + run_spread**2) / len(side)
    more = len(side) - 1
    if not more:
        return guess, GUESS_FREEDOM
    scatter = float(np.var([one.log for one in side], ddof=1)) / len(side)
    return (scatter, more) if scatter > guess else (guess, GUESS_FREEDOM + more)


def reason_to_withhold(
    first: Sequence[Run], second: Sequence[Run], changes: Sequence[Changed]
) -> str | None:
    """Why verdicts on these runs would not be worth their name; None where nothing says so."""
    for name, runs in (("A", first), ("B", second)):
        if any(_processes(run) < _FEWEST_PROCESSES for run in runs):
            return (
                f"a run of {name} has one process to a cell, and what processes differ by does not "
                "show. Make it with more --rounds"
            )
    gained = [gain for run in (*first, *second) if (gain := _gain_of_threads(run)) is not None]
    if gained and max(gained) > (1 + _SAME_GAIN) * min(gained):
        return (
            f"with all threads the machine did {min(gained):.2f} times the multiply-adds of one in "
            f"one run and {max(gained):.2f} times in another: something else used its cores. "
            "Repeat the former when the machine is idle"
        )
    seen = [change.shift.verdict in ("faster", "slower") for change in changes]
    if len(seen) >= _FEWEST_CELLS and 2 * sum(seen) > len(seen):
        return (
            f"{sum(seen)} of {len(seen)} cells would have changed, and a cell is measured against "
            "those that did not. Repeat both runs, take several a side (A1,A2 B1,B2), put old and "
            "new into one run, or use `pair`"
        )
    return None


def _processes(run: Run) -> int:
    """Most processes that a cell was timed in."""
    return max((len({turn.process for turn in record.turns}) for record in run.records), default=0)


def _gain_of_threads(run: Run) -> float | None:
    """Multiply-adds of most threads over those of one, by the best of each; None where unknown."""
    best: dict[int, float] = {}
    for event in run.machine:
        rate = event.best.get("fma_float64_gflops")
        if rate:
            best[event.threads] = max(rate, best.get(event.threads, 0.0))
    return best[max(best)] / best[1] if len(best) > 1 and 1 in best else None
