"""`pair`: two implementations by turns; its interval, its verdicts, and what it refuses."""

from time import monotonic
from types import SimpleNamespace

import numpy as np
import pytest
from tiny import PARAMS, tiny_dataset, write_csv

from harness.analysis.inference import PROCESS_SPREAD
from harness.analysis.pair import ProcessTurns, pair_result, verdict_on
from harness.cli import main
from harness.measure.pairing import TURNS, Pairing
from implementations.registry import find

REPEATS = 400


def simulated(rng, processes, log_ratio=0.0, *, disturbed=0.15, turns=8, spread=0.01, noise=0.02):
    """Turns of processes; somebody else disturbs some neighbouring ones now and then.

    spread: of what the code of the two happens to differ by, in each process anew.
    """
    found = []
    for _ in range(processes):
        late = np.where(rng.random((2, turns)) < disturbed, rng.exponential(0.5, (2, turns)), 0)
        old, new = rng.normal(0, noise, (2, turns)) + late
        found.append(ProcessTurns(old, new + log_ratio + rng.normal(0, spread)))
    return found


@pytest.mark.parametrize("processes", [6, 10, 30])
def test_equals_are_called_different_in_one_of_a_hundred(processes):
    rng = np.random.default_rng(processes)
    held(pair_result(simulated(rng, processes)) for _ in range(REPEATS))


def test_where_code_lies_is_no_difference_however_much_it_does():
    rng, processes = np.random.default_rng(5), 40
    some = {"turns": 4, "spread": 0.04, "disturbed": 0.0}
    held(pair_result(simulated(rng, processes, **some)) for _ in range(REPEATS))


@pytest.mark.parametrize("turns", [2, 4])
@pytest.mark.parametrize("processes", [2, 5, 6, 20])
def test_few_processes_go_by_the_guess(processes, turns):
    rng = np.random.default_rng(processes)
    some = {"turns": turns, "spread": PROCESS_SPREAD * np.sqrt(2), "disturbed": 0.0}
    held(pair_result(simulated(rng, processes, **some)) for _ in range(REPEATS))


def held(results):
    """What is promised of results on equals."""
    results = list(results)
    wrong = sum(result.shift.verdict != "no difference seen" for result in results)
    assert wrong <= 0.025 * REPEATS  # 1 % promised; binomial scatter
    covered = sum(r.shift.interval[0] <= 1 <= r.shift.interval[1] for r in results)
    assert covered >= 0.915 * REPEATS  # 95 % promised


def test_the_ratio_is_found_in_spite_of_disturbances():
    rng = np.random.default_rng(3)
    results = [pair_result(simulated(rng, 40, np.log(1.02))) for _ in range(100)]
    assert np.mean([result.shift.ratio for result in results]) == pytest.approx(1.02, abs=1e-3)
    assert sum(result.shift.verdict == "slower" for result in results) >= 0.95 * 100


def test_equivalence_is_claimed_inside_of_the_margin_only():
    rng = np.random.default_rng(4)
    inside = [pair_result(simulated(rng, 40, 0.0)) for _ in range(100)]
    at_the_edge = [pair_result(simulated(rng, 40, np.log(1.02))) for _ in range(REPEATS)]
    assert sum(result.is_equivalent(0.02) for result in inside) >= 0.95 * 100
    assert sum(result.is_equivalent(0.02) for result in at_the_edge) <= 0.07 * REPEATS


def test_a_single_turn_makes_no_claim():
    few = pair_result([ProcessTurns([0.0], [1.0])])
    assert few.shift.interval is None
    assert few.half_width == np.inf
    assert verdict_on(few, None) == "too few turns"
    assert not few.is_equivalent(0.5)


def test_words():
    rng = np.random.default_rng(5)
    slow = pair_result(simulated(rng, 20, 0.5))
    assert verdict_on(slow, 0.02) == "slower (α = 0.01)"
    same = pair_result(simulated(rng, 60))
    assert verdict_on(same, 0.02) == "equivalent within 2 %"
    assert verdict_on(same, None) == "no difference seen (α = 0.01)"


def test_blocks_are_of_new_instances_and_balanced_turns(monkeypatch):
    train, made = tiny_dataset().ratings, []
    variant = find("numpy")
    create = type(variant).create

    def noted(self, *given):
        made.append(create(self, *given))
        return made[-1]

    monkeypatch.setattr(type(variant), "create", noted)
    turns = []
    monkeypatch.setattr(
        "harness.measure.pairing.timed_sweeps",
        lambda backend, sweeps: turns.append((backend, sweeps)) or fake(sweeps),
    )
    pairing = Pairing((variant, variant), PARAMS, 1, train)
    assert len(pairing.blocks(0.0, 0)) == 1
    assert len(made) == 2
    timed = [made.index(backend) for backend, sweeps in turns if sweeps == 10]
    assert timed in ([0, 1, 1, 0] * (TURNS // 2), [1, 0, 0, 1] * (TURNS // 2))
    before = [turns[n - 1] for n, (_, sweeps) in enumerate(turns) if sweeps == 10]
    assert [(made.index(backend), sweeps) for backend, sweeps in before] == [(n, 1) for n in timed]
    pairing.blocks(0.0, 1)
    assert len(made) == 4


def fake(sweeps):
    from harness.measure.timing import Timed

    return Timed(sweeps, 0.001 * sweeps, 0.001 * sweeps)  # ten fill a turn of 20 ms


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "ratings.csv"
    write_csv(tiny_dataset(), path)
    return path


@pytest.fixture
def pair(data, monkeypatch, capsys):
    """The command in this process: its exit status, and what it says."""
    monkeypatch.chdir(data.parent)
    # `--until` looks soon.
    monkeypatch.setattr("harness.commands.pair._LONGEST_S", 3.0)

    def call_here(*arguments):
        given = ["--data", str(data), "--scale", "full", "--rank", "4", "--threads", "1"]
        status = main(["pair", *given, *arguments])
        said = capsys.readouterr()
        return SimpleNamespace(returncode=status, stdout=said.out, stderr=said.err)

    return call_here


def test_a_line_with_an_interval_and_the_end_when_it_is_narrow(pair):
    start = monotonic()
    done = pair("numpy", "numba-tiled", "--seconds", "600", "--until", "30%")
    assert monotonic() - start < 300
    assert done.returncode == 0, done.stderr
    assert "OLD numpy, NEW numba-tiled" in done.stdout
    assert "same results after one sweep: no row is off by" in done.stdout
    assert "of OLD's time: faster" in done.stdout
    assert "turns of each in " in done.stdout


def test_it_ends_when_the_time_is_over(pair):
    done = pair("numpy", "numpy", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    assert " of each in " in done.stdout


def test_different_results_are_no_race(pair, monkeypatch):
    monkeypatch.setattr("harness.commands.pair.Session.pair_blocks", None)
    done = pair("numpy", "broken:RegulariserDoubled")
    assert done.returncode == 1
    assert "results DIFFER: a row by" in done.stdout
    assert "OLD's time" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("numpy", "nothing"), "no implementation 'nothing'"),
        (("numpy", "numpy", "--threads", "999"), "--threads must be at most"),
        (("numpy", "whole_fits:OtherStart"), "it has `fit` only"),
        (("numpy", "bad_backends:Exiting", "--seconds", "3"), "a process ended: failed"),
    ],
)
def test_what_cannot_be_is_one_line(pair, arguments, words):
    done = pair(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
