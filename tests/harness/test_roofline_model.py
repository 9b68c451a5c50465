"""What a sweep takes at least, the roofs above it, and what is said of a machine that drifts."""

import math
from dataclasses import replace
from typing import Any

import pytest
from made_runs import Result, made_run, planned, run_started, rung_events, rung_started, turns

from harness.analysis.frame import cells
from harness.analysis.remarks.of_machine import machine_remarks, unsteady_cores
from harness.analysis.roofline import drifts, roofs, sweep_bytes, sweep_flops
from harness.cost import Size
from harness.results.events import Cell, Machine, RungEnded
from harness.results.log import EventLog, read_events
from harness.results.records import Run, fold


def test_operations_are_those_of_the_sums_and_the_factorisation():
    k, ratings, users, items = 5, 40, 7, 3
    sums = sum(2 for _ in range(ratings) for row in range(k) for _ in range(row + 1))  # a side
    # Cholesky, left-looking: what is subtracted from each entry, a division or root left out.
    factorisation = sum(2 * column for column in range(k) for _ in range(column, k))
    flops = sweep_flops(Size(ratings, users, items), k)
    exact = 2 * sums + (users + items) * factorisation
    assert flops == pytest.approx(2 * sums + (users + items) * k**3 / 3)
    assert abs(flops - exact) < (users + items) * k  # k/3 a row


def test_bytes_are_those_of_ratings_and_of_rows():
    size = Size(ratings=100, users=10, items=5)
    assert sweep_bytes(size, 21, "float32") == 2 * 100 * (8 + 84) + 15 * 84
    assert sweep_bytes(size, 21, "float64") == 2 * 100 * (8 + 168) + 15 * 168


def machine(when: Any = "start", threads: int = 1, factor: float = 1.0, **best: float) -> Machine:
    rates = {"fma_float64_gflops": 40.0, "fma_float32_gflops": 80.0, "bandwidth_gbs": 12.0}
    rates = {name: rate * factor for name, rate in (rates | best).items()}
    return Machine(when, threads, {n: 0.9 * rate for n, rate in rates.items()}, rates)


def run_with(*machines: Machine, **plan: Any) -> Run:
    """A cell of ten sweeps of 2 s, one in float32 of 1 s, one that is wrong, one never timed."""
    names = ["naive", "numba-serial-f32", "numpy", "numba-serial"]
    events: list[Any] = [run_started(**plan), *machines, rung_started()]
    events += [planned(name) for name in names]
    for name, seconds in zip(names, (2.0, 1.0, 0.5), strict=False):
        events += turns(Cell("100k", name, 1), [seconds] * 10)
    return fold(events)


def test_the_roof_is_the_best_before_and_after():
    events = [machine(), machine("end", 1, 1.1), machine("end", 2, 1.5)]
    found = roofs(run_with(*events))
    assert found[1]["fma_float64_gflops"] == pytest.approx(44)
    assert found[2]["fma_float64_gflops"] == pytest.approx(60)
    assert roofs(run_with()) == {}


def test_a_cell_is_held_against_the_roof_of_its_dtype_and_threads():
    frame = cells(run_with(machine(), machine("start", 2, 2.0))).set_index("variant")
    size = Size(90_000, int(90_000**0.9), int(90_000**0.7))
    gflops = sweep_flops(size, 21) / 2 / 1e9
    naive, single = frame.loc["naive"], frame.loc["numba-serial-f32"]
    assert naive["gflops"] == pytest.approx(gflops)
    assert naive["peak_share"] == pytest.approx(gflops / 40)
    assert single["gflops"] == pytest.approx(2 * gflops)
    assert single["peak_share"] == pytest.approx(2 * gflops / 80)
    assert naive["intensity"] < single["intensity"]
    assert math.isnan(frame.loc["numba-serial", "gflops"])


def test_without_biases_there_is_one_unknown_less():
    params = {"rank": 20, "biases": False}
    size = Size(90_000, int(90_000**0.9), int(90_000**0.7))
    frame = cells(run_with(machine(), params=params))
    assert frame["gflops"][0] == pytest.approx(sweep_flops(size, 20) / 2 / 1e9)


def test_a_wrong_result_has_no_share_of_the_peak():
    wrong = Result("numpy", off=1e-3)
    run = made_run(rung_events([Result("naive"), wrong]))
    run.machine.append(machine())
    for record in run.records:
        record.turns += turns(record.cell, [1.0, 1.0])
    frame = cells(run).set_index("variant")
    assert frame.loc["naive", "peak_share"] > 0
    assert frame.loc["numpy", "state"] == "parity_failed"
    assert frame.loc["numpy", ["gflops", "peak_share", "to_quality_s"]].isna().all()


def test_a_machine_that_slowed_down_is_remarked_on_and_a_steady_one_is_not():
    steady = run_with(machine(), machine("end", 1, 0.92))
    assert [round(drift.change, 2) for drift in drifts(steady)] == [-0.08] * 3
    assert machine_remarks(steady) == []
    slowed = run_with(machine(), machine("end", 1, 0.8), machine("end", 2))
    remark = machine_remarks(slowed)[0].text
    assert "with 1 thread: " in remark
    assert "multiply-adds in float32 -20%" in remark
    assert "reading from memory -20%" in remark


def test_a_resumed_run_compares_its_last_part():
    parts = [machine(), machine("start", 1, 0.5), machine("end", 1, 0.5)]
    assert machine_remarks(run_with(*parts)) == []


def test_machine_events_survive_the_log(tmp_path):
    event = replace(machine(), reason="why")
    with EventLog(tmp_path, run_started()) as log:
        log.write(event)
        log.write(rung_started())
        log.write(RungEnded("100k", 1.0))
    again = fold(read_events(tmp_path))
    assert again.machine == [event] == log.run.machine


def test_a_comparison_is_warned_of_a_run_that_was_disturbed():
    steady = run_with(machine(), machine("end", 1, 0.92), machine("start", 2), machine("end", 2))
    assert unsteady_cores("A", steady) == []
    disturbed = run_with(machine(), machine("end"), machine("start", 2), machine("end", 2, 1.3))
    (warning,) = unsteady_cores("B", disturbed)
    assert "of run B" in warning
    assert "(+30% with 2 threads)" in warning
