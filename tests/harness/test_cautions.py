"""What should make a reader careful, and that nothing is said where nothing is amiss."""

from dataclasses import replace

import numpy as np
import pytest
from made_runs import planned, run_started, rung_started, turns

from harness.analysis.remarks.of_timing import timing_remarks
from harness.analysis.stability import drift, first_turn_outliers, other_threads, others_cores
from harness.analysis.verdicts import cell_verdicts
from harness.results.events import Difference, Ended, GroupPlaced, Quality, RunEnded, RungEnded
from harness.results.records import Run, fold

BEFORE = {"load": 0.1, "time": "2026-01-01T00:00:00+00:00", "busy_s": 1_000.0, "own_s": 2.0}
AFTER = {"load": 2.0, "time": "2026-01-01T00:01:40+00:00", "busy_s": 1_190.0, "own_s": 190.0}


def made(
    seconds: dict,
    before: dict | None = None,
    after: dict | None = None,
    threads: dict | None = None,
) -> Run:
    """A run of 100 s with these seconds of a sweep; as its ends, quiet ones unless given."""
    started = replace(run_started("numpy"), environment=before or BEFORE)
    events = [started, rung_started(), *(planned(name) for name in seconds)]
    for name, values in seconds.items():
        cell = planned(name).cell
        events += turns(cell, values)
        events.append(Quality(cell, 1, 0.8, 0.9, 0.9))
        events.append(Difference(cell, planned("numpy").cell, 1, 0.0))
        events.append(Ended(cell, "ok", "", 1, threads_in_force=threads or {"numba": 1}))
    events.append(RungEnded("100k", 99.0))
    return fold([*events, RunEnded(99.0, False, after or AFTER)])


def noise(seed: int, rounds: int = 20, middle: float = 1.0) -> list[float]:
    """Seconds with 2 % of noise."""
    return (middle * np.exp(0.02 * np.random.default_rng(seed).standard_normal(rounds))).tolist()


CALM = {"numpy": noise(1), "numba-serial": noise(2, middle=0.5)}


def said(run: Run) -> str:
    return "\n".join(remark.text for remark in timing_remarks(run, cell_verdicts(run)))


def test_of_a_calm_run_nothing_is_said():
    assert said(made(CALM)) == ""


def test_a_busy_machine_is_said_with_what_to_do():
    assert "load 1.5): repeat it when it is idle" in said(made(CALM, BEFORE | {"load": 1.5}))


def test_load_at_the_end_that_is_our_own_is_not_held_against_others():
    run = made(CALM, after=AFTER | {"load": 8.0})
    assert others_cores(run) == pytest.approx(0.02)
    assert said(run) == ""


def test_work_of_others_during_the_run_is_said():
    run = made(CALM, after=AFTER | {"busy_s": 1_258.0})
    assert others_cores(run) == pytest.approx(0.7)
    assert "kept 0.7 cores busy" in said(run)


@pytest.mark.parametrize(
    "after",
    [
        {"load": 2.0},  # an older log
        AFTER | {"time": "2026-01-01T03:00:00+00:00"},  # resumed hours later
        AFTER | {"own_s": 1.0},  # by another process
    ],
)
def test_what_others_did_is_not_known_of_old_or_resumed_runs(after):
    assert others_cores(made(CALM, after=after)) is None


def test_work_of_others_on_other_machines_is_said_of_these():
    driver = {"engine": "dask", "driver": BEFORE}
    run = made(CALM, driver)
    fold([GroupPlaced("100k", 0, "10.0.0.2", BEFORE, AFTER)], run)
    assert said(run) == ""
    fold([GroupPlaced("100k", 1, "10.0.0.3", BEFORE, AFTER | {"busy_s": 1_258.0})], run)
    fold([GroupPlaced("100k", 2, "10.0.0.4", BEFORE)], run)  # it broke off
    assert "while a group was at work (0.7 of 10.0.0.3)" in said(run)


