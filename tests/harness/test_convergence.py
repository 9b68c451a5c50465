"""Libraries that have `fit` only: what is said of their results, seconds and quality."""

import math
from typing import Any

import pandas as pd
import pytest
from made_runs import Result, fit_events, made_run, objective, rung_events, turns

from harness.analysis.convergence import OBJECTIVE_TOLERANCE, RMSE_TOLERANCE
from harness.analysis.frame import cells, qualities
from harness.analysis.quality_time import MARGIN
from harness.analysis.verdicts import exit_status
from harness.report.cells import remarks
from harness.report.columns import PEAK, QUALITY
from harness.report.figures import draw_figures
from harness.report.findings import About, Findings
from harness.report.headline import headline
from harness.report.tables import markdown
from harness.report.terminal import legend, scale_table
from harness.results.events import Machine, Phase, Quality
from harness.results.records import Run

LIBRARY = "library"
J, RMSE = objective(5), 0.9 + 1 / 5  # of a made cell after five sweeps
CONVERGED = {1: (1_200.0, 2.0), 4: (J * 1.001, RMSE + 0.002), 5: (J * 1.001, RMSE + 0.001)}
ABOUT = About("made", False, "rank 20")


def run_of(
    ends: dict[int, tuple[float, float]],
    own: str = "",
    sweeps: int = 5,
    off: float = 0.0,
    **changed: Any,
) -> Run:
    """A ladder of two that were judged after five sweeps, and a library."""
    results = [Result("naive", sweeps=1, status="over_budget"), Result("numpy", sweeps=sweeps)]
    events = [*rung_events(results), *fit_events(LIBRARY, ends, own, **changed)]
    for result, sweep_s in zip(results, (8.0, 1.0), strict=True):
        cell = result.cell("100k")
        events += turns(cell, [sweep_s] * 3)
        events += [Phase(cell, "prepare", 0.5), Phase(cell, "compile", 0.3)]
        events += [Phase(cell, "load", 0.2), Phase(cell, "evaluate", 99.0)]
    run = made_run(events)
    if off:
        for record in run.records:
            record.qualities = [
                Quality(q.cell, q.sweep, q.train_rmse, q.test_rmse, None, None)
                for q in record.qualities
            ]
    return run


def row(run: Run, variant: str = LIBRARY) -> pd.Series:
    return cells(run).set_index("variant").loc[variant]


def in_table(run: Run) -> str:
    """What the table says of the library."""
    lines = markdown(cells(run), "t").splitlines()
    (line,) = (line for line in lines if line.startswith(f"| {LIBRARY} "))
    return line


def test_the_same_end_is_the_same_at_convergence():
    run = run_of(CONVERGED)
    found = row(run)
    assert (found["verdict"], found["state"], found["against"]) == ("converged", "ok", "numpy")
    assert found["objective_difference"] == pytest.approx(0.001)
    assert found["rmse_difference"] == pytest.approx(0.001)
    assert "same at convergence (J +0.10 %)" in in_table(run)
    assert exit_status(run, strict=False) == 0


@pytest.mark.parametrize(
    ("objective_off", "rmse_off", "verdict", "said"),
    [
        (0.9 * OBJECTIVE_TOLERANCE, 0.0, "converged", "same at convergence (J +0.45 %)"),
        (1.1 * OBJECTIVE_TOLERANCE, 0.0, "failed", "DIFFERS: J +0.55 %"),
        (-1.1 * OBJECTIVE_TOLERANCE, 0.0, "failed", "DIFFERS: J -0.55 %"),
        (0.0, 0.9 * RMSE_TOLERANCE, "converged", "same at convergence (J +0.00 %)"),
        (0.0, 1.1 * RMSE_TOLERANCE, "failed", "DIFFERS: RMSE 6e-3"),
        (0.0, -1.1 * RMSE_TOLERANCE, "failed", "DIFFERS: RMSE 6e-3"),
    ],
)
def test_another_end_is_another_result(objective_off, rmse_off, verdict, said):
    end = (J * (1 + objective_off), RMSE + rmse_off)
    run = run_of({4: end, 5: end})
    assert row(run)["verdict"] == verdict
    assert said in in_table(run)
    assert math.isnan(row(run)["speedup"]) == (verdict == "failed")
    assert exit_status(run, strict=False) == (verdict == "failed")


@pytest.mark.parametrize(
    ("ends", "sweeps", "what"),
    [
        ({4: (J * 1.01, RMSE), 5: (J, RMSE)}, 5, "J still falls by 1.00% a sweep"),
        ({1: (J * 1.02, RMSE), 5: (J, RMSE)}, 5, "J still falls by 0.50% a sweep"),
        ({5: (J, RMSE)}, 5, "J was judged once"),
        # Both ended alike, but the reference has not converged.
        ({2: (objective(2), 1.4), 3: (objective(2), 1.4)}, 3, "J of numpy still falls by 0.90%"),
    ],
)
def test_what_still_falls_is_neither_the_same_nor_different(ends, sweeps, what):
    run = run_of(ends, sweeps=sweeps)
    found = row(run)
    assert (found["verdict"], found["state"]) == ("unconverged", "ok")
    assert what in found["reason"]
    assert "not converged: more --sweeps" in in_table(run)
    assert any(line.startswith(f"{LIBRARY} – not converged: ") for line in remarks(cells(run)))
    assert found["speedup"] > 1
    assert exit_status(run, strict=True) == 1  # naive is over its budget
    assert exit_status(run, strict=False) == 0


def test_the_last_sweep_that_both_were_judged_after_counts():
    """The library went on to ten iterations, and to another place."""
    run = run_of({**CONVERGED, 10: (J * 0.5, RMSE)})
    assert row(run)["verdict"] == "converged"


