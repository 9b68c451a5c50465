"""Verdicts on results made by hand: whom each is held against, and what is let through."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import LADDER, Result, made_rung, rung_started

from harness.analysis.parity import Parity, judge_rung
from harness.results.events import Cell
from harness.results.records import RungRecord

MINE, SINGLE = "mine.als:Mine", "numba-parallel-f32"


def _judge(*results: Result) -> dict[str, Parity]:
    verdicts = judge_rung(made_rung(*results))
    return {cell.variant: parity for cell, parity in verdicts.items()}


def _against(parity: Parity) -> set[str]:
    return {cell.variant for cell in parity.against}


def test_the_lowest_rung_is_the_reference_of_all():
    verdicts = _judge(*map(Result, ["numba-parallel", MINE, "numpy", SINGLE, "naive"]))
    assert verdicts["naive"].verdict == "reference"
    for variant in ("numpy", "numba-parallel", MINE, SINGLE):
        assert verdicts[variant].verdict == "ok"
        assert _against(verdicts[variant]) == {"naive"}


def test_every_sweep_has_the_lowest_rung_that_finished_it():
    verdicts = _judge(
        Result("naive", sweeps=2, status="over_budget"),
        Result("numpy", sweeps=4),
        Result("numba-serial", sweeps=5),
        Result(MINE, sweeps=5),
    )
    chosen = {s: cell.variant for s, cell in verdicts[MINE].reference_of_sweep.items()}
    assert chosen == {1: "naive", 2: "naive", 3: "numpy", 4: "numpy", 5: "numba-serial"}
    assert verdicts["numpy"].reference_of_sweep.keys() == {1, 2}
    assert all(verdicts[name].verdict == "ok" for name in ("numpy", "numba-serial", MINE))


def test_a_wrong_rung_is_no_reference():
    verdicts = _judge(
        Result("naive", sweeps=1), Result("numpy", off=1e-3), Result("numba-serial"), Result(MINE)
    )
    assert verdicts["numpy"].verdict == "failed"
    assert verdicts["numba-serial"].verdict == "ok"
    chosen = {s: cell.variant for s, cell in verdicts[MINE].reference_of_sweep.items()}
    assert chosen == {1: "naive", 2: "numba-serial", 3: "numba-serial"}


def test_a_rung_that_has_no_result_is_no_reference():
    verdicts = _judge(
        Result("naive", sweeps=0, status="skipped"), Result("numpy"), Result("numba-serial")
    )
    assert verdicts["naive"].verdict == ""
    assert verdicts["numpy"].verdict == "reference"
    assert _against(verdicts["numba-serial"]) == {"numpy"}


def test_nothing_of_the_ladder_is_nothing_to_be_held_against():
    verdicts = _judge(Result(MINE), Result(SINGLE))
    assert verdicts[MINE].verdict == verdicts[SINGLE].verdict == "unchecked"


def test_a_reference_without_a_sweep_leaves_the_others_unchecked():
    verdicts = _judge(Result("naive", sweeps=0, status="failed"), Result(MINE))
    assert verdicts[MINE].verdict == "unchecked"


@pytest.mark.parametrize(
    ("variant", "off", "verdict"),
    [
        (MINE, 0.9e-9, "ok"),
        (MINE, 1.1e-9, "failed"),
        (SINGLE, 0.9e-5, "ok"),
        (SINGLE, 1.1e-5, "failed"),
    ],
)
def test_rmse_has_the_tolerance_of_the_dtype(variant, off, verdict):
    rung = made_rung(Result("naive"), Result(variant, off=off))
    record = rung.records[Cell("100k", variant, 1)]
    record.differences = [replace(d, largest=0.0) for d in record.differences]
    judged = judge_rung(rung)[record.cell]
    assert judged.verdict == verdict
    assert judged.rmse == pytest.approx(off, rel=1e-5)


@pytest.mark.parametrize("gap", [0.9e-3, 1.1e-3])
def test_predictions_have_a_tolerance_of_their_own(gap):
    rung = made_rung(Result("naive"), Result(SINGLE))
    record = rung.records[Cell("100k", SINGLE, 1)]
    record.differences = [replace(d, largest=gap) for d in record.differences]
    judged = judge_rung(rung)[record.cell]
    assert judged.verdict == ("ok" if gap < 1e-3 else "failed")
    assert judged.reason == ("" if gap < 1e-3 else "a prediction 1.1e-03 off after sweep 1")


@pytest.mark.parametrize("gap", [0.9e-4, 1.1e-4])
def test_rows_have_a_tolerance_of_their_own(gap):
    judged = _judge(Result("naive"), Result(SINGLE, rows_off=gap))[SINGLE]
    assert judged.verdict == ("ok" if gap < 1e-4 else "failed")


def test_a_wrong_half_sweep_is_named_by_side_row_and_numbers():
    judged = _judge(Result("naive"), Result(MINE, rows_off=0.25))[MINE]
    assert judged.verdict == "failed"
    assert judged.reason == "users row 7: 0.75, not 0.5"
    assert judged.row == 0.25


def test_a_wrong_sweep_is_named_by_the_first():
    judged = _judge(Result("naive"), Result(MINE, off=0.01, rows_off=0.25))[MINE]
    assert judged.reason == "users row 7: 0.75, not 0.5; RMSE 1.0e-02 off after sweep 1"


def test_a_difference_on_the_test_ratings_alone_counts():
    rung = made_rung(Result("naive"), Result(MINE))
    record = rung.records[Cell("100k", MINE, 1)]
    record.qualities[1] = replace(record.qualities[1], test_rmse=0.5)
    assert judge_rung(rung)[record.cell].reason.endswith("after sweep 2")


def test_without_test_ratings_the_training_ones_are_compared():
    rung = made_rung(Result("naive"), Result(MINE), Result("numpy", off=1.0))
    for record in rung.records.values():
        record.qualities = [replace(quality, test_rmse=None) for quality in record.qualities]
    verdicts = {cell.variant: parity.verdict for cell, parity in judge_rung(rung).items()}
    assert verdicts == {"naive": "reference", MINE: "ok", "numpy": "failed"}


def test_half_sweeps_against_a_wrong_reference_say_nothing():
    """numpy is off; so nothing may be blamed for differing from its rows."""
    rung = made_rung(
        Result("naive", sweeps=1), Result("numpy", off=1.0, rows_off=1.0), Result(MINE)
    )
    mine = rung.records[Cell("100k", MINE, 1)]
    mine.half_sweeps = [
        replace(half, against=Cell("100k", "numpy", 1), relative=1.0) for half in mine.half_sweeps
    ]
    assert judge_rung(rung)[mine.cell].verdict == "ok"


def test_more_threads_are_held_against_fewer():
    verdicts = judge_rung(made_rung(*(Result("numba-parallel", threads=n) for n in (2, 1))))
    assert verdicts[Cell("100k", "numba-parallel", 1)].verdict == "reference"
    two = verdicts[Cell("100k", "numba-parallel", 2)]
    assert two.verdict == "ok"
    assert two.rmse == 0.0
    assert two.against == {Cell("100k", "numba-parallel", 1)}


def test_across_groups_the_anchor_vouches():
    """naive is alone with the anchor; numpy, below the anchor, ran beside the anchor only."""
    verdicts = _judge(
        Result("naive", groups=(0,)),
        Result("numpy", groups=(1,)),
        Result("numba-serial", groups=(0, 1)),
        Result("numba-parallel", groups=(1,)),
        Result(MINE, groups=(1,)),
        Result(SINGLE, groups=(1,), off=0.1),
    )
    assert verdicts["naive"].verdict == "reference"
    assert _against(verdicts["numba-serial"]) == {"naive"}
    assert verdicts["numpy"].verdict == "ok"
    assert _against(verdicts["numpy"]) == {"numba-serial"}
    assert verdicts["numba-parallel"].verdict == verdicts[MINE].verdict == "ok"
    assert verdicts[SINGLE].verdict == "failed"


def test_an_anchor_that_is_wrong_vouches_for_nobody():
    verdicts = _judge(
        Result("naive", groups=(0,)),
        Result("numpy", groups=(1,)),
        Result("numba-serial", groups=(0, 1), off=0.1),
    )
    assert verdicts["numba-serial"].verdict == "failed"
    assert verdicts["numpy"].verdict == "unchecked"


def test_an_empty_rung_has_no_verdicts():
    assert judge_rung(RungRecord(rung_started())) == {}


_WRONG = st.sampled_from([0.0, 0.0, 1e-12, 1e-6, 1e-2])
_RESULTS = st.lists(
    st.builds(
        Result,
        st.sampled_from([*LADDER, MINE, SINGLE]),
        off=_WRONG,
        rows_off=_WRONG,
        sweeps=st.integers(0, 4),
    ),
    min_size=1,
    unique_by=lambda result: result.variant,
)


@given(_RESULTS)
def test_the_ladder_is_judged_from_below(results):
    """With an independent oracle: the lowest with a sweep is right; all others are held to it.

    All cells ran side by side from the first sweep on, so that all verdicts come from that one.
    """
    verdicts = _judge(*results)
    judged = [result for result in results if result.sweeps]
    ladder = sorted((r for r in judged if r.place), key=lambda r: r.place or ())
    for result in results:
        verdict = verdicts[result.variant].verdict
        if result not in judged:
            assert verdict == ""
        elif not ladder:
            assert verdict == "unchecked"
        elif result is ladder[0]:
            assert verdict == "reference"
        else:
            assert (verdict == "failed") == _is_wrong(result, ladder)


def _is_wrong(result: Result, ladder: list[Result]) -> bool:
    rmse, rows = (1e-5, 1e-4) if result.variant == SINGLE else (1e-9, 1e-9)
    others = [rung for rung in ladder if rung is not result]
    below = [r for r in others if result.place is None or (r.place or ()) < result.place]
    trusted = [rung for rung in below if rung is ladder[0] or not _is_wrong(rung, below)]
    for sweep in range(1, result.sweeps + 1):
        reference = next((rung for rung in trusted if rung.sweeps >= sweep), None)
        if reference is not None and abs(result.off - reference.off) > rmse:
            return True
    return abs(result.rows_off - ladder[0].rows_off) > rows
