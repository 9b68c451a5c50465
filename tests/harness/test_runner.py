"""Runs from end to end, on a set so small that everything can be tried."""

import os
import signal
from collections import defaultdict

import pytest
from tiny import PARAMS, RUNGS, Watcher, alive_workers, go, record_of

from harness.analysis.frame import cells
from harness.analysis.parity import judge_rung
from harness.cost import worker_bytes
from harness.measure import comparing, runner
from harness.measure.live import Live
from harness.measure.runner import WORK_FOLDER
from harness.results.events import RungStarted, Turn
from harness.results.log import LOG_NAME, read_events, read_run
from implementations.ratings import ProblemSize
from implementations.registry import LADDER, find, names

# The run of everything.


def test_every_implementation_is_right(everything):
    verdicts = judge_rung(everything.rungs["full"])
    assert [cell.variant for cell in verdicts] == names()
    for cell, parity in verdicts.items():
        expected = "reference" if cell.variant == "naive" else "ok"
        assert (parity.verdict, parity.reason) == (expected, "")
    frame = cells(everything)
    assert frame["state"].tolist() == ["ok"] * len(names())
    assert frame["speedup"].notna().all()


def test_every_cell_went_through_its_phases_and_turns(everything):
    for record in everything.records:
        assert record.phases.keys() == {"open", "prepare", "load", "compile", "evaluate"}
        assert [turn.round for turn in record.turns] == [1, 2, 3, 4]
        assert [quality.sweep for quality in record.qualities] == [1, 2, 3]
        assert record.ended is not None
        assert record.ended.sweeps == 3
        assert record.ended.peak_bytes is not None
        assert record.ended.peak_bytes < record.planned.worker_bytes
        threads = record.ended.threads_in_force["numba"]
        assert threads == record.cell.threads


def test_every_cell_is_held_against_all_of_the_ladder_below_it(everything):
    for record in everything.records:
        own = record.planned.ladder
        below = set(LADDER if own is None else LADDER[:own])
        against = defaultdict(set)
        for difference in record.differences:
            against[difference.against.variant].add(difference.sweep)
        assert against == {variant: {1, 2, 3} for variant in below}
        halves = {(half.against.variant, half.side) for half in record.half_sweeps}
        expected = set() if own == 0 else {("naive", "users"), ("naive", "items")}
        assert halves == expected


def test_all_are_alive_at_once_and_take_turns_in_an_order_of_its_own_every_round(everything):
    for rung in everything.rungs.values():
        orders = defaultdict(dict)
        for record in rung.records.values():
            for turn in record.turns:
                orders[turn.round][turn.position] = record.cell.variant
        assert all(sorted(order) == list(range(len(names()))) for order in orders.values())
        distinct = {tuple(order[n] for n in sorted(order)) for order in orders.values()}
        assert len(distinct) > 1


def test_turns_are_written_as_they_are_taken(everything, run_folder):
    taken = [event for event in read_events(run_folder) if isinstance(event, Turn)]
    keys = [(turn.round, turn.position) for turn in taken]
    assert keys == sorted(keys)


def test_counts_of_a_rung_are_in_the_log(interrupted):
    small, full = (read_run(interrupted[0]).rungs[name].started for name in RUNGS)
    assert 2_000 <= small.train + small.test < full.train + full.test
    assert small.users < full.users == 300
    assert full.cold < full.test


def test_nothing_is_left_behind(everything, run_folder):
    assert [path.name for path in run_folder.iterdir()] == [LOG_NAME]
    assert not alive_workers()


def test_the_watcher_is_told(everything, watcher):
    assert watcher.done == ["full"]
    assert "full: preparing numpy" in watcher.lines
    assert "full: round 4 of 4, numba-parallel" in watcher.lines


def test_each_rung_has_its_end(everything):
    assert all(rung.ended is not None for rung in everything.rungs.values())
    assert everything.ended is not None
    assert not everything.ended.interrupted


# Determinism, and what interrupts a run.


