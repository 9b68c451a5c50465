"""Remarks are records: what kind, how severe, of which cells."""

import pytest
from made_runs import Result, made_run, rung_events, turns

from harness.analysis.remarks import Remark, remarks
from harness.analysis.verdicts import cell_verdicts
from harness.results.events import Cell, Machine
from harness.results.records import Run


def run_of(rounds: int = 2) -> Run:
    """Two cells with so many rounds of equal seconds."""
    run = made_run(rung_events([Result("naive"), Result("numpy")]))
    for record in run.records:
        record.turns += turns(record.cell, [1.0 + 0.01 * (n % 3) for n in range(rounds)])
    return run


def said(run: Run) -> dict[str, Remark]:
    found = remarks(run, cell_verdicts(run))
    assert len({remark.kind for remark in found}) == len(found)
    return {remark.kind: remark for remark in found}


def test_a_remark_names_its_cells():
    few = said(run_of())["few rounds"]
    assert few.cells == (Cell("100k", "naive", 1), Cell("100k", "numpy", 1))
    assert few.severity == "note"
    alike = said(run_of(20))["no difference"]
    assert alike.cells == (Cell("100k", "numpy", 1),)


def test_what_may_make_numbers_wrong_is_a_warning():
    run = run_of(3)
    assert {remark.severity for remark in said(run).values()} <= {"note"}
    run.started.environment["load"] = 3.0
    rates = {"fma_float64_gflops": 10.0}
    slower = {"fma_float64_gflops": 5.0}
    run.machine += [Machine("start", 1, rates, rates), Machine("end", 1, slower, slower)]
    warned = {kind for kind, remark in said(run).items() if remark.severity == "warning"}
    assert warned == {"busy before", "machine changed"}
    assert said(run)["machine changed"].cells == ()


@pytest.mark.parametrize("synthetic", [True, False])
def test_made_up_ratings_are_remarked_on_by_the_fact(synthetic):
    run = run_of()
    run.started.dataset.update(synthetic=synthetic, name="mine (synthetic)")
    assert ("synthetic" in said(run)) == synthetic
