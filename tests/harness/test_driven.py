"""What is relaxed or nested: another way to the same minimum, held to a parity of its own."""

import math

import pytest
from made_runs import Result, made_run, objective, planned, rung_events, turns
from report_frames import cells as frame
from report_frames import findings
from tiny import go, record_of

from harness.analysis.frame import cells, qualities
from harness.analysis.parity import judge_rung
from harness.commands.check import check_all
from harness.errors import UserError
from harness.report.cells import result, rows_of
from harness.report.figures import FIGURES, draw_figures
from harness.report.terminal import sooner_table
from harness.results.events import Ended, HalfSweep, Phase, Quality

DRIVEN = "numpy+relaxed"
SWEEPS = 6
BETTER = {sweep: objective(sweep + 1) for sweep in range(1, SWEEPS + 1)}


def run_of(objectives, rmse_off=0.0, rows_off=0.0, own=""):
    """A ladder of two, and one that takes another way."""
    results = [Result("naive", sweeps=SWEEPS), Result("numpy", sweeps=SWEEPS)]
    given = planned(DRIVEN, ladder=None, driven="relaxed 1.4", own_objective=own)
    cell, reference = given.cell, results[0].cell("100k")
    events = [*rung_events(results), given, Phase(cell, "prepare", 0.5)]
    rmse = {sweep: 0.8 + 1 / sweep + rmse_off for sweep in objectives}
    events += [
        Quality(cell, sweep, rmse[sweep], rmse[sweep] + 0.1, rmse[sweep], j)
        for sweep, j in objectives.items()
    ]
    events += [
        HalfSweep(cell, reference, side, rows_off, 7, 0.5, 0.5) for side in ("users", "items")
    ]
    events += turns(cell, [1.0] * SWEEPS)
    return made_run([*events, Ended(cell, "ok", "", SWEEPS)])


def parity_of(run):
    found = judge_rung(run.rungs["100k"])
    return next(parity for cell, parity in found.items() if cell.variant == DRIVEN)


def test_a_better_end_is_the_same_at_convergence():
    parity = parity_of(run_of({n: 0.97 * j for n, j in BETTER.items()}))
    assert (parity.verdict, parity.reason) == ("converged", "")
    assert parity.objective == pytest.approx(-0.03, abs=1e-4)
    assert parity.row == 0.0


@pytest.mark.parametrize(
    ("objectives", "changed", "verdict", "words"),
    [
        (BETTER, {"rmse_off": 0.0009}, "converged", ""),
        (BETTER, {"rmse_off": 0.0011}, "failed", "test RMSE is 0.0011 off after sweep 6"),
        (BETTER, {"rmse_off": -0.2}, "converged", ""),
        ({n: 1.0009 * j for n, j in BETTER.items()}, {}, "converged", ""),
        ({n: 1.0012 * j for n, j in BETTER.items()}, {}, "failed", "J is +0.12% off"),
        (BETTER | {4: 1.01 * BETTER[3]}, {}, "failed", "J rises by 1.0e-02 of itself in sweep 4"),
        (BETTER, {"rows_off": 1e-3}, "failed", "users row 7: 0.5, not 0.5"),
        ({n: 1_100 - n * 5 for n in BETTER}, {}, "unconverged", "J still falls by"),
    ],
)
def test_its_verdict(objectives, changed, verdict, words):
    parity = parity_of(run_of(objectives, **changed))
    assert parity.verdict == verdict, parity.reason
    assert words in parity.reason


def test_sweeps_and_seconds_to_the_same_quality():
    run = run_of(BETTER)
    rows = cells(run).set_index("variant")
    best = BETTER[SWEEPS]
    lines = {"numpy": [objective(n) for n in BETTER], DRIVEN: [*BETTER.values()]}
    for name, values in lines.items():
        for digits, margin in (("2", 1e-2), ("3", 1e-3), ("4", 1e-4)):
            first = next((n for n, j in enumerate(values, 1) if j <= best * (1 + margin)), math.nan)
            assert rows.loc[name, f"to_1e{digits}_sweeps"] == pytest.approx(first, nan_ok=True)
    relaxed = rows.loc[DRIVEN]
    assert relaxed["to_1e3_s"] == pytest.approx(0.5 + relaxed["to_1e3_sweeps"])
    assert math.isnan(rows.loc["numpy", "to_1e3_s"])  # no turn, no seconds
    excess = qualities(run).query("variant == @DRIVEN")["excess"]
    assert excess.iloc[-1] == 0
    assert (excess >= 0).all()


def test_what_is_wrong_reaches_nothing():
    row = cells(run_of(BETTER, rows_off=1.0)).set_index("variant").loc[DRIVEN]
    assert row["state"] == "parity_failed"
    assert row[["to_quality_s", "to_1e2_sweeps", "to_1e4_s"]].isna().all()


def test_the_figure_and_the_table_are_there_where_ways_differ_and_only_there():
    plain = frame()
    other = plain.assign(driven=["relaxed 1.4" if v == "numpy" else "" for v in plain["variant"]])
    names = [drawn.name for drawn in draw_figures(findings(other))]
    assert "time-to-objective" in names
    assert "time-to-objective" not in [drawn.name for drawn in draw_figures(findings(plain))]
    assert sooner_table(plain) == []
    lines = "\n".join(sooner_table(other, 100))
    assert "Time to quality at" in lines
    assert "to J + 0.01 %" in lines
    assert max(map(len, sooner_table(other, 100))) <= 120
    (figure,) = (one for one in FIGURES if one.name == "time-to-objective")
    data = figure.drawn(findings(other)).data
    assert len(data)
    assert set(data["J above the best (share)"].notna()) == {True}


def test_a_run_drives_them(tmp_path):
    names = ("numba-parallel", "numba-parallel+relaxed", "numba-parallel+relaxed+nested")
    run = go(tmp_path, names, sweeps=12)
    records = {name: record_of(run, name) for name in names}
    assert [record.planned.driven for record in records.values()] == [
        "",
        "relaxed 1.5",
        "relaxed 1.5, nested start",
    ]
    rows = cells(run).set_index("variant")
    assert set(rows["verdict"]) == {"reference", "converged"}
    assert len(records[names[1]].half_sweeps) == 2
    assert not records[names[1]].differences
    ends = [record.qualities[-1].objective for record in records.values()]
    assert ends[1] <= ends[0] * (1 + 1e-9)


def test_the_contract_is_of_what_is_driven():
    with pytest.raises(UserError, match=r"numpy\+relaxed: the contract is of exact half-sweeps"):
        check_all("numpy+relaxed", 1)


def test_the_table_names_the_objective_that_is_off():
    row = next(r for r in rows_of(cells(run_of({n: 1.0012 * j for n, j in BETTER.items()})))
               if r.variant == DRIVEN)  # fmt: skip
    assert result(row).startswith("DIFFERS: J +0.12 %")
