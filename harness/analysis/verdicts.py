"""The verdicts on all cells of a run, each computed once."""

from dataclasses import replace
from weakref import finalize

from harness.analysis.judging import RungVerdicts, judge
from harness.analysis.roofline import beneath, roofs
from harness.analysis.verdict import CellVerdict
from harness.results.records import Run, RungRecord

# Of each run that is still in use, by its identity: what was found of the rungs that have ended,
# by name and baseline. Facts are append-only, and a rung is judged by itself and by smaller ones,
# so that these stay once all of them have ended; a rung that was started over is another record.
_Finished = dict[tuple[str, str], RungVerdicts]
_FINISHED: dict[int, _Finished] = {}


def rung_verdicts(run: Run, baseline: str | None = None) -> list[RungVerdicts]:
    """Judge all rungs of a run; those that have ended, as all smaller ones, at the first call only.

    Parameters
    ----------
    run : Run
        May go on.
    baseline : str, optional
        Implementation that speedups are relative to; left out, the one planned.

    Returns
    -------
    list of RungVerdicts
        Rung after rung; `cell_verdicts` adds what the machine could do.
    """
    name, known = baseline or str(run.started.plan["baseline"]), _finished(run)
    found: list[RungVerdicts] = []
    final = True  # where rungs are run side by side, a smaller one may go on for longer
    for key, rung in run.rungs.items():
        final = final and _has_ended(run, rung)
        verdicts = known.get((key, name))
        if verdicts is None or verdicts.rung is not rung:
            verdicts = judge(run, rung, name, found)
            if final:
                known[key, name] = verdicts
        found.append(verdicts)
    return found


def _finished(run: Run) -> _Finished:
    if id(run) not in _FINISHED:
        _FINISHED[id(run)] = {}
        finalize(run, _FINISHED.pop, id(run), None)
    return _FINISHED[id(run)]


def _has_ended(run: Run, rung: RungRecord) -> bool:
    return rung.ended is not None or run.ended is not None


def cell_verdicts(run: Run, baseline: str | None = None) -> list[CellVerdict]:
    """Verdicts on all cells that are shown, beneath what the machine could do.

    The machine is measured before the first rung and after the last, and the better time counts: a
    share of its peak is a bound until the run has ended. So it is added here, at the end.

    Parameters
    ----------
    run : Run
    baseline : str, optional
        As for `rung_verdicts`.
    """
    best, final = roofs(run), run.ended is not None
    return [
        _beneath(cell, best.get(cell.identity.threads, {}), final)
        for verdicts in rung_verdicts(run, baseline)
        for cell in verdicts.cells
    ]


def _beneath(cell: CellVerdict, best: dict[str, float], final: bool) -> CellVerdict:
    return replace(cell, machine=beneath(cell.machine, cell.identity.dtype, best, final))


def exit_status(run: Run, strict: bool) -> int:
    """0 where all shown cells ended well, else 1."""
    return int(not all(cell.ended_well(strict=strict) for cell in cell_verdicts(run)))