def test_a_cold_first_turn_is_named():
    run = made(CALM | {"numpy": [1.6, *noise(3, 5)]})
    (outlier,) = first_turn_outliers(run)
    assert outlier.cell.variant == "numpy"
    assert outlier.factor == pytest.approx(1.6, rel=0.05)
    assert "the first turn is an outlier: numpy at 100k (1.6 times the others)" in said(run)


@pytest.mark.parametrize(
    "seconds",
    [
        [1.09, *[1.0] * 5],  # below what matters
        [2.0, *np.exp(0.4 * np.random.default_rng(4).standard_normal(5))],  # others vary as much
        [2.0, 1.0, 1.0, 1.0],  # too few to tell
        [0.5, *[1.0] * 5],  # not cold, whatever it is
        [2.0, *[1.0] * 19],  # one of many does not matter
    ],
    ids=["small", "noisy", "few", "fast", "many"],
)
def test_a_first_turn_that_others_allow_is_none(seconds):
    assert not list(first_turn_outliers(made({"numpy": seconds})))


def test_a_machine_that_drifts_is_named_and_one_slow_cell_is_not_drift():
    halves = {name: values[:10] + [1.4 * s for s in values[10:]] for name, values in CALM.items()}
    run = made(halves)
    assert drift(run.rungs["100k"]) == pytest.approx(1.4, rel=0.02)
    assert "at 100k the machine drifted: sweeps took 1.39 times as long" in said(run)
    one = made(CALM | {"naive": noise(5), "numpy": halves["numpy"]})
    assert "drifted" not in said(one)


def test_drift_needs_turns():
    assert drift(made({"numpy": [1.0, 2.0, 4.0]}).rungs["100k"]) is None


def test_threads_that_are_not_those_asked_for_are_named():
    run = made(CALM, threads={"numba": 1, "numba_layer": "omp", "openblas (x.so)": 2})
    assert [(library, count) for _, library, count in other_threads(run)] == [
        ("openblas (x.so)", 2)
    ] * 2
    assert "numpy at 100k was to use 1 thread, but openblas (x.so) had 2 in force" in said(run)


def test_few_rounds_are_named():
    words = said(made({"numpy": noise(1, 2), "numba-serial": noise(2)}))
    assert "fewer than 3 rounds, so no interval: numpy at 100k; a larger --budget" in words
    assert "no interval" not in said(made({"numpy": noise(1, 3), "numba-serial": noise(2, 3)}))


@pytest.mark.parametrize(("precision", "most"), [(None, 15), (0.01, 1)])
def test_intervals_too_wide_for_a_claim_or_for_what_was_asked_are_named(precision, most):
    wide = np.exp(0.8 * np.random.default_rng(3).standard_normal(20)).tolist()
    wild = made({"numpy": noise(1), "numba-serial": wide})
    words = f"intervals wider than ±{most}%: numba-serial at 100k; --rounds 180 narrows them"
    wild.started.plan["precision"] = precision
    assert words in said(wild)
    calm = made(CALM)
    calm.started.plan["precision"] = precision
    assert ("intervals wider" in said(calm)) == (precision is not None)


def test_what_cannot_be_told_from_the_baseline_is_said_with_what_could():
    words = said(made({"numpy": noise(1), "numba-serial": noise(2)}))
    assert "numba-serial at 100k, 1 thread: no difference from numpy seen; one of 5.8%" in words
    assert "raise --rounds" in words


def test_intervals_that_disagree_are_said():
    flat = [1.0 + 1e-6 * (n % 7) for n in range(60)]
    wild = (0.5 * np.exp(np.tile([-0.3, 0.0, 0.3], 20))).tolist()  # alike in the jackknife's groups
    words = said(made({"numpy": flat, "numba-serial": wild}))
    assert "numba-serial at 100k, 1 thread: its interval is" in words
    calm = made({"numpy": noise(1, 40), "numba-serial": noise(2, 40, 0.5)})
    assert "its interval is" not in said(calm)
