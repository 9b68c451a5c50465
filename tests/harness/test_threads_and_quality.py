"""What more threads buy, and how long it takes to be as good as the reference."""

import math

import numpy as np
import pytest
from made_runs import Result, made_run, rung_events, turns

from harness.analysis.frame import cells
from harness.analysis.quality_time import MARGIN, rmse_reached
from harness.analysis.threads import fewest_threads, thread_scaling
from harness.results.events import Cell
from harness.results.records import Record, Run

SECONDS = np.array([4.0, 4.4, 3.8, 4.2])


def scaled_run(*results: Result, seconds: dict[Cell, np.ndarray]) -> Run:
    run = made_run(rung_events(results))
    for record in run.records:
        record.turns += turns(record.cell, seconds[record.cell].tolist())
    return run


def two_thread_counts(off: float = 0.0) -> Run:
    one, two = (Cell("100k", "numba-parallel", n) for n in (1, 2))
    naive = Cell("100k", "naive", 1)
    # A drift of the machine that both have in common, and a little noise of one.
    seconds = {naive: 10 * SECONDS, one: SECONDS, two: SECONDS / np.array([1.8, 1.7, 1.8, 1.7])}
    results = [
        Result("naive"),
        Result("numba-parallel"),
        Result("numba-parallel", threads=2, off=off),
    ]
    return scaled_run(*results, seconds=seconds)


def record(run: Run, threads: int) -> Record:
    return next(r for r in run.records if r.cell[1:] == ("numba-parallel", threads))


def test_speed_by_threads_is_of_the_same_rounds():
    run = two_thread_counts()
    found = thread_scaling(record(run, 1), record(run, 2), None)
    assert found.thread_speedup == pytest.approx(math.sqrt(1.8 * 1.7))
    assert found.efficiency == pytest.approx(math.sqrt(1.8 * 1.7) / 2)
    assert 1.6 < found.thread_speedup_low < 1.75 < found.thread_speedup_high < 1.9


def test_the_fewest_threads_are_one_times_as_fast_as_themselves():
    run = two_thread_counts()
    found = thread_scaling(record(run, 1), record(run, 1), None)
    assert (found.thread_speedup, found.efficiency) == (1.0, 1.0)
    assert math.isnan(found.thread_speedup_low)


def test_the_frame_has_them_where_there_are_several():
    frame = cells(two_thread_counts()).set_index(["variant", "threads"])
    assert frame.loc[("numba-parallel", 2), "efficiency"] == pytest.approx(0.8746, abs=1e-4)
    assert math.isnan(frame.loc[("naive", 1), "thread_speedup"])
    assert fewest_threads(list(two_thread_counts().records), "naive") is None


def test_a_wrong_result_scales_with_nothing():
    frame = cells(two_thread_counts(off=1e-3))
    assert frame["thread_speedup"].isna().all()


def test_more_than_one_thread_may_be_the_fewest():
    two, four = (Cell("100k", "numba-parallel", n) for n in (2, 4))
    results = [Result("numba-parallel", threads=2), Result("numba-parallel", threads=4)]
    run = scaled_run(*results, seconds={two: SECONDS, four: SECONDS / 1.5})
    frame = cells(run)
    assert frame["efficiency"].tolist() == pytest.approx([1.0, 0.75])


# Time to quality: a made cell has a test RMSE of .9 + 1 / sweep + off.


def quality_run(*results: Result) -> dict[str, dict[str, float]]:
    seconds = {r.cell("100k"): np.full(r.sweeps, 2.0 / (n + 1)) for n, r in enumerate(results)}
    rows = cells(scaled_run(*results, seconds=seconds)).to_dict("records")
    return {row["variant"]: row for row in rows}


def test_the_target_is_the_references_last_rmse_and_a_margin():
    rows = quality_run(Result("naive", sweeps=4), Result("numpy", sweeps=4))
    targets = [row["target_rmse"] for row in rows.values()]
    assert targets == pytest.approx([0.9 + 0.25 + MARGIN] * 2)
    assert rows["naive"]["to_quality_s"] == pytest.approx(4 * 2.0)
    assert rows["numpy"]["to_quality_s"] == pytest.approx(4 * 1.0)


def test_a_reference_that_stopped_early_is_not_the_target():
    rows = quality_run(
        Result("naive", sweeps=1, status="over_budget"),
        Result("numpy", sweeps=5),
        Result("numba-serial", sweeps=5),
    )
    assert rows["naive"]["target_rmse"] == pytest.approx(0.9 + 0.2 + MARGIN)
    assert math.isnan(rows["naive"]["to_quality_s"])
    assert rows["numba-serial"]["to_quality_s"] == pytest.approx(5 * 2 / 3)


def test_the_first_sweep_at_the_target_counts():
    run = made_run(rung_events([Result("naive", sweeps=6)]))
    (only,) = run.records
    only.turns += turns(only.cell, [3.0] * 6)
    for target, sweep in ((2.0, 1), (1.41, 2), (1.39, 3), (1.07, 6)):
        assert rmse_reached(target, only) == pytest.approx((sweep, 3.0 * sweep))
    assert math.isnan(rmse_reached(1.06, only).seconds)
    assert math.isnan(rmse_reached(math.nan, only).seconds)
    assert math.isnan(rmse_reached(2.0, Record(only.planned)).seconds)


def test_without_a_reference_there_is_no_target():
    rows = quality_run(Result("third:Party"))
    assert math.isnan(rows["third:Party"]["target_rmse"])
    assert math.isnan(rows["third:Party"]["to_quality_s"])
