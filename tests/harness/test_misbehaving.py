"""Implementations that misbehave, in one run with some that do not."""

import numpy as np
import pytest
from tiny import alive_workers, go, record_of

from harness.analysis.frame import cells
from harness.analysis.parity import judge_rung
from harness.measure import asking, engine

ZOO = {
    "bad_backends:Infinite": ("diverged", "not finite after sweep 1"),
    "bad_backends:NotANumber": ("diverged", "not finite"),
    "bad_backends:Diverging": ("diverged", "items row 5: its normal equations are singular"),
    "bad_backends:MisShaped": ("failed", "of shape"),
    "bad_backends:Unlicensed": ("failed", "RuntimeError: no licence for this machine"),
    "bad_backends:Exiting": ("failed", "exit status 3: last words"),
    "bad_backends:Killed": ("out_of_memory", "the system killed the worker"),
    "bad_backends:Rubbish": ("failed", "an answer that cannot be read"),
    "bad_backends:Greedy": ("refused", "GiB are free"),
    "bad_backends:Picky": ("refused", "300 users are too many"),
    "bad_backends:EndsWhenMade": ("failed", "create: the worker ended with exit status 3"),
    "bad_backends:EndsWhenAsked": ("failed", "ask: the worker ended with exit status 3"),
    "bad_backends:HangsWhenAsked": ("timeout", "ask: no answer for 1 s"),
    "broken:Unfinished": ("failed", "update_users returns before its work is done"),
    "broken:Unjoined": ("failed", "changed after update_"),
    "bad_backends:Modest": ("ok", ""),
    "bad_backends:Chatty": ("ok", ""),
    "numpy": ("ok", ""),
}


def _ask_impatiently(patched):
    """Give up the one soon that never answers, and no other."""
    ask = asking.Interviewer.ask

    def impatient(self, cell, size):
        hangs = cell.variant == "bad_backends:HangsWhenAsked"
        self.start()._timeout_s = 1.0 if hangs else asking.TIMEOUT_S
        return ask(self, cell, size)

    patched.setattr(asking.Interviewer, "ask", impatient)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        _ask_impatiently(patched)
        run = go(tmp_path_factory.mktemp("zoo"), list(ZOO), baseline="numpy", rounds=3)
    assert not alive_workers()
    return run


def test_a_constructor_that_hangs_is_given_up(tmp_path, monkeypatch):
    names = ["numpy", "bad_backends:HangsWhenMade"]
    start = engine.LocalProcesses.start

    def impatient(self, cell, timeout_s):
        return start(self, cell, 1.0 if cell.variant == names[1] else timeout_s)

    monkeypatch.setattr(engine.LocalProcesses, "start", impatient)
    run = go(tmp_path, names, baseline="numpy", rounds=3)
    ended = record_of(run, names[1]).ended
    assert (ended.status, ended.reason) == ("timeout", "create: no answer for 1 s")
    assert record_of(run, "numpy").ended.status == "ok"
    assert not alive_workers()


@pytest.mark.parametrize("variant", ZOO)
def test_whatever_an_implementation_does_becomes_its_status(zoo, variant):
    ended = record_of(zoo, variant).ended
    assert ended is not None
    status, reason = ZOO[variant]
    assert ended.status == status
    assert reason in ended.reason


def test_one_that_fails_after_a_sweep_keeps_that_sweep(zoo):
    record = record_of(zoo, "bad_backends:Diverging")
    assert record.qualities
    assert judge_rung(zoo.rungs["full"])[record.cell].verdict == "ok"


def test_the_others_are_not_disturbed(zoo):
    assert zoo.rungs["full"].ended is not None
    frame = cells(zoo).set_index("variant")
    for variant, (status, _) in ZOO.items():
        assert frame.loc[variant, "state"] == status
        assert np.isnan(frame.loc[variant, "speedup"]) == (
            status != "ok" and variant != "bad_backends:Diverging"
        )


def test_facts_that_were_compared_are_finite(zoo):
    for record in zoo.records:
        assert np.isfinite([difference.largest for difference in record.differences]).all()
        assert np.isfinite([half.relative for half in record.half_sweeps]).all()
