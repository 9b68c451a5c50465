"""Remarks on a run: what a reader should know before believing it, each with its remedy."""

from collections.abc import Iterator, Sequence

from harness.analysis.projection import trials
from harness.analysis.remarks.of_machine import machine_remarks
from harness.analysis.remarks.of_timing import timing_remarks
from harness.analysis.remarks.remark import Remark as Remark
from harness.analysis.verdict import CellVerdict
from harness.results.events import Cell
from harness.results.records import Run


def remarks(run: Run, verdicts: Sequence[CellVerdict]) -> list[Remark]:
    """Everything that should make a reader careful.

    Parameters
    ----------
    run : Run
    verdicts : sequence of CellVerdict
        As `harness.analysis.verdicts.cell_verdicts` gives them.
    """
    return [
        *_synthetic(run),
        *machine_remarks(run),
        *timing_remarks(run, verdicts),
        *_projections(run),
    ]


def _synthetic(run: Run) -> Iterator[Remark]:
    if run.started.dataset["synthetic"]:
        name = run.started.dataset["name"]
        text = f"the data are synthetic ({name}): speeds carry over to MovieLens, RMSE does not"
        yield Remark("synthetic", "note", text)


def _projections(run: Run) -> Iterator[Remark]:
    """How far projections of measured cells would have been off."""
    for trial in trials(run):
        text = (
            f"projected from its smaller scales, {trial.variant} at {trial.rung} would have been "
            f"{trial.error:+.0%} off ({trial.projected_s:.3g} s, measured {trial.measured_s:.3g} s)"
        )
        cell = Cell(trial.rung, trial.variant, trial.threads)
        yield Remark("projection", "note", text, (cell,))
