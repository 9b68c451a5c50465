"""Events folded by rung and cell."""

import pytest
from made_runs import Result, made_run, planned, run_started, rung_events, rung_started, turns

from harness.results.events import Cell, Ended, GroupPlaced, Phase, Quality, RunEnded, Turn
from harness.results.records import fold

CELL = Cell("100k", "naive", 1)


def test_facts_find_their_cell():
    events = [rung_started(), planned("naive"), planned("numpy"), *turns(CELL, [1.0, 2.0])]
    events += [Phase(CELL, "open", 1.0), Quality(CELL, 1, 0.9, 0.8, 0.7), Ended(CELL, "ok", "", 1)]
    naive, numpy = made_run(events).records
    assert (naive.cell, len(naive.turns), naive.phases) == (CELL, 2, {"open": 1.0})
    assert naive.qualities == [Quality(CELL, 1, 0.9, 0.8, 0.7)]
    assert naive.ended == Ended(CELL, "ok", "", 1)
    assert not numpy.turns
    assert numpy.ended is None


def test_a_rung_that_starts_again_voids_what_came_before():
    first = rung_events([Result("naive"), Result("numpy", off=0.5)])
    second = rung_events([Result("naive", sweeps=1)])
    run = made_run(first, [rung_started("full")], second)
    assert list(run.rungs) == ["100k", "full"]
    assert [r.cell.variant for r in run.rungs["100k"].records.values()] == ["naive"]
    assert len(run.records[0].qualities) == 1


def test_a_rung_that_starts_again_is_not_ended_by_its_former_end():
    assert made_run(rung_events([Result("naive")])).rungs["100k"].ended is not None
    again = made_run(rung_events([Result("naive")]), [rung_started()])
    assert again.rungs["100k"].ended is None


def test_a_resumed_run_has_not_ended_yet():
    ended = [run_started("naive"), RunEnded(1.0, True, {})]
    assert fold(ended).ended is not None
    resumed = fold([*ended, run_started("numpy")])
    assert resumed.ended is None
    assert resumed.started.plan["baseline"] == "naive"


def test_an_anchor_is_judged_once_and_keeps_what_went_wrong():
    """It runs once in each group; its turns all count, its judged sweeps are the same again."""
    rung = [rung_started(), planned("naive", anchor=True)]
    first = [Quality(CELL, n, 1 / n, None, None) for n in (1, 2)]
    run = made_run(
        rung,
        [*first, *turns(CELL, [1.0, 1.0]), Ended(CELL, "timeout", "slow", 2)],
        [*first, Quality(CELL, 3, 0.3, None, None), *turns(CELL, [1.0], first_round=3)],
        [Ended(CELL, "ok", "", 3)],
    )
    (record,) = run.records
    assert [quality.sweep for quality in record.qualities] == [1, 2, 3]
    assert [turn.round for turn in record.turns] == [1, 2, 3]
    assert record.ended is not None
    assert record.ended.status == "timeout"


def test_repeated_phases_add_up():
    events = [
        rung_started(),
        planned("naive"),
        Phase(CELL, "evaluate", 1),
        Phase(CELL, "evaluate", 2),
    ]
    assert made_run(events).records[0].phases == {"evaluate": 3}


def test_seconds_of_a_sweep_are_those_of_the_turn_over_its_sweeps():
    turn = Turn(CELL, 1, 0, 4, 1.0, 3.0)
    assert turn.sweep_s == 1.0
    events = [rung_started(), planned("naive"), turn, Turn(CELL, 2, 0, 1, 5.0, 1.0)]
    events += [Turn(CELL, 3, 0, 2, 1.0, 4.0)]
    assert made_run(events).records[0].median_halves_s == pytest.approx((0.5, 1.0))


def test_where_groups_ran_is_of_their_rung():
    def placed(rung, group, host):
        return GroupPlaced(rung, group, host, {})

    started = rung_started("full")
    run = made_run(rung_events([Result("naive")]), [started, placed("full", 1, "b")])
    fold([placed("100k", 0, "a"), placed("full", 0, "c"), placed("full", 1, "d")], run)
    assert [one.host for one in run.placed] == ["a", "c", "d"]
    fold([started], run)  # it is begun again
    assert [one.host for one in run.placed] == ["a"]