def test_without_a_common_sweep_or_an_objective_nothing_was_checked():
    for run in (run_of({7: (J, RMSE), 9: (J, RMSE)}), run_of(CONVERGED, off=1.0)):
        found = row(run)
        assert (found["verdict"], found["state"]) == ("unchecked", "unchecked")
        assert math.isnan(found["speedup"])


def test_without_test_ratings_the_objective_decides():
    run = run_of({4: (J, 0.0), 5: (J, 0.0)})
    for record in run.records:
        record.qualities = [
            Quality(q.cell, q.sweep, q.train_rmse, None, None, q.objective)
            for q in record.qualities
        ]
    assert row(run)["verdict"] == "converged"


def test_an_own_objective_is_never_called_the_same():
    run = run_of(CONVERGED, own="regularisers scaled by counts")
    found = row(run)
    assert (found["verdict"], found["state"], found["against"]) == ("own", "ok", "")
    assert "own objective" in in_table(run)
    assert "same" not in in_table(run)
    assert f"{LIBRARY} – own objective: regularisers scaled by counts" in remarks(cells(run))
    assert found["speedup"] == pytest.approx(16)
    assert found["speedup_low"] <= 16 <= found["speedup_high"]


def test_what_solves_something_else_or_has_not_ended_makes_no_headline():
    ends = {4: (J * 1.1, RMSE), 5: (J, RMSE)}
    for run in (run_of(CONVERGED, own="another"), run_of(ends)):
        assert LIBRARY not in headline(cells(run), ABOUT)[0]
    sentence = headline(cells(run_of(CONVERGED)), ABOUT)[0]
    assert sentence.startswith(f"{LIBRARY} does a sweep")
    assert "is the same at convergence (J +0.10 %)" in sentence


def test_words_of_whole_fits_are_explained_where_they_occur():
    runs = {
        "same at convergence": run_of(CONVERGED),
        "not converged": run_of({5: (J, RMSE)}),
        "own objective": run_of(CONVERGED, own="another"),
    }
    for word, run in runs.items():
        in_legend = [line.partition(":")[0] for line in legend(cells(run), 200)]
        bullets = [
            line.removeprefix("- ").partition(":")[0]
            for line in markdown(cells(run), "t").splitlines()
            if line.startswith("- ")
        ]
        for explained in (in_legend, bullets):
            assert [one for one in runs if one in explained] == [word]


def test_whole_fits_have_no_share_of_the_peak():
    run = run_of(CONVERGED)
    rates = {"fma_float64_gflops": 50.0, "gemm_float64_gflops": 40.0, "bandwidth_gbs": 10.0}
    run.machine.append(Machine("start", 1, rates, rates))
    library, numpy = row(run), row(run, "numpy")
    assert numpy["peak_share"] > 0
    assert library[["gflops", "intensity", "peak_share"]].isna().all()
    assert PEAK.text(library) == "–"


# Time to quality: a made cell has a test RMSE of .9 + 1 / sweep.


def test_time_to_quality_has_the_set_up_in_it():
    run = run_of({**CONVERGED, 5: (J, RMSE + 0.5 * MARGIN)})
    target = RMSE + MARGIN
    numpy, library = row(run, "numpy"), row(run)
    assert library["target_rmse"] == numpy["target_rmse"] == pytest.approx(target)
    assert numpy["to_quality_s"] == pytest.approx(0.5 + 0.3 + 0.2 + 5 * 1.0)
    assert library["to_quality_s"] == pytest.approx(0.25 + 2.0 + (1.0 + 5 * 0.5))
    assert math.isnan(row(run, "naive")["to_quality_s"])
    assert [QUALITY.text(one) for one in (numpy, library)] == ["6.0", "5.8"]


def test_the_column_is_in_wide_terminals_and_in_markdown_and_explained_there():
    run = run_of(CONVERGED)
    for text, there in (
        (scale_table(cells(run), "t", 200), True),
        (scale_table(cells(run), "t", 100), False),
        (markdown(cells(run), "t"), True),
    ):
        assert ("to quality" in text) == there
    for width in (200, 100):
        explained = "\n".join(legend(cells(run), width))
        assert ("to quality s: " in explained) == (width == 200)


def test_curves_begin_at_the_set_up():
    run = run_of(CONVERGED)
    seconds = qualities(run).set_index(["variant", "sweep"])["seconds"]
    assert seconds["numpy", 1] == pytest.approx(1.0 + 1.0)
    assert seconds["numpy", 5] == pytest.approx(1.0 + 5.0)
    assert seconds[LIBRARY, 1] == pytest.approx(2.25 + 1.5)
    assert seconds[LIBRARY, 5] == pytest.approx(2.25 + 3.5)
    findings = Findings(cells(run), qualities(run), ABOUT)
    drawn = {figure.name: figure.drawing for figure in draw_figures(findings)}
    lines = [list(line.get_xdata()) for line in drawn["time-to-quality"].axes[0].get_lines()]
    assert pytest.approx([3.75, 5.25, 5.75]) in lines


def test_a_length_that_was_not_timed_has_no_seconds():
    run = run_of(CONVERGED)
    (library,) = (record for record in run.records if record.cell.variant == LIBRARY)
    library.fits = [fit for fit in library.fits if fit.sweeps != 5]
    seconds = qualities(run).set_index(["variant", "sweep"])["seconds"]
    assert math.isnan(seconds[LIBRARY, 5])


def test_sweeps_of_whole_fits_have_no_halves_and_are_not_warm():
    found = row(run_of(CONVERGED))
    assert found["sweep_s"] == pytest.approx(0.5)
    assert math.isnan(found["users_s"])
    assert math.isnan(found["items_s"])
    assert not found["warm"]
