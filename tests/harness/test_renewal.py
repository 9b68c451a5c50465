"""A cell that goes on in a new process: the same results, from memory that lies elsewhere."""

from dataclasses import replace

import pytest
from tiny import alive_workers, go, record_of

from harness.measure.handle import Worker, WorkerFailure
from harness.measure.live import Live
from harness.measure.session import Session
from harness.results.log import read_run

NAMES = ("numpy", "numba-serial")


def test_it_goes_on_where_it_was_and_only_its_turns_tell(tmp_path):
    """Judged after rounds 1 to 3, in two processes; sweeps on the clock only in a third."""
    one = go(tmp_path / "one", NAMES, rounds=5)
    three = go(tmp_path / "three", NAMES, rounds=5, process_rounds=2)
    for name in NAMES:
        before, after = record_of(one, name), record_of(three, name)
        assert [turn.process for turn in before.turns] == [1] * 5
        assert [turn.process for turn in after.turns] == [1, 1, 2, 2, 3]
        assert after.qualities == before.qualities
        assert after.phases.keys() == before.phases.keys()
    assert not alive_workers()


def test_one_that_does_not_start_again_ends_alone(tmp_path, monkeypatch):
    set_up = Live.set_up

    def refuse(self, ratings):
        if self.process == 2 and self.cell.variant == "numpy":
            raise WorkerFailure("failed", "no second time")
        set_up(self, ratings)

    monkeypatch.setattr(Live, "set_up", refuse)
    run = go(tmp_path, NAMES, rounds=4, process_rounds=3)
    ended = {name: record_of(run, name).ended for name in NAMES}
    assert (ended["numpy"].status, ended["numpy"].reason) == ("failed", "no second time")
    assert len(record_of(run, "numpy").turns) == 3
    assert ended["numba-serial"].status == "ok"
    assert len(record_of(run, "numba-serial").turns) == 4
    assert not alive_workers()


def test_ctrl_c_while_it_starts_again_leaves_nothing_behind(tmp_path, monkeypatch):
    create = Live.create

    def interrupted(self):
        if self.process == 2:
            raise KeyboardInterrupt
        create(self)

    monkeypatch.setattr(Live, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, NAMES, rounds=4, process_rounds=3)
    assert not alive_workers()
    ended = [record_of(read_run(tmp_path), name).ended for name in NAMES]
    assert [one.status for one in ended] == ["interrupted"] * 2


def test_its_memory_is_the_largest_of_its_processes(tmp_path, monkeypatch):
    peaks = {1: 300, 2: 900, 3: 400}
    call = Worker.call

    def with_peak(self, method, *given):
        seconds, result = call(self, method, *given)
        if method is Session.facts:
            number[0] += 1
            result = replace(result, peak_bytes=peaks[number[0]])
        return seconds, result

    number = [0]
    monkeypatch.setattr(Worker, "call", with_peak)
    run = go(tmp_path, ["numba-parallel"], rounds=5, process_rounds=2)
    ended = record_of(run, "numba-parallel").ended
    assert ended.peak_bytes == 900
