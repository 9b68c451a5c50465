"""Verdicts as a frame: states, projections, speedups, and nothing made up where nothing is."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from made_runs import Result, made_run, planned, rung_events, rung_started, turns

from harness.analysis.frame import cells, qualities
from harness.results.events import Cell, Ended, Event, Phase, RungEnded, Status, Turn

MINE = "mine.als:Mine"
SECONDS = {"naive": 8.0, "numpy": 2.0, "numba-serial": 1.0, "numba-parallel": 0.5, MINE: 4.0}


def _timed(results: Sequence[Result], rung: str = "100k", rounds: int = 3) -> list[Event]:
    """A rung whose cells each took their seconds, a little more every round."""
    events = rung_events(results, rung)
    for result in results:
        if result.sweeps:
            seconds = [SECONDS[result.variant] * (1 + 0.01 * n) for n in range(rounds)]
            events += turns(result.cell(rung), seconds, 1 + result.groups[0] * rounds)
    return events


def _rows(run, baseline: str | None = None) -> dict[tuple[str, str], pd.Series]:
    frame = cells(run, baseline)
    return {(row["rung"], row["variant"]): row for _, row in frame.iterrows()}


def _row(*results: Result, of: str = MINE, baseline: str = "naive") -> pd.Series:
    return _rows(made_run(_timed(results), baseline=baseline))["100k", of]


def test_a_cell_that_is_right_has_seconds_speedup_and_quality():
    row = _row(Result("naive"), Result(MINE))
    assert (row["state"], row["status"], row["verdict"]) == ("ok", "ok", "ok")
    assert row["against"] == row["baseline"] == "naive"
    assert row["sweep_s"] == pytest.approx(4.04)
    assert row["sweep_s_low"] < row["sweep_s"] < row["sweep_s_high"]
    assert row["users_s"] + row["items_s"] == pytest.approx(row["sweep_s"])
    assert row["speedup"] == pytest.approx(2)
    assert row["speedup_low"] < 2 < row["speedup_high"]
    assert not row["speedup_projected"]
    assert row["train_rmse"] == pytest.approx(0.8 + 1 / 3)
    assert (row["rounds"], row["sweeps"]) == (3, 3)


def test_the_baseline_is_once_as_fast_as_itself():
    assert _row(Result("naive"), Result(MINE), of="naive")["speedup"] == 1


def test_a_wrong_cell_has_a_state_and_a_reason_and_no_speedup():
    row = _row(Result("naive"), Result(MINE, off=0.5))
    assert row["state"] == "parity_failed"
    assert row["reason"] == "RMSE 5.0e-01 off after sweep 1"
    assert row["status"] == "ok"
    assert np.isnan(row["speedup"])
    assert row["sweep_s"] == pytest.approx(4.04)


def test_an_unchecked_cell_has_no_speedup():
    row = _row(Result("naive", sweeps=0, status="failed"), Result(MINE))
    assert row["state"] == "unchecked"
    assert np.isnan(row["speedup"])


@pytest.mark.parametrize("off", [0.0, 0.5])
def test_nothing_is_as_fast_as_a_baseline_that_is_wrong(off):
    row = _row(Result("naive"), Result("numpy"), Result(MINE, off=off), of="numpy", baseline=MINE)
    assert np.isnan(row["speedup"]) == bool(off)


@pytest.mark.parametrize("status", ["timeout", "out_of_memory", "failed", "diverged"])
def test_what_went_wrong_stays_the_state(status: Status):
    row = _row(Result("naive"), Result(MINE, sweeps=2, status=status))
    assert row["state"] == status
    assert row["sweeps"] == 2


def test_over_budget_is_checked_and_compared():
    row = _row(Result("naive", sweeps=1, status="over_budget"), Result(MINE, sweeps=1))
    assert row["speedup"] == pytest.approx(2)


def test_a_cell_without_an_end_was_interrupted():
    run = made_run([rung_started(), planned("naive")])
    row = _rows(run)["100k", "naive"]
    assert (row["state"], row["reason"]) == ("interrupted", "no end in the log")
    for name in ("sweep_s", "speedup", "train_rmse", "test_rmse", "rmse_difference", "peak_bytes"):
        assert np.isnan(row[name])
    assert np.isnan(row["prepare_s"])


def test_a_hidden_reference_is_not_shown():
    events = _timed([Result("naive"), Result(MINE)])
    events[1] = planned("naive", hidden=True)
    run = made_run(events)
    assert set(cells(run)["variant"]) == set(qualities(run)["variant"]) == {MINE}
    assert cells(run)["state"].tolist() == ["ok"]


def test_an_empty_run_is_an_empty_frame():
    assert cells(made_run()).empty
    assert qualities(made_run()).empty


def _skipped(status: Status = "skipped", **small: float):
    """100k and 320k were measured, naive was given up at full; MINE is off where `small` says."""
    results = [Result("naive"), Result(MINE, off=small.get("off", 0.0))]
    return made_run(
        _timed(results),
        [rung_started("full", 900_000), planned("naive", "full"), planned(MINE, "full")],
        [Ended(Cell("full", "naive", 1), status, "why", 0)],
        [Ended(Cell("full", MINE, 1), "ok", "", 3), *turns(Cell("full", MINE, 1), [40.0] * 3)],
        [RungEnded("full", 1.0)],
    )


@pytest.mark.parametrize("status", ["skipped", "refused"])
def test_what_was_not_tried_is_projected(status: Status):
    row = _rows(_skipped(status))["full", "naive"]
    assert (row["state"], row["status"], row["reason"]) == ("projected", status, "why")
    assert row["projected"]
    assert row["sweep_s"] > 8
    assert np.isnan(row["sweep_s_low"])  # one cell was seen: no interval
    assert row["rounds"] == 0


@pytest.mark.parametrize("status", ["timeout", "out_of_memory", "failed", "interrupted"])
def test_what_was_tried_in_vain_is_not_projected(status: Status):
    row = _rows(_skipped(status))["full", "naive"]
    assert row["state"] == status
    assert not row["projected"]
    assert np.isnan(row["sweep_s"])
    assert np.isnan(row["speedup"])


def test_a_speedup_over_a_projected_baseline_is_marked():
    run = made_run(
        _timed([Result("naive"), Result("numpy")]),
        [rung_started("full", 900_000), planned("naive", "full")],
        [Ended(Cell("full", "naive", 1), "skipped", "why", 0)],
        _timed([Result("numpy")], "full")[1:],
    )
    row = _rows(run)["full", "numpy"]
    assert row["verdict"] == "reference"
    assert row["speedup_projected"]
    naive = _rows(run)["full", "naive"]
    assert row["speedup"] == pytest.approx(naive["sweep_s"] / 2, rel=0.02)
    assert naive["speedup"] == 1


def test_a_wrong_cell_is_projected_without_a_speedup():
    """Its seconds are those of a wrong program at every scale."""
    results = [Result("naive"), Result(MINE, off=0.5)]
    cell = Cell("full", MINE, 1)
    run = made_run(
        _timed(results),
        _timed([Result("naive")], "full"),
        [planned(MINE, "full"), Ended(cell, "skipped", "why", 0)],
    )
    row = _rows(run)["full", MINE]
    assert row["state"] == "projected"
    assert np.isnan(row["speedup"])
    right = made_run(
        _timed([Result("naive"), Result(MINE)]),
        _timed([Result("naive")], "full"),
        [planned(MINE, "full"), Ended(cell, "skipped", "why", 0)],
    )
    assert _rows(right)["full", MINE]["speedup"] > 0
    assert _rows(right)["full", MINE]["speedup_projected"]


def test_another_baseline_can_be_asked_for():
    run = made_run(_timed([Result("naive"), Result("numpy"), Result(MINE)]))
    rows = _rows(run, "numpy")
    assert rows["100k", MINE]["speedup"] == pytest.approx(0.5)
    assert rows["100k", "naive"]["speedup"] == pytest.approx(0.25)
    assert {row["baseline"] for row in rows.values()} == {"numpy"}


def test_groups_are_compared_through_their_anchor():
    results = [
        Result("naive", groups=(0,)),
        Result("numba-serial", groups=(0, 1)),
        Result(MINE, groups=(1,)),
    ]
    events = rung_events(results)
    events[2] = planned("numba-serial", anchor=True)
    naive, anchor, mine = (result.cell("100k") for result in results)
    events += [*turns(naive, [8.0, 9.0, 8.5]), *turns(anchor, [1.0] * 6)]
    events += turns(mine, [4.0, 5.0, 4.5], 4)
    frame = cells(made_run(events)).set_index("variant")
    assert frame.loc[MINE, "state"] == "ok"
    assert frame.loc[MINE, "speedup"] == pytest.approx(np.cbrt(8 * 9 * 8.5 / (4 * 5 * 4.5)))
    assert frame.loc[MINE, "speedup_low"] < frame.loc[MINE, "speedup_high"]
    assert len(qualities(made_run(events))) == 9


def test_the_baseline_with_fewest_threads_is_the_one():
    results = [Result("numba-parallel", threads=n) for n in (2, 1)]
    events = rung_events(results)
    for result, sweep_s in zip(results, (1.0, 2.0), strict=True):
        events += turns(result.cell("100k"), [sweep_s] * 3)
    frame = cells(made_run(events, baseline="numba-parallel")).set_index("threads")
    assert frame.loc[2, "speedup"] == pytest.approx(2)
    assert frame.loc[1, "speedup"] == 1


def test_turns_of_several_sweeps_are_marked_as_warm():
    events = _timed([Result("naive")])
    assert not cells(made_run(events))["warm"].any()
    warm = [event for event in events if not isinstance(event, Turn)]
    warm.append(Turn(Cell("100k", "naive", 1), 1, 0, 5, 0.01, 0.02))
    row = _rows(made_run(warm))["100k", "naive"]
    assert row["warm"]
    assert row["sweep_s"] == pytest.approx(0.006)


def test_phases_and_memory_are_shown_as_they_are():
    cell = Cell("100k", "naive", 1)
    run = made_run(
        [rung_started(), planned("naive"), Phase(cell, "prepare", 1.5)],
        [Ended(cell, "ok", "", 0, peak_bytes=123, process_bytes=[23, 60, 40])],
    )
    row = _rows(run)["100k", "naive"]
    assert (row["prepare_s"], row["peak_bytes"], row["bytes_needed"]) == (1.5, 123, 1 << 28)
    assert (row["processes"], row["largest_process_bytes"]) == (3, 60)
    assert np.isnan(row["compile_s"])


def test_every_judged_sweep_is_a_row():
    run = made_run(_timed([Result("naive", sweeps=2), Result(MINE, off=1e-10)]))
    frame = qualities(run)
    mine = frame[frame["variant"] == MINE]
    assert mine["sweep"].tolist() == [1, 2, 3]
    assert mine["against"].tolist() == ["naive", "naive", ""]
    assert mine["rmse_difference"].tolist()[:2] == pytest.approx([1e-10] * 2, rel=1e-4)
    assert np.isnan(mine["rmse_difference"].iloc[2])
    assert mine["seconds"].tolist() == pytest.approx([4.04, 8.08, 12.12])
