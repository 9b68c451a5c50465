"""Two runs: what changed, apart from what all cells did."""

from dataclasses import replace

import numpy as np
import pytest
from compared_runs import MACHINE, NAMES, PLAN, STARTED, Seconds, events, run_of, seconds
from made_runs import planned, rung_started

from harness.analysis.comparable import differences, software_changes
from harness.analysis.compare import compare_runs
from harness.analysis.convergence import RMSE_TOLERANCE
from harness.results.events import Ended, GroupPlaced, Machine, Turn
from harness.results.records import Run, fold


def shifts(first: Run, second: Run) -> dict:
    """Shift of each cell by its variant."""
    return {change.cell.variant: change.shift for change in compare_runs([first], [second]).changes}


def test_a_run_against_itself_is_exactly_the_same():
    run = run_of(seconds(0))
    found = shifts(run, run)
    assert set(found) == set(NAMES)
    for shift in found.values():
        assert shift.ratio == 1.0
        assert shift.verdict == "no difference seen"


def test_a_slow_down_is_found_where_it_is_and_a_slower_machine_is_not_one():
    first = run_of(seconds(1))
    second = run_of({name: [1.7 * s for s in v] for name, v in seconds(2, numpy=1.1).items()})
    found = shifts(first, second)
    assert found["numpy"].verdict == "slower"
    assert found["numpy"].interval[0] < 1.1 < found["numpy"].interval[1]
    for name in set(NAMES) - {"numpy"}:
        assert found[name].verdict == "no difference seen", name
        assert found[name].ratio == pytest.approx(1.0, abs=0.03)


def test_two_of_five_slowed_cells_do_not_make_the_others_look_faster():
    found = shifts(run_of(seconds(3)), run_of(seconds(4, numpy=1.5, naive=1.3)))
    assert [found[name].verdict for name in ("numpy", "naive")] == ["slower", "slower"]
    for name in NAMES[2:]:
        assert found[name].verdict == "no difference seen"


def test_a_faster_cell_is_said_to_be_faster():
    found = shifts(run_of(seconds(5)), run_of(seconds(6, numba_serial=0.9)))
    assert found["numba-serial"].verdict == "faster"


