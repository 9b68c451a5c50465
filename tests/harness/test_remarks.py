"""Remarks are records: what kind, how severe, of which cells."""

import pytest
from made_runs import Result, made_run, rung_events, turns

from harness.analysis.remarks import Remark, remarks
from harness.analysis.verdicts import cell_verdicts
from harness.results.events import Cell, GroupPlaced, Machine
from harness.results.records import Run, fold


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


def test_machines_of_a_cluster_are_named_and_warned_of_where_they_differ():
    def placed(group: int, host: str, cpu: str) -> GroupPlaced:
        return GroupPlaced("100k", group, host, {"cpu": cpu, "usable_cores": 2})

    run = fold([placed(0, "10.0.0.2", "EPYC"), placed(1, "10.0.0.3", "EPYC")], run_of())
    where = "(10.0.0.2: group 1 of 100k; 10.0.0.3: group 2 of 100k)"
    assert where in said(run)["measured elsewhere"].text
    assert "machines differ" not in said(run)
    fold([placed(2, "10.0.0.4", "Xeon")], run)
    different = said(run)["machines differ"]
    assert different.severity == "warning"
    assert "(10.0.0.2, 10.0.0.3: 2 cores of EPYC; 10.0.0.4: 2 cores of Xeon)" in different.text
    assert "ratios within a group hold" in different.text