@pytest.fixture(scope="module")
def interrupted(tiny_scales, tmp_path_factory):
    """A part of the run of everything, interrupted in its second rung; who watched, and where."""

    def interrupt(line: str) -> None:
        if line == "full: round 2 of 4, numba-parallel":
            raise KeyboardInterrupt

    folder, chosen = tmp_path_factory.mktemp("interrupted"), ("numpy", "numba-parallel")
    with pytest.raises(KeyboardInterrupt):
        go(folder, chosen, RUNGS, Watcher(interrupt))
    assert not alive_workers()
    assert not (folder / WORK_FOLDER).exists()
    return folder, chosen


def test_an_interrupted_run_says_so_and_keeps_what_was_done(interrupted):
    run = read_run(interrupted[0])
    assert run.ended is not None
    assert run.ended.interrupted
    assert run.rungs["100k"].ended is not None
    assert run.rungs["full"].ended is None
    for record in run.rungs["full"].records.values():
        assert record.ended is not None
        assert record.ended.status == "interrupted"
        assert record.ended.reason == f"after {len(record.qualities)} sweeps"
    assert set(cells(run)["state"]) == {"ok", "interrupted"}


def test_a_run_that_goes_on_ends_where_an_uninterrupted_one_does(everything, interrupted):
    folder, chosen = interrupted
    before = (folder / LOG_NAME).read_bytes()
    kept = read_run(folder).rungs["100k"]
    resumed = go(folder, chosen, ("full",))
    assert (folder / LOG_NAME).read_bytes().startswith(before)
    assert resumed.rungs["100k"] == kept
    for variant in chosen:
        expected = record_of(everything, variant).qualities
        assert record_of(resumed, variant).qualities == expected
    assert set(cells(resumed)["state"]) == {"ok"}
    assert resumed.ended is not None
    assert not resumed.ended.interrupted
    starts = [e.rung for e in read_events(folder) if isinstance(e, RungStarted)]
    assert starts == ["100k", "full", "full"]


def test_an_error_of_the_runner_ends_the_workers_and_the_log(tiny_scales, tmp_path):
    def fail(line: str) -> None:
        if line.startswith("full: round 1"):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        go(tmp_path, ["numpy"], watcher=Watcher(fail))
    assert not alive_workers()
    run = read_run(tmp_path)
    assert run.ended is not None
    assert run.ended.interrupted


# Whom each is held against.


def test_without_a_rung_of_the_ladder_a_hidden_one_runs(tmp_path):
    run = go(tmp_path, ["third_party:MyAls"])
    hidden = record_of(run, "numba-parallel")
    assert hidden.planned.hidden
    assert judge_rung(run.rungs["full"])[hidden.cell].verdict == "reference"
    frame = cells(run)
    assert frame["variant"].tolist() == ["third_party:MyAls"]
    assert frame["state"].tolist() == ["ok"]
    assert frame["against"].tolist() == ["numba-parallel"]


def test_the_next_rung_is_the_reference_once_the_lowest_is_over_its_budget(tmp_path, monkeypatch):
    wants_a_turn = Live.wants_a_turn

    def stop_naive(live: Live, clock_s: float = 0.0) -> bool:
        spent = live.cell.variant == "naive" and live.judged >= 2
        return wants_a_turn(live, clock_s) and not spent

    monkeypatch.setattr(Live, "wants_a_turn", stop_naive)
    chosen = ["naive", "numpy", "broken:RegulariserOff", "numba-serial"]
    run = go(tmp_path, chosen)
    verdicts = {cell.variant: p for cell, p in judge_rung(run.rungs["full"]).items()}
    serial = verdicts["numba-serial"].reference_of_sweep
    assert {s: cell.variant for s, cell in serial.items()} == {1: "naive", 2: "naive", 3: "numpy"}
    assert verdicts["broken:RegulariserOff"].verdict == "failed"
    naive = record_of(run, "naive").ended
    assert naive is not None
    assert (naive.status, naive.sweeps) == ("over_budget", 2)
    assert naive.reason.startswith("2 of 3 sweeps took")