@pytest.mark.parametrize("cells", [2, 3, 5])
def test_equal_runs_rarely_differ(cells):
    """500 comparisons: one in twenty at most is called a difference."""
    false = total = 0
    for seed in range(500 // cells):
        pair = [run_of(seconds(1_000 * cells + 2 * seed + n, NAMES[:cells], 10)) for n in range(2)]
        for shift in shifts(*pair).values():
            false, total = false + (shift.verdict != "no difference seen"), total + 1
    assert false / total <= 0.05


def disturbed(seed: int, share: float, **slowed: float) -> Seconds:
    """150 rounds, some of which a neighbour disturbs: each kernel by its own factor."""
    random, made = np.random.default_rng(seed), {}
    for number, name in enumerate(NAMES[1:]):
        own = slowed.get(name.replace("-", "_"), 1.0) * 4.0**-number
        noise = np.exp(0.01 * random.standard_normal(150))
        hit = random.random(150) < share
        made[name] = (own * noise * np.where(hit, 1.2 + 0.1 * number, 1.0)).tolist()
    return made


@pytest.mark.parametrize("shares", [(0.1, 0.8), (0.8, 0.3), (0.5, 0.5)])
def test_neighbours_that_cost_kernels_differently_do_not_make_a_change(shares):
    false = 0
    for seed in range(10):
        runs = [run_of(disturbed(2 * seed + n, share)) for n, share in enumerate(shares)]
        false += sum(shift.verdict != "no difference seen" for shift in shifts(*runs).values())
    assert false <= 2  # of 40


@pytest.mark.parametrize("shares", [(0.1, 0.8), (0.8, 0.3)])
def test_a_slow_down_is_found_whatever_neighbours_do(shares):
    for seed in range(5):
        first = run_of(disturbed(2 * seed, shares[0]))
        second = run_of(disturbed(2 * seed + 1, shares[1], numba_parallel=1.1))
        found = shifts(first, second)["numba-parallel"]
        assert found.verdict == "slower"
        assert found.interval[0] < 1.1 < found.interval[1]


def test_the_yardstick_is_the_half_that_changed_least_unlike_the_rest():
    comparison = compare_runs([run_of(seconds(7))], [run_of(seconds(8, numpy=2.0))])
    for change in comparison.changes:
        assert len(change.yardstick) == 2
        assert "numpy" not in {cell.variant for cell in change.yardstick}
        assert change.cell not in change.yardstick


def test_a_cell_with_few_rounds_is_no_yardstick_but_has_one():
    made = [dict(seconds(seed, NAMES[:3])) for seed in (9, 10)]
    for one in made:
        one["naive"] = one["naive"][:4]
    by_name = {c.cell.variant: c for c in compare_runs(*([run_of(one)] for one in made)).changes}
    assert [cell.variant for cell in by_name["numpy"].yardstick] == ["numba-serial"]
    assert by_name["naive"].yardstick
    assert by_name["naive"].shift.error > by_name["numpy"].shift.error


def test_one_common_cell_has_no_yardstick_and_raw_seconds_are_compared():
    first, second = run_of({"numpy": [1.0, 1.1, 0.9]}), run_of({"numpy": [2.0, 2.2, 1.8]})
    (change,) = compare_runs([first], [second]).changes
    assert change.yardstick == ()
    assert change.shift.ratio == pytest.approx(2.0)


def test_what_only_one_run_has_or_is_not_sound_is_left_out():
    first = run_of(seconds(11, NAMES[:3]))
    log = events(seconds(12, ("numpy", "numba-serial", "numba-parallel")))
    cell = planned("numpy").cell
    log = [
        Ended(cell, "failed", "x", 1) if isinstance(e, Ended) and e.cell == cell else e for e in log
    ]
    found = compare_runs([first], [fold(log)])
    assert [change.cell.variant for change in found.changes] == ["numba-serial"]
    assert {cell.variant: why for cell, why in found.left_out} == {
        "naive": "only the first run has it",
        "numba-parallel": "only the second run has it",
    }
    assert [(c.variant, why) for c, why in found.broken] == [("numpy", "failed in the second run")]


def test_another_rmse_is_named():
    found = compare_runs([run_of(seconds(13))], [run_of(seconds(14), off=1e-6)])
    assert len(found.quality) == len(NAMES) - 1  # float32 has a wider tolerance
    assert "train RMSE after sweep 1 was 0.8 and is 0.800001" in found.quality[0]
    assert not compare_runs([run_of(seconds(13))], [run_of(seconds(14), off=1e-10)]).quality


def test_whole_fits_may_end_elsewhere_within_their_own_tolerance():
    """A library with threads and a start of its own ends a little elsewhere each time."""
    for off, named in ((0.9 * RMSE_TOLERANCE, []), (1.1 * RMSE_TOLERANCE, ["numpy"])):
        runs = run_of(seconds(13, ["numpy"])), run_of(seconds(14, ["numpy"]), off=off)
        for run in runs:
            (record,) = run.records
            record.planned = replace(record.planned, kind="whole-fits")
        assert [line.split()[0] for line in compare_runs(*([run] for run in runs)).quality] == named


# Several runs a side, and what cannot be told.


def several(seed: int, count: int, spread: float, **slowed: float) -> list[Run]:
    """Runs of 60 rounds with 1 % of noise, between which each cell differs by a spread."""
    random, made = np.random.default_rng(seed), []
    for _ in range(count):
        of = {}
        for name in NAMES:
            log = np.log(slowed.get(name, 1.0)) + spread * random.standard_normal()
            of[name] = np.exp(log + 0.01 * random.standard_normal(60)).tolist()
        made.append(run_of(of))
    return made


@pytest.mark.parametrize("spread", [0.005, 0.03])
def test_several_equal_runs_a_side_rarely_differ(spread):
    """What runs scatter by is seen where there are several, whatever was guessed."""
    false = total = 0
    for seed in range(12):
        found = compare_runs(several(2 * seed, 4, spread), several(2 * seed + 1, 4, spread))
        verdicts = [change.shift.verdict for change in found.changes]
        false += sum(verdict != "no difference seen" for verdict in verdicts)
        total += len(verdicts)
    assert false / total <= 0.05


def test_more_runs_see_a_smaller_change():
    one = compare_runs(several(1, 1, 0.003), several(2, 1, 0.003, numpy=1.05))
    five = compare_runs(several(1, 5, 0.003), several(2, 5, 0.003, numpy=1.05))
    numpy = [next(c.shift for c in f.changes if c.cell.variant == "numpy") for f in (one, five)]
    assert numpy[1].verdict == "slower"
    assert numpy[1].interval[0] < 1.05 < numpy[1].interval[1]
    assert numpy[1].error < 0.7 * numpy[0].error
    assert five.withheld is None


def test_runs_of_one_process_are_no_baseline():
    alone = fold([replace(e, process=1) if isinstance(e, Turn) else e for e in events(seconds(20))])
    found = compare_runs([run_of(seconds(21))], [alone])
    assert "a run of B has one process to a cell" in found.withheld


def test_where_most_cells_changed_nothing_is_said():
    slowed = {"numpy": 1.3, "naive": 1.2, "numba_serial": 0.7}
    found = compare_runs([run_of(seconds(22))], [run_of(seconds(23, **slowed))])
    assert "of 5 cells would have changed" in found.withheld
    two = {"numpy": 1.3, "naive": 1.2}
    assert compare_runs([run_of(seconds(22))], [run_of(seconds(23, **two))]).withheld is None


def test_a_core_that_somebody_else_used_withholds_verdicts():
    def run(seed, of_two):
        rates = {1: {"fma_float64_gflops": 50.0}, 2: {"fma_float64_gflops": of_two}}
        machine = [Machine("start", threads, best, best) for threads, best in rates.items()]
        return fold([*events(seconds(seed)), *machine])

    assert compare_runs([run(24, 99.0)], [run(25, 97.0)]).withheld is None
    found = compare_runs([run(24, 99.0)], [run(25, 66.0)])
    assert "did 1.32 times the multiply-adds of one in one run and 1.98" in found.withheld


@pytest.mark.parametrize(
    ("part", "changed", "words"),
    [
        ("dataset", {"sha256": "77"}, "data sha256 was 5a and is 77"),
        ("plan", {"params": {"rank": 20, "reg": 9.0}}, "plan reg was 25.0 and is 9.0"),
        ("plan", {"split_seed": 3}, "plan split_seed was 0 and is 3"),
        ("plan", {"sweeps": 5}, "plan sweeps was 10 and is 5"),
        ("environment", {"cpu": "b"}, "machine cpu was a and is b"),
        ("environment", {"usable_cores": 4}, "machine usable_cores was 2 and is 4"),
        ("environment", {"vector": "NEON"}, "machine vector was AVX2 and is NEON"),
    ],
)
def test_what_makes_runs_incomparable_is_named(part, changed, words):
    given = getattr(STARTED, part) | changed
    other = run_of(seconds(0), replace(STARTED, **{part: given}))
    assert differences(run_of(seconds(0)), other) == [words]


def test_runs_on_other_machines_are_compared_by_these():
    def placed(*cpus):
        started = replace(STARTED, environment={"engine": "dask"})
        kinds = [MACHINE | {"cpu": cpu} for cpu in cpus]
        events = [GroupPlaced("100k", n, f"10.0.0.{n}", kind) for n, kind in enumerate(kinds)]
        return fold(events, run_of(seconds(0), started))

    assert differences(placed("a", "a"), placed("a")) == []
    assert differences(placed("a"), run_of(seconds(0))) == []  # such a machine, started from there
    assert differences(placed("a"), placed("b")) == ["machine cpu was a and is b"]
    [words] = differences(placed("a", "b"), placed("a", "b"))
    assert "machines of different kinds" in words


def test_rungs_of_other_counts_are_not_comparable():
    log = events(seconds(0))
    log[1] = rung_started(ratings=80_000)
    assert "data at 100k train was 90000 and is 80000" in differences(run_of(seconds(0)), fold(log))


def test_software_and_rounds_may_differ():
    environment = MACHINE | {"packages": {"numpy": "2.4"}}
    plan = PLAN | {"rounds": 7, "baseline": "numpy"}
    other = run_of(seconds(0), replace(STARTED, environment=environment, plan=plan))
    assert differences(run_of(seconds(0)), other) == []
    assert software_changes(run_of(seconds(0)), other) == ["numpy was 2.0 and is 2.4"]
