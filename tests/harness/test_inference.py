"""Verdicts, the smallest difference that would have shown, and the bootstrap as a cross-check."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.inference import (
    ALPHA,
    BOOTSTRAP_PAIRS,
    POWER,
    Shift,
    bootstrap_interval,
    intervals_disagree,
    paired_shift,
    welch_shift,
)

SAMPLES = st.lists(st.floats(-1, 1), min_size=2, max_size=25).filter(lambda x: np.ptp(x) > 1e-3)


@given(SAMPLES)
def test_a_verdict_is_that_of_scipys_t_test(logs):
    test, shift = stats.ttest_1samp(logs, 0.0), paired_shift(logs)
    assert (shift.verdict == "no difference seen") == (test.pvalue >= ALPHA)
    if test.pvalue < ALPHA:
        assert shift.verdict == ("slower" if np.mean(logs) > 0 else "faster")
    assert np.log(shift.interval) == pytest.approx(test.confidence_interval(0.95))


@given(SAMPLES, SAMPLES)
def test_two_samples_are_compared_as_scipys_welch_test_does(before, after):
    test, shift = stats.ttest_ind(after, before, equal_var=False), welch_shift(before, after)
    assert shift.log == pytest.approx(np.mean(after) - np.mean(before))
    assert shift.freedom == pytest.approx(test.df)
    assert np.log(shift.interval) == pytest.approx(test.confidence_interval(0.95))
    assert (shift.verdict == "no difference seen") == (test.pvalue >= ALPHA)


def test_welch_on_a_sample_known_by_hand():
    """Means 1 and 3, variances 1 and 4, three each: error √(5/3), freedom (5/3)²/(17/18)."""
    shift = welch_shift([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    assert shift.log == pytest.approx(2)
    assert shift.error == pytest.approx(np.sqrt(5 / 3))
    assert shift.freedom == pytest.approx((5 / 3) ** 2 / ((1 / 9 + 16 / 9) / 2))


@pytest.mark.parametrize("logs", [[0.3], [-0.3]])
def test_one_round_allows_no_verdict(logs):
    for shift in (paired_shift(logs), welch_shift(logs, [1.0, 2.0])):
        assert shift.verdict == "too few rounds"
        assert shift.interval is None
        assert shift.detectable is None


def test_no_round_is_no_shift():
    assert paired_shift([]) is None


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        (0.0, "no difference seen"),
        (1e-15, "no difference seen"),
        (0.1, "slower"),
        (-0.1, "faster"),
    ],
)
def test_samples_without_noise_differ_where_they_do(log, verdict):
    assert paired_shift([log] * 5).verdict == verdict
    assert welch_shift([1.0] * 4, [1.0 + log] * 4).verdict == verdict


@pytest.mark.parametrize("rounds", [5, 20])
def test_false_alarms_are_as_rare_as_promised(rounds):
    """4,000 comparisons of equals: 1 % of false alarms, give or take .8 % (five errors)."""
    random = np.random.default_rng(3)
    paired, before, after = random.normal(0.0, 0.05, (3, 2_000, rounds))
    verdicts = [paired_shift(logs).verdict for logs in paired]
    verdicts += [welch_shift(*two).verdict for two in zip(before, after, strict=True)]
    false = np.mean([verdict != "no difference seen" for verdict in verdicts])
    assert false == pytest.approx(ALPHA, abs=0.008)


@pytest.mark.parametrize("rounds", [3, 8, 20])
def test_what_would_have_been_seen_is_seen_nine_times_in_ten(rounds):
    """By simulation of t statistics; the error of the rate is .002."""
    random = np.random.default_rng(5)
    known = Shift(0.0, 0.02, rounds - 1)
    true = np.log(known.detectable)
    means = true + 0.02 * random.standard_normal(20_000)
    errors = 0.02 * np.sqrt(random.chisquare(rounds - 1, 20_000) / (rounds - 1))
    found = np.abs(means / errors) > stats.t.ppf(1 - ALPHA / 2, rounds - 1)
    assert found.mean() == pytest.approx(POWER, abs=0.01)


def test_more_rounds_and_less_noise_show_smaller_differences():
    few, many = Shift(0.0, 0.02, 4), Shift(0.0, 0.02, 40)
    assert few.detectable > many.detectable > Shift(0.0, 0.01, 40).detectable > 1


def test_the_bootstrap_is_scipys_and_the_same_each_time():
    logs = np.random.default_rng(1).normal(0.1, 0.05, 40)
    low, high = bootstrap_interval(logs)
    expected = stats.bootstrap(
        (logs,), np.mean, n_resamples=20_000, method="BCa", random_state=np.random.default_rng(9)
    ).confidence_interval
    assert np.log([low, high]) == pytest.approx(list(expected), abs=0.002)
    assert bootstrap_interval(logs) == (low, high)


def test_few_pairs_or_no_noise_have_no_bootstrap():
    assert bootstrap_interval([0.1, 0.2] * (BOOTSTRAP_PAIRS // 2 - 1)) is None
    assert bootstrap_interval([0.1] * BOOTSTRAP_PAIRS) is None
    assert not intervals_disagree([0.1] * BOOTSTRAP_PAIRS)


def test_intervals_agree_on_normal_logs_and_not_where_one_round_was_very_slow():
    logs = np.random.default_rng(2).normal(0.0, 0.01, 40)
    assert not intervals_disagree(logs)
    assert intervals_disagree([*logs[1:], 3.0])