def test_a_slow_cell_is_held_to_half_sweeps_at_its_first_rung_only(
    tiny_scales, tmp_path, monkeypatch
):
    def is_quick(one: Live, budget_s: float) -> bool:
        return one.cell.variant != "naive"

    monkeypatch.setattr(comparing, "_is_quick", is_quick)
    run = go(tmp_path, ["naive", "numpy", "numba-serial"], ["100k", "full"])
    compared = {
        rung: {
            cell.variant for cell, record in run.rungs[rung].records.items() if record.half_sweeps
        }
        for rung in run.rungs
    }
    assert compared == {"100k": {"naive", "numba-serial"}, "full": {"numba-serial"}}
    verdicts = judge_rung(run.rungs["full"])
    assert {parity.verdict for parity in verdicts.values()} == {"reference", "ok"}


# Memory.


def _room_for(monkeypatch, count: float) -> None:
    """Let memory end after so many workers."""
    one = worker_bytes(_bytes_needed("numba-serial"), 6_000)
    monkeypatch.setattr(runner, "available_bytes", lambda: int(count * one / 0.8))


_SIZE = ProblemSize(6_000, 300, 80)


def _bytes_needed(name: str) -> int:
    variant = find(name)
    return variant.made_by.bytes_needed(variant.job(PARAMS, 1, _SIZE))


def test_cells_that_do_not_fit_together_run_in_groups_with_an_anchor(tmp_path, monkeypatch):
    _room_for(monkeypatch, 2.5)
    chosen = ["numpy", "numba-serial-f32", "numba-serial", "third_party:MyAls"]
    run = go(tmp_path, chosen, sweeps=2, rounds=2)
    records = run.rungs["full"].records.values()
    (anchor,) = (record for record in records if record.planned.anchor)
    assert anchor.planned.ladder is not None
    groups = len(chosen) - 1
    assert {record.planned.group for record in records} == set(range(groups))
    assert len(anchor.turns) == groups * 2
    assert all(len(record.turns) == 2 for record in records if record is not anchor)
    frame = cells(run)
    assert set(frame["state"]) == {"ok"}
    assert frame["speedup"].notna().all()
    rounds = {turn.round for record in records if record is not anchor for turn in record.turns}
    assert len(rounds) == groups * 2


def test_what_does_not_fit_even_alone_is_refused_and_nothing_is_started(tmp_path, monkeypatch):
    _room_for(monkeypatch, 0.5)
    run = go(tmp_path, ["naive", "numpy"])
    for record in run.records:
        assert record.ended is not None
        assert record.ended.status == "refused"
        assert "GiB are free" in record.ended.reason
        assert not record.phases


# Budget.


def test_a_sweep_that_is_expected_to_exceed_the_budget_is_not_begun(tiny_scales, tmp_path):
    """With no budget at all, one sweep shows what one takes; the next rung is not tried."""
    run = go(tmp_path, ["numpy"], RUNGS, budget_s=1e-9)
    first, second = (record.ended for record in run.records)
    assert first is not None
    assert (first.status, first.sweeps) == ("over_budget", 1)
    assert second is not None
    assert second.status == "skipped"
    assert second.reason.startswith("a sweep is expected to take")
    assert not run.records[1].phases
    assert cells(run)["state"].tolist() == ["over_budget", "projected"]


def test_workers_are_out_of_reach_of_ctrl_c(tmp_path):
    """A Ctrl-C goes to the whole foreground group of a terminal; workers are not in it."""
    groups = []

    def look(line: str) -> None:
        if line.startswith("full: round 1"):
            groups.extend(os.getpgid(worker.pid) for worker in alive_workers())
            for worker in alive_workers():
                os.kill(worker.pid, signal.SIGINT)

    run = go(tmp_path, ["numpy"], watcher=Watcher(look), rounds=1, sweeps=1)
    assert groups
    assert os.getpgid(0) not in groups
    assert {record.ended.status for record in run.records if record.ended} == {"ok"}
