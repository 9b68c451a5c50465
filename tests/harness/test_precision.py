"""Rounds that end when intervals are narrow: what is asked of them, and that it biases nothing."""

import numpy as np
import pytest
from made_runs import made_run, planned, rung_started, series_of, turns
from tiny import go, record_of

from harness.analysis.inference import Pairs
from harness.analysis.speedup import is_precise
from harness.results.events import Turn


def run_of(seconds: dict, precision: float, baseline: str = "numpy"):
    events = [rung_started(), *(planned(name) for name in seconds)]
    for name, values in seconds.items():
        events += turns(planned(name).cell, values)
    run = made_run(events, baseline=baseline)
    run.started.plan["precision"] = precision
    return run


def noisy(seed: int, scatter: float, rounds: int = 40) -> list[float]:
    return np.exp(scatter * np.random.default_rng(seed).standard_normal(rounds)).tolist()


@pytest.mark.parametrize(("precision", "enough"), [(0.10, True), (0.01, False)])
def test_all_intervals_must_be_as_narrow_as_asked(precision, enough):
    run = run_of({"numpy": noisy(1, 0.02), "numba-serial": noisy(2, 0.02)}, precision)
    assert is_precise(run, "100k") == enough


def test_one_wide_interval_is_enough_to_go_on():
    cells = {"numpy": noisy(1, 0.02), "numba-serial": noisy(2, 0.02), "naive": noisy(3, 0.9, 20)}
    assert not is_precise(run_of(cells, 0.1), "100k")


def test_a_cell_without_rounds_for_an_interval_does_not_keep_the_others_waiting():
    cells = {"numpy": noisy(1, 0.02), "naive": noisy(3, 0.02, rounds=1)}
    assert is_precise(run_of(cells, 0.1), "100k")


def test_without_a_baseline_nothing_is_known():
    assert not is_precise(run_of({"numpy": noisy(1, 0.02)}, 0.1, baseline="naive"), "100k")


@pytest.mark.parametrize(("precise_after", "taken"), [(0, 4), (5, 6), (99, 7)])
def test_the_runner_asks_after_whole_processes_two_at_least(tmp_path, precise_after, taken):
    asked: list[int] = []

    def is_precise(run, rung):
        asked.append(len(record_of(run, "numpy").turns))
        return asked[-1] >= precise_after

    names = ("numpy", "numba-serial")
    plan = {"rounds": 7, "process_rounds": 2, "precision": 0.1}
    run = go(tmp_path, names, is_precise=is_precise, **plan)
    assert asked[0] == 4
    assert all(past % 2 == 0 for past in asked)
    assert [len(record_of(run, name).turns) for name in names] == [taken, taken]
    assert all(isinstance(turn, Turn) for turn in record_of(run, "numpy").turns)


def test_without_a_precision_nobody_is_asked(tmp_path):
    def never(run, rung):
        raise AssertionError

    go(tmp_path, ["numpy"], is_precise=never)


_PROCESS, _MOST, _PRECISION = 10, 60, 0.03


def _stopped(random: np.random.Generator, difference: float) -> Pairs:
    """Two cells whose rounds end at the first look at which the interval is narrow enough."""
    logs = 0.03 * random.standard_normal((2, _MOST))
    disturbed = random.random(logs.shape) < 0.2  # a neighbour now and then
    logs += 0.4 * disturbed + 0.01 * np.repeat(random.standard_normal((2, _MOST // 10)), 10, axis=1)
    logs[0] += difference
    for rounds in range(2 * _PROCESS, _MOST + 1, _PROCESS):
        lengths = [_PROCESS] * (rounds // _PROCESS)
        pairs = Pairs(*(series_of(one[:rounds], *lengths) for one in logs))
        low, high = np.log(pairs.shift.interval)
        if (high - low) / 2 <= _PRECISION:
            break
    return pairs


def test_ending_early_raises_no_false_alarms_and_keeps_the_coverage():
    """A/A: verdicts are false in at most 5 %, 95 % intervals miss in at most 5 %."""
    random = np.random.default_rng(15)
    stopped = [_stopped(random, 0.0) for _ in range(300)]
    lengths = {len(pairs) for pairs in stopped}
    assert len(lengths) > 2  # it does stop at several looks, else this shows nothing
    verdicts = [pairs.shift.verdict for pairs in stopped]
    assert np.mean([verdict != "no difference seen" for verdict in verdicts]) <= 0.05
    missed = [not low <= 1 <= high for low, high in (pairs.shift.interval for pairs in stopped)]
    assert np.mean(missed) <= 0.05


def test_ending_early_does_not_bias_the_ratio():
    random = np.random.default_rng(16)
    logs = [_stopped(random, 0.05).shift.log for _ in range(200)]
    assert np.mean(logs) == pytest.approx(0.05, abs=4 * np.std(logs) / np.sqrt(len(logs)))
