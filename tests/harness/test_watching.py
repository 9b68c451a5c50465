"""How a run is shown while it goes on: from a log as it grows, by a clock of the test's own."""

import math
import re

import pytest
from made_runs import planned, run_started, rung_started
from rich.console import Console
from screens import Terminal, console, pass_time

from harness.analysis.so_far import so_far
from harness.measure.observer import Progress
from harness.report import numbers
from harness.report.terminal import rows_so_far
from harness.results.events import Cell, Ended, RungEnded, Turn
from harness.results.records import Run, fold
from harness.screen.console import Screen
from harness.screen.remaining import seconds_left
from harness.screen.watching import Watcher

SECONDS = {"naive": 4.0, "numpy": 0.1, "numba-serial": 0.04}
PLAN = {"rungs": ["100k", "320k"], "sweeps": 10, "rounds": 30, "budget_s": 60.0}


def started(rung: str = "100k", **plan) -> Run:
    """A run whose first scale was begun."""
    run = fold([run_started(**PLAN | plan), rung_started(rung), *map(planned, SECONDS)])
    run.started.dataset["ratings"] = 32_000_000
    return run


def take_turns(run: Run, rounds: range, names=tuple(SECONDS), rung: str = "100k") -> None:
    """Let cells take their turns, each round slower than the one before."""
    for number in rounds:
        for position, name in enumerate(names):
            half = SECONDS[name] * (1 + 0.01 * (number * 7 % 5) * (position + 1)) / 2
            fold([Turn(Cell(rung, name, 1), number, position, 1, half, half)], run)


def progress(name: str = "naive", rung: str = "100k", **changed) -> Progress:
    given = {"round": 4, "rounds": 30, "done": 1, "cells": 3, "left_s": 30.0}
    return Progress(cell=Cell(rung, name, 1), **given | changed)


@pytest.fixture(params=[80, 140])
def on_terminal(request, terminal, clock):
    screen = Screen(console(terminal, request.param), clock)
    run = started()
    return run, screen, Watcher(screen, run, clock)


def last_display(terminal: Terminal) -> str:
    start = terminal.getvalue().rpartition("\x1b[2K")[2]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", start)


def test_the_display_tells_scale_round_cells_and_seconds(on_terminal, terminal, clock):
    run, _, watcher = on_terminal
    take_turns(run, range(1, 4))
    clock.now += 12
    watcher.moment(progress())
    first, second, *_ = last_display(terminal).splitlines()
    assert first == "100k (scale 1 of 2): round 4 of 30, 1 of 3 cells done, naive at work"
    assert second.startswith("12 s elapsed, about ")


def test_seconds_run_while_a_turn_lasts(on_terminal, terminal, clock):
    run, screen, watcher = on_terminal
    take_turns(run, range(1, 4))
    watcher.moment(progress())
    before = watcher.parts()[1]
    pass_time(screen, clock, 5)
    assert "5 s elapsed" in last_display(terminal)
    assert watcher.parts()[1] != before
    pass_time(screen, clock, 500)
    assert watcher.parts()[1] == "8 min 25 s elapsed"  # the guess is used up: none is shown


def test_a_row_appears_as_soon_as_its_cell_has_three_turns(on_terminal, terminal, clock):
    run, _, watcher = on_terminal
    take_turns(run, range(1, 3))
    watcher.moment(progress())
    assert not watcher.rows()
    take_turns(run, range(3, 4), ["naive", "numpy"])
    clock.now += 1
    watcher.moment(progress())
    shown = last_display(terminal)
    assert "numpy" in shown
    assert "numba-serial" not in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("numpy"))
    assert row.split()[2].isdigit()
    assert row.split()[3].startswith("(")  # its interval
    take_turns(run, range(3, 4), ["numba-serial"])
    clock.now += 1
    watcher.moment(progress())
    assert "numba-serial" in last_display(terminal)


def test_rows_are_worked_out_seldom(on_terminal, monkeypatch, clock):
    run, _, watcher = on_terminal
    times = []
    monkeypatch.setattr(
        "harness.screen.watching.so_far", lambda *of: times.append(clock.now) or so_far(*of)
    )
    take_turns(run, range(1, 4))
    begun = clock.now
    for _ in range(200):
        watcher.moment(progress())
        clock.now += 0.1
    assert [round(time - begun) for time in times] == [0, 5, 10, 15]


def test_a_scale_that_has_ended_leaves_its_rows_behind(on_terminal, monkeypatch):
    run, _, watcher = on_terminal
    monkeypatch.setattr("harness.screen.watching.print_rung", lambda *_: None)
    take_turns(run, range(1, 4))
    watcher.moment(progress())
    assert watcher.rows()
    watcher.rung_done("100k")
    watcher.notice("320k: preparing numpy")
    assert watcher.rows() == ()
    assert watcher.parts()[0] == "320k: preparing numpy"


