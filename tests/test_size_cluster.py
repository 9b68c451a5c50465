"""The model of a cluster that nobody has: its parts against what is counted."""

import numpy as np
import pytest

from scripts.size_cluster import Machines, Problem, touched_rows


def test_touched_rows_are_those_of_ratings_dealt_by_chance():
    random = np.random.default_rng(0)
    shares = random.pareto(1.0, 300)
    shares /= shares.sum()
    rows = random.choice(300, 5_000, p=shares)
    found = np.bincount(rows, minlength=300) / len(rows)
    parts = [random.choice(rows, 700, replace=False) for _ in range(200)]
    counted = np.mean([len(np.unique(part)) for part in parts])
    assert touched_rows(found, 700, 5_000) == pytest.approx(counted, rel=0.01)


def test_all_ratings_touch_every_row_that_has_one_and_none_touch_none():
    shares = np.array([0.5, 0.3, 0.2, 0.0])
    assert touched_rows(shares, 10, 10) == 3
    assert touched_rows(shares, 0, 10) == 0


def test_rows_that_stand_for_several_are_as_many_rows():
    shares = np.array([0.6, 0.4])
    several = np.repeat(shares / 5, 5)
    assert touched_rows(shares, 40, 100, times=5) == pytest.approx(touched_rows(several, 40, 100))


def problem(ratings: float) -> Problem:
    shares = np.full(100, 0.01)
    return Problem(ratings, shares, shares, ratings / 1e3, ratings / 1e4, rank=3)


def test_the_fewest_machines_are_those_whose_memory_does():
    each = Machines(memory_gib=1.0, cores=4, core_gflops=10.0, gbit=8.0)
    found = problem(1e9).fewest(each)
    assert found["blocks_gib"] <= 1.0
    assert problem(1e9).sized(int(found["machines"]) // 2, each)["blocks_gib"] > 1.0


def test_one_machine_fetches_nothing_and_work_is_shared():
    each = Machines(memory_gib=64.0, cores=4, core_gflops=10.0, gbit=8.0)
    one, four = (problem(1e6).sized(machines, each) for machines in (1, 4))
    assert one["blocks_s"] == 0 < four["blocks_s"]
    assert four["compute_s"] == pytest.approx(one["compute_s"] / 4)
    rows = 1e6 / 1e3 * 100 + 1e6 / 1e4 * 100
    assert four["whole_s"] == pytest.approx(rows * 4 * 4 * 5 / 1e9)  # rank 3: 16 bytes a row


def test_memory_for_not_even_a_rating_is_said():
    with pytest.raises(SystemExit, match="hold not even a rating"):
        problem(1e6).fewest(Machines(1e-9, 1, 1.0, 1.0))
