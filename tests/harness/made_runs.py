"""Hand-made logs: what measuring would have written of cells whose results are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from harness.analysis.alignment import Series
from harness.results.events import (
    Cell,
    CellPlanned,
    Difference,
    Ended,
    Event,
    Fit,
    HalfSweep,
    Phase,
    Quality,
    RungEnded,
    RungStarted,
    RunStarted,
    Status,
    Turn,
)
from harness.results.records import Record, Run, RungRecord, fold
from implementations.registry import LADDER


def series_of(logs: ArrayLike, *lengths: int) -> Series:
    """Log seconds measured in processes of so many rounds each, or in a single one."""
    values = np.asarray(logs, dtype=np.float64)
    processes = np.repeat(np.arange(len(lengths) or 1), lengths or len(values))
    return Series(values, processes)


def run_started(baseline: str = "naive", **plan: Any) -> RunStarted:
    """Beginning of a run."""
    given = {"name": "made", "synthetic": False}
    asked: dict[str, Any] = {"baseline": baseline, "params": {"rank": 20, "biases": True}}
    return RunStarted("2026-01-01T00:00:00+00:00", asked | plan, given, {})


def rung_started(rung: str = "100k", ratings: int = 90_000) -> RungStarted:
    """Beginning of a rung whose counts of rows do not grow in step with its ratings."""
    return RungStarted(rung, ratings, ratings // 9, int(ratings**0.9), int(ratings**0.7), 12)


def planned(variant: str, rung: str = "100k", threads: int = 1, **changed: Any) -> CellPlanned:
    """A cell of the ladder, of its float32 twins, or of a third party, by its name."""
    single = variant.endswith("f32")
    tolerances = (1e-5, 1e-3, 1e-4) if single else (1e-9, 1e-9, 1e-9)
    ladder = LADDER.index(variant) if variant in LADDER else None
    names = ("rmse_tolerance", "prediction_tolerance", "row_tolerance")
    given: dict[str, Any] = {
        "cell": Cell(rung, variant, threads),
        "dtype": "float32" if single else "float64",
        "idea": "made",
        "ladder": ladder,
        "hidden": False,
        "group": 0,
        "anchor": False,
        "bytes_needed": 1 << 20,
        "worker_bytes": 1 << 28,
        **dict(zip(names, tolerances, strict=True)),
    }
    return CellPlanned(**given | changed)


def turns(cell: Cell, seconds: Sequence[float], first_round: int = 1) -> list[Turn]:
    """A turn of one sweep in each round, its users taking a third of it."""
    return [
        Turn(cell, first_round + n, 0, 1, sweep_s / 3, sweep_s * 2 / 3)
        for n, sweep_s in enumerate(seconds)
    ]


@dataclass
class Result:
    """What a made cell computes: the right numbers and so much more."""

    variant: str
    off: float = 0.0
    sweeps: int = 3
    rows_off: float = 0.0
    threads: int = 1
    groups: tuple[int, ...] = (0,)
    status: Status = "ok"

    def cell(self, rung: str) -> Cell:
        """Which cell this is."""
        return Cell(rung, self.variant, self.threads)

    @property
    def place(self) -> tuple[int, int] | None:
        """Place in the ladder; None outside it."""
        return (LADDER.index(self.variant), self.threads) if self.variant in LADDER else None


def objective(sweep: int) -> float:
    """J of a made cell after a sweep; from the fourth on it hardly falls."""
    return 1_000 * (1 + 0.1**sweep)


def fit_events(
    variant: str,
    ends: Mapping[int, tuple[float, float]],
    own_objective: str = "",
    rung: str = "100k",
    sweep_s: float = 0.5,
) -> list[Event]:
    """A library that has `fit` only: J and test RMSE after fits of these lengths.

    A fit takes 1 s and half a second an iteration unless told otherwise; it has three turns.
    """
    cell = Cell(rung, variant, 1)
    events: list[Event] = [
        planned(variant, rung, kind="whole-fits", own_objective=own_objective, ladder=None)
    ]
    events += [Phase(cell, "prepare", 0.25), Phase(cell, "compile", 2.0)]
    for sweep, (j, rmse) in ends.items():
        events += [Fit(cell, sweep, 1.0 + sweep_s * sweep + late) for late in (0.0, 0.01, -0.01)]
        events.append(Quality(cell, sweep, rmse - 0.1, rmse, rmse, j))
    events += [Turn(cell, n, 0, 8, None, None, whole_s=8 * sweep_s) for n in (1, 2, 3)]
    return [*events, Ended(cell, "ok", "", max(ends, default=0))]


def rung_events(results: Sequence[Result], rung: str = "100k") -> list[Event]:
    """All events of a rung, as measuring writes them."""
    events: list[Event] = [rung_started(rung)]
    events += [planned(r.variant, rung, r.threads, group=r.groups[0]) for r in results]
    for group in sorted({group for result in results for group in result.groups}):
        events += _group_events([r for r in results if group in r.groups], rung)
    events += [Ended(r.cell(rung), r.status, "", r.sweeps) for r in results]
    return [*events, RungEnded(rung, 1.0)]


def _group_events(results: Sequence[Result], rung: str) -> Iterable[Event]:
    for one in results:
        for sweep in range(1, one.sweeps + 1):
            rmse = 0.8 + 1 / sweep + one.off
            yield Quality(one.cell(rung), sweep, rmse, rmse + 0.1, rmse, objective(sweep))
    for one in results:
        for other in results:
            below = other.place is not None and (one.place is None or other.place < one.place)
            for sweep in range(1, min(one.sweeps, other.sweeps) + 1) if below else ():
                yield Difference(one.cell(rung), other.cell(rung), sweep, abs(one.off - other.off))
    judged = [result for result in results if result.sweeps]
    reference = min((r for r in judged if r.place), key=lambda r: r.place or (), default=None)
    for one in judged:
        if reference is not None and one is not reference:
            for side in ("users", "items"):
                cells = (one.cell(rung), reference.cell(rung))
                gap = abs(one.rows_off - reference.rows_off)
                yield HalfSweep(*cells, side, gap, 7, 0.5 + gap, 0.5)


def made_rung(*results: Result) -> RungRecord:
    """Facts of one rung."""
    return made_run(rung_events(results)).rungs["100k"]


def made_run(*events: Iterable[Event], baseline: str = "naive") -> Run:
    """Facts of a run of these rungs."""
    return fold([run_started(baseline), *(event for some in events for event in some)])


def timed(variant: str, seconds: Sequence[float], first_round: int = 1) -> Record:
    """Record of a cell with these seconds of a sweep, round after round."""
    record = Record(planned(variant))
    record.turns += turns(record.cell, seconds, first_round)
    return record
