"""Two kinds of contestants: what a turn times, and what it leaves behind."""

import numpy as np
import pytest
import whole_fits
from tiny import PARAMS, RUNGS, go, record_of, tiny_dataset

from harness.measure import rung_run
from harness.measure.contestant import HalfSweeps, WholeFits, contestant
from implementations import als, fit
from implementations.registry import find

NAMES = ("numpy", "whole_fits:OtherStart", "whole_fits:OwnObjective", "whole_fits:FailingFit")


@pytest.fixture
def sleeper(monkeypatch) -> tuple[WholeFits, whole_fits.Sleeper]:
    """A library that takes just the seconds it means to take, on a clock of its own."""
    now = [0.0]
    monkeypatch.setattr("harness.measure.contestant.perf_counter", lambda: now[0])
    monkeypatch.setattr(whole_fits, "sleep", lambda s: now.__setitem__(0, now[0] + s))
    library = whole_fits.Sleeper(PARAMS, np.dtype("float64"))
    library.prepare(tiny_dataset().ratings)
    return WholeFits(library), library


def test_the_kind_is_that_of_the_class():
    assert isinstance(contestant(find("numpy"), PARAMS, 1), HalfSweeps)
    assert isinstance(contestant(find("whole_fits:OtherStart"), PARAMS, 1), WholeFits)


def test_an_iteration_takes_what_it_makes_a_fit_longer(sleeper):
    taking_part, _ = sleeper
    timed = taking_part.turn(4, None)
    assert timed.sweeps == 4
    assert timed.whole_s / 4 == pytest.approx(0.01)
    assert (timed.users_s, timed.items_s) == (None, None)
    assert [sweeps for sweeps, _ in timed.fits] == [1, 5]
    assert timed.clock_s == pytest.approx(0.07 + 0.11)


def test_calibration_goes_on_until_iterations_stand_out_from_what_is_around_them(sleeper):
    taking_part, library = sleeper
    timed = taking_part.turn(None, 1)
    assert timed.sweeps == 4  # 40 of 110 ms; 2 were 20 of 90
    assert library.fits[-1] == 1  # what is judged is trained last


@pytest.mark.parametrize(
    ("sweeps", "judged", "fits"), [(2, 3, [1, 3]), (1, 3, [1, 3]), (4, 3, [1, 5, 3])]
)
def test_what_is_judged_is_trained_last(sleeper, sweeps, judged, fits):
    taking_part, library = sleeper
    timed = taking_part.turn(sweeps, judged)
    assert library.fits == fits
    assert [n for n, _ in timed.fits] == fits


def test_iterations_without_seconds_are_an_error():
    library = whole_fits.Timeless(PARAMS, np.dtype("float64"))
    library.prepare(tiny_dataset().ratings)
    with pytest.raises(RuntimeError, match="takes no longer than one of 1: choose a larger"):
        WholeFits(library).turn(1, None)


def test_half_sweeps_cannot_be_asked_of_a_library(sleeper):
    with pytest.raises(TypeError, match="has no half-sweeps"):
        sleeper[0].half_sweep("users")


@pytest.fixture(scope="module", autouse=True)
def restless():
    """Nobody looks at what libraries' threads do to the turns after theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rung_run, "_REST_S", 0.0)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return go(tmp_path_factory.mktemp("run"), NAMES, rounds=4, sweeps=9)


def test_a_library_takes_part_in_a_run(run):
    for name in NAMES[1:3]:
        record = record_of(run, name)
        assert record.planned.kind == "whole-fits"
        assert record.ended.status == "ok"
        assert [quality.sweep for quality in record.qualities] == [1, 2, 3, 5, 7, 9]
        assert {fit.sweeps for fit in record.fits} >= {1, 2, 3, 5, 7, 9}
        assert record.median_halves_s is None
        assert record.median_sweep_s > 0
        assert not record.differences
        assert not record.half_sweeps
        assert {"open", "prepare", "compile"} <= record.phases.keys()


def test_what_it_minimises_is_in_the_log(run):
    planned = [record_of(run, name).planned.own_objective for name in NAMES]
    assert planned == ["", "", "twice the regularisers", ""]


def test_the_objective_of_the_same_model_from_another_start_comes_close(run):
    reference, same, own = (record_of(run, name).qualities[-1].objective for name in NAMES[:3])
    assert same == pytest.approx(reference, rel=0.02)
    assert own > 1.02 * reference


def test_the_objective_is_that_of_the_oracle(run, tmp_path):
    from harness.conformance.oracle import objective
    from harness.data.ladder.scales import cut

    rung = cut(tiny_dataset(), "full", 0)
    backend = als.ready(find("numpy"), rung.train, PARAMS, 1)
    als.sweep(backend)
    exact = objective(rung.train, PARAMS, backend.read())
    assert record_of(run, "numpy").qualities[0].objective == pytest.approx(exact, rel=1e-12)


def test_one_that_fails_ends_alone(run):
    ended = record_of(run, NAMES[3]).ended
    assert ended.status == "failed"
    assert ended.reason.startswith("RuntimeError: no convergence")


def test_it_goes_on_in_new_processes_and_at_the_next_rung(tiny_scales, tmp_path):
    names = NAMES[:2]
    run = go(tmp_path, names, RUNGS, rounds=5, process_rounds=2, sweeps=2)
    for rung in RUNGS:
        turns = record_of(run, names[1], rung).turns
        assert [turn.process for turn in turns] == [1, 1, 2, 2, 3]


def test_fit_trains_with_a_library_too():
    train = tiny_dataset().ratings
    factors = fit(train, PARAMS, sweeps=2, implementation="whole_fits:OtherStart")
    assert factors.users.shape == (train.n_users, PARAMS.rank + 1)