def test_through_a_pipe_a_long_turn_is_told_of_in_one_line(clock, capsys):
    run = started()
    screen = Screen(Console(stderr=True, force_terminal=False), clock)
    watcher = Watcher(screen, run, clock)
    take_turns(run, range(1, 4))
    watcher.moment(progress())
    pass_time(screen, clock, 15)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("100k (scale 1 of 2): round 4 of 30, 1 of 3 cells done, naive at work, ")
    assert ", 15 s elapsed, about " in said


# How long it will still take.


def test_nothing_is_guessed_before_every_cell_had_a_turn():
    run = started()
    take_turns(run, range(1, 2), ["naive", "numpy"])
    assert seconds_left(run, progress(), 5.0, 6.0) is None
    take_turns(run, range(1, 2), ["numba-serial"])
    assert seconds_left(run, progress(), 5.0, 6.0) is not None


def test_the_last_scale_takes_what_is_left_of_it_and_what_is_off_the_clock():
    run = started(rungs=["100k"])
    take_turns(run, range(1, 4))
    on_clock = sum(t.seconds for r in run.records for t in r.turns)
    assert seconds_left(run, progress(), 2 * on_clock, 99.0) == pytest.approx(60.0)
    assert seconds_left(run, progress(left_s=math.inf), 2 * on_clock, 99.0) is None


def test_later_scales_are_guessed_in_proportion():
    run, alone = started(), started(rungs=["100k"])
    for one in (run, alone):
        take_turns(one, range(1, 4))
    spent = (13.0, 13.0)
    later = seconds_left(run, progress(), *spent) - seconds_left(alone, progress(), *spent)
    # naive's budget of 60 s, thirty turns of the others, over 3.2 times the ratings
    assert later == pytest.approx(60 + 30 * 3.2 * 0.14, rel=0.1)


def test_what_was_skipped_or_done_before_takes_no_time():
    run = started(budget_s=10.0)  # naive would take 12.8 s a sweep
    take_turns(run, range(1, 4))
    alone = started(rungs=["100k"], budget_s=10.0)
    take_turns(alone, range(1, 4))
    more = seconds_left(run, progress(), 13, 13) - seconds_left(alone, progress(), 13, 13)
    assert more < 30
    fold([rung_started("320k"), RungEnded("320k", 20.0)], run)
    assert seconds_left(run, progress(), 13, 13) == seconds_left(alone, progress(), 13, 13)


def test_a_cell_without_a_turn_is_guessed_from_a_smaller_scale():
    run = started()
    take_turns(run, range(1, 4))
    fold([RungEnded("100k", 20.0), rung_started("320k", 288_000)], run)
    fold([planned(name, "320k") for name in SECONDS], run)
    guess = seconds_left(run, progress(rung="320k", left_s=0.0), 0.0, 1.0)
    assert guess == pytest.approx(60 + 30 * 3.2 * 0.14, rel=0.1)


@pytest.mark.parametrize(
    ("seconds", "elapsed", "left"),
    [
        (0.4, "0 s", "5 s"),
        (44.9, "44 s", "45 s"),
        (61, "61 s", "70 s"),
        (125.5, "2 min 05 s", "2 min 10 s"),
        (179, "2 min 59 s", "3 min"),
        (601, "10 min 01 s", "11 min"),
        (7_261, "2 h 01 min", "2 h 02 min"),
    ],
)
def test_durations(seconds, elapsed, left):
    assert numbers.duration(seconds) == elapsed
    assert numbers.about(seconds) == left


# Speeds so far.


def test_a_baseline_that_is_skipped_is_projected():
    run = started()
    take_turns(run, range(1, 4))
    fold([RungEnded("100k", 20.0), rung_started("320k", 288_000)], run)
    fold([planned(name, "320k") for name in SECONDS], run)
    fold([Ended(Cell("320k", "naive", 1), "skipped", "", 0)], run)
    take_turns(run, range(1, 4), ["numpy"], "320k")
    (row,) = so_far(run, "320k").to_dict("records")
    assert row["speedup_projected"]
    (line,) = (one for one in rows_so_far(so_far(run, "320k")) if one.startswith("numpy"))
    assert "~" in line


def test_rows_fit_and_say_that_nothing_was_compared_yet():
    run = started()
    assert rows_so_far(so_far(run, "100k")) == []
    take_turns(run, range(1, 4))
    for width in range(60, 140, 10):
        rows = rows_so_far(so_far(run, "100k"), width)
        assert max(map(len, rows)) <= width
        assert "compared when the scale ends" in rows[-1]
