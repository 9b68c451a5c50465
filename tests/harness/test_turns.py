"""How many turns a cell takes: its budget, and what it may take of its rung's seconds."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_runs import planned

from harness.cli import _BUDGET
from harness.measure import live
from harness.measure.live import FREE_S, Live
from harness.measure.plan import Plan
from harness.measure.session import Facts, Session
from harness.measure.timing import Timed
from implementations.problem import AlsParams


class Clockwork:
    """A worker whose sweeps take what they are told to."""

    def __init__(self, sweep_s: float) -> None:
        self.sweep_s = sweep_s

    def call(self, method, *given):
        if method is Session.turn:
            return 0.0, Timed(1, self.sweep_s / 2, self.sweep_s / 2)
        return 0.0, Facts(1, {})

    def rest(self) -> None:
        pass

    def stop(self) -> None:
        pass


class Unjudged(Live):
    """Takes turns, and takes every judgement for done."""

    def _judge(self, sweeps: int) -> None:
        self.judged = sweeps


def cell(sweep_s: float, events: list, **plan) -> Live:
    given = {"implementations": (), "rungs": (), "threads": (1,), "params": AlsParams()}
    where = Path("unused")
    return Unjudged(
        planned("naive"),
        Clockwork(sweep_s),
        Plan(**given | plan),
        events.append,
        where,
        where,
        SimpleNamespace(),
    )


def turns_of(
    sweep_s: float, others_s: float = 0.0, rounds: int = 100, rounds_planned: int = 30, **plan
) -> tuple[int, list]:
    """Turns that a cell takes beside others that take so many seconds a round; its events."""
    events: list = []
    one = cell(sweep_s, events, rounds=rounds_planned, **plan)
    clock_s = 0.0
    for number in range(rounds):
        expected = one.turns_left(rounds - number, clock_s)
        wants = one.wants_a_turn(clock_s)
        assert (expected > 0) == wants or number == 0
        if wants:
            one.take_turn(number + 1, 0)
            clock_s += sweep_s
        clock_s += others_s
    one.finish()
    return one.turns, events


@pytest.mark.parametrize(("sweep_s", "turns"), [(1.0, 15), (5.0, 10), (10.0, 6), (20.0, 3)])
def test_the_budget_is_for_judged_sweeps_and_a_quarter_of_it_for_more(sweep_s, turns):
    assert turns_of(sweep_s, budget_s=60.0)[0] == turns


def test_more_rounds_than_usual_have_half_of_the_budget():
    assert turns_of(1.0, budget_s=60.0)[0] == 15
    assert turns_of(1.0, budget_s=60.0, rounds_planned=180)[0] == 30


@pytest.mark.parametrize("sweep_s", [20.1, 30.0, 59.0, 61.0])
def test_one_turn_tells_as_much_as_two(sweep_s):
    turns, events = turns_of(sweep_s, budget_s=60.0)
    assert turns == 1
    assert events[-1].status == "over_budget"
    assert events[-1].reason.endswith("3 would not fit into the budget of 60 s")


def test_what_was_begun_is_finished_where_sweeps_become_a_little_slower():
    one = cell(19.9, events := [], budget_s=60.0)
    for number in range(9):
        if one.wants_a_turn():
            one.take_turn(number + 1, 0)
            one.worker.sweep_s += 0.2
    one.finish()
    assert one.turns == 3
    assert events[-1].reason == "3 of 10 sweeps took 60.3 s; the budget is 60 s"


def test_the_help_names_the_budget_that_there_is():
    assert f"(default: {Plan.budget_s:g}," in _BUDGET


def test_a_slow_cell_takes_three_turns_and_no_more_than_its_share():
    turns, events = turns_of(4.0, others_s=0.2, share=0.5, rounds=30)
    assert turns == 3
    reason = "3 of 10 sweeps took 12 s; more is over 50% of this scale's seconds (--budget allows"
    assert events[-1].reason.startswith(reason)


def test_it_takes_more_while_the_others_take_as_long():
    assert turns_of(4.0, others_s=4.0, share=0.5)[0] == 10
    assert 3 < turns_of(8.0, others_s=2.0, share=0.5, rounds=20)[0] < 7


def test_without_a_share_its_budget_alone_decides():
    assert turns_of(4.0, others_s=0.2, share=None)[0] == 10


def test_a_share_does_not_hold_back_what_is_quick():
    assert turns_of(FREE_S / 30, others_s=0.0, share=0.5, rounds=30)[0] == 30


def test_an_unlimited_budget_takes_every_round():
    turns, events = turns_of(1000.0, budget_s=float("inf"))
    assert turns == 100
    assert events[-1].status == "ok"


def test_a_turn_waits_for_what_judging_left_behind(monkeypatch):
    """First the runner's threads stop, then the worker sweeps, then its own threads stop."""
    met = []
    one = cell(1.0, [])
    monkeypatch.setattr(live, "rest", met.append)
    call, rest = one.worker.call, one.worker.rest
    one.worker.call = lambda *given: met.append("turn") or call(*given)
    one.worker.rest = lambda: met.append("its rest") or rest()
    one.take_turn(1, 0)
    assert met[:3] == [os.getpid(), "turn", "its rest"]
