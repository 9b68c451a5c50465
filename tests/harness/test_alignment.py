"""How one cell's rounds are set against others': paired where few, aligned where many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import series_of

from harness.analysis.alignment import FEWEST_TO_ALIGN, align, contrast, delete_a_group

LOGS = st.lists(st.floats(-1, 1), min_size=1, max_size=40).map(np.array)


@given(LOGS, LOGS, st.floats(-9, 9))
def test_a_shift_is_found_exactly_and_the_other_way_round(own, other, shift):
    assert align(own + shift, own) == pytest.approx(shift, abs=1e-6)
    assert align(own, other) == pytest.approx(-align(other, own), abs=1e-6)


def test_disturbed_rounds_do_not_move_it_however_many_there_are():
    random = np.random.default_rng(0)
    for share in (0.1, 0.5, 0.9):
        own, other = 0.03 * random.standard_normal((2, 200))
        own += 0.4 * (random.random(200) < share)
        other += 0.4 * (random.random(200) < share)
        assert align(own + 0.05, other) == pytest.approx(0.05, abs=0.012)


def test_few_rounds_are_paired():
    drift = np.random.default_rng(1).standard_normal(FEWEST_TO_ALIGN - 1)
    noise = 0.01 * np.arange(len(drift))
    found = contrast(series_of(drift + noise), [series_of(drift, 10, 9)])
    assert found.log == pytest.approx(noise.mean())
    assert found.variance == pytest.approx(np.var(noise, ddof=1) / len(noise))
    assert found.freedom == len(noise) - 1
    assert found.processes == pytest.approx(1 + (10**2 + 9**2) / 19**2)
    assert found.between is None


def test_many_rounds_that_share_their_noise_are_paired():
    drift = 0.3 * np.random.default_rng(4).standard_normal(60)
    noise = 0.001 * np.arange(60)
    found = contrast(series_of(drift + noise), [series_of(drift)])
    assert found.log == pytest.approx(noise.mean())
    assert not found.aligned


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_a_disturbance_that_costs_one_cell_more_is_not_aligned_away(share):
    """Aligned, unchanged cells would differ by 0 where fewer than half of the rounds are disturbed
    and by -.25 where more are; the mean moves by as much as the disturbances do."""
    random = np.random.default_rng(5)
    hit = random.random((2, 150)) < share
    own, other = np.array([[0.15], [0.4]]) * hit + 0.01 * random.standard_normal((2, 150))
    found = contrast(series_of(own), [series_of(other)])
    assert not found.aligned
    assert found.log == pytest.approx(-0.25 * share, abs=0.05)


def test_a_median_that_lies_in_a_gap_is_no_error():
    assert align([0.0, 10.0], [0.0]) == pytest.approx(5.0)


def test_a_cell_alone_has_its_mean():
    logs = np.linspace(0, 1, 50)
    found = contrast(series_of(logs))
    assert found.log == pytest.approx(0.5)
    assert found.freedom == 19


def test_many_rounds_are_aligned_with_each_of_the_others():
    random = np.random.default_rng(2)
    logs = 0.02 * random.standard_normal((3, 60)) + 0.4 * (random.random((3, 60)) < 0.5)
    own, first, second = logs
    found = contrast(
        series_of(own, 20, 20, 20), [series_of(first, 20, 20, 20), series_of(second - 1.0)]
    )
    assert found.aligned
    assert found.log == pytest.approx((align(own, first) + align(own, second - 1.0)) / 2)
    assert found.processes == pytest.approx(1 / 3 + 1 / 12 + 1 / 4)


def test_one_round_has_no_variance_and_a_negative_is_one():
    found = contrast(series_of(np.array([0.4])))
    assert found.variance is None
    assert (-found).log == -0.4


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_variance_is_that_of_many_repetitions(share):
    """Its root within a third of the spread of 200 samples."""
    random = np.random.default_rng(3)
    logs = 0.03 * random.standard_normal((200, 2, 60))
    logs += 0.4 * (random.random(logs.shape) < share)
    found = [contrast(series_of(own), [series_of(other)]) for own, other in logs]
    spread = np.std([one.log for one in found])
    claimed = np.sqrt(np.mean([one.variance for one in found]))
    assert claimed == pytest.approx(spread, rel=0.33)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_differs_between_processes_is_seen_between_them_only(share):
    """Six of 25 rounds, each with a level of its own; over 100 samples, within a third."""
    random = np.random.default_rng(6)
    logs = 0.03 * random.standard_normal((100, 2, 150))
    logs += 0.4 * (random.random(logs.shape) < share)
    logs += np.repeat(0.02 * random.standard_normal((100, 2, 6)), 25, axis=2)
    lengths = [25] * 6
    found = [
        contrast(series_of(own, *lengths), [series_of(other, *lengths)]) for own, other in logs
    ]
    spread = np.var([one.log for one in found])
    assert np.mean([one.between for one in found]) == pytest.approx(spread, rel=0.4)
    assert np.mean([one.variance for one in found]) < 0.6 * spread
    assert {one.between_freedom for one in found} == {5}


@pytest.mark.parametrize("sizes", [(10, 10, 10), (25, 5), (3, 7, 11, 2)])
def test_the_jackknife_of_a_mean_is_that_of_its_groups_means(sizes):
    """Of groups with means m, h = n / size: the mean of (h m - pseudo-values' mean)² / (h - 1)."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    logs = np.random.default_rng(7).standard_normal(len(groups))
    without = np.array([logs[groups != group].mean() for group in range(len(sizes))])
    means = np.array([logs[groups == group].mean() for group in range(len(sizes))])
    times = len(logs) / np.array(sizes)
    found = delete_a_group(logs.mean(), without, np.array(sizes))
    assert found == pytest.approx(np.mean((means - logs.mean()) ** 2 / (times - 1)))
    if len(set(sizes)) == 1:
        assert found == pytest.approx(means.var(ddof=1) / len(sizes))
