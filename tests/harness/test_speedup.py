"""Ratios over shared rounds, with their intervals."""

import numpy as np
import pytest
from made_runs import timed
from scipy import stats

from harness.analysis import inference
from harness.analysis.inference import Shift, pair_rounds
from harness.analysis.speedup import Ratio, bridge, paired_speedup, product, ratio_of, speedup


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    """As if processes that do the same never differed (test_inference.py has them differ)."""
    monkeypatch.setattr(inference, "PROCESS_SPREAD", 0.0)


def test_an_interval_known_by_hand():
    """Logs 0, 0 and 3: mean 1, standard error 1, t(.975; 2) = 4.3027."""
    ratio = speedup(timed("naive", [1, 1, np.exp(3)]), timed("numpy", [1, 1, 1]), None)
    assert ratio is not None
    assert np.log(ratio.low) == pytest.approx(1 - 4.3027, abs=1e-4)
    assert np.log(ratio.high) == pytest.approx(1 + 4.3027, abs=1e-4)


def test_two_rounds_have_no_interval_and_none_has_no_ratio():
    assert ratio_of(Shift(np.log(2), None), 1) == Ratio(pytest.approx(2), None, None, 1)
    assert ratio_of(Shift(np.log(4), 0.1, 1), 2) == Ratio(pytest.approx(4), None, None, 2)
    assert ratio_of(None, 0) is None


def test_the_plain_estimate_is_students_t_on_the_log_ratios_within_rounds():
    random = np.random.default_rng(3)
    seconds = np.exp(0.1 * random.standard_normal((2, 40))) * [[2.0], [1.0]]
    found = paired_speedup(
        *(timed(name, one.tolist()) for name, one in zip("ab", seconds, strict=True))
    )
    logs = np.log(seconds[0] / seconds[1])
    interval = stats.ttest_1samp(logs, 0.0).confidence_interval(0.95)
    assert found.value == pytest.approx(np.exp(logs.mean()))
    assert (found.low, found.high) == pytest.approx((np.exp(interval.low), np.exp(interval.high)))
    assert found.rounds == 40


def test_many_rounds_are_aligned():
    """Half of the rounds of each are disturbed, not the same ones: their pairs tell nothing."""
    slow, fast = [4.0] * 10 + [6.0] * 10, [3.0] * 10 + [2.0] * 10
    ratio = speedup(timed("naive", slow), timed("numpy", fast), None)
    assert ratio == Ratio(pytest.approx(2), pytest.approx(2), pytest.approx(2), 20)


def test_a_cell_against_itself_is_exactly_one():
    record = timed("naive", [3.0, 1.0, 2.0])
    assert speedup(record, record, None) == Ratio(1.0, 1.0, 1.0, 3)


def test_fewer_than_three_shared_rounds_give_the_ratio_of_medians_without_interval():
    slow = timed("naive", [8.0, 8.0])
    fast = timed("numpy", [4.0, 2.0, 2.0, 2.0])  # its first turn was cold
    assert speedup(slow, fast, None) == Ratio(pytest.approx(4), None, None, 2)
    assert speedup(slow, timed("numpy", [2.0], first_round=9), None) is None


def test_a_drift_of_the_machine_cancels():
    drift = [1.0, 3.0, 0.5, 2.0]
    slow, fast = timed("naive", [6 * d for d in drift]), timed("numpy", [2 * d for d in drift])
    ratio = speedup(slow, fast, None)
    assert ratio is not None
    assert (ratio.low, ratio.high) == (pytest.approx(3), pytest.approx(3))


def test_cells_that_never_met_go_through_the_anchor():
    slow = timed("naive", [8.0, 12.0, 10.0])
    fast = timed("numba-parallel", [1.0, 0.5, 2.0], first_round=4)
    anchor = timed("numpy", [2.0, 2.0, 2.0, 4.0, 4.0, 4.0])
    ratio = speedup(slow, fast, anchor)
    first = ratio_of(pair_rounds(slow, anchor).shift, 3)
    second = ratio_of(pair_rounds(anchor, fast).shift, 3)
    error = stats.sem(np.log([4.0, 6.0, 5.0]))
    assert ratio is not None
    assert first is not None
    assert second is not None
    assert ratio.value == pytest.approx(first.value * second.value)
    assert np.log(first.high / first.value) == pytest.approx(stats.t.ppf(0.975, 2) * error)
    reach = np.hypot(np.log(first.high / first.value), np.log(second.high / second.value))
    assert ratio.high == pytest.approx(ratio.value * np.exp(reach))
    assert ratio.low == pytest.approx(ratio.value / np.exp(reach))
    assert speedup(slow, fast, None) is None


def test_an_anchor_is_not_used_where_both_met():
    slow, fast = timed("naive", [8.0, 8.0]), timed("numpy", [1.0, 1.0])
    assert speedup(slow, fast, timed("numba-serial", [5.0])) == speedup(slow, fast, None)


def test_an_anchor_that_met_one_of_them_only_is_no_bridge():
    slow, fast = timed("naive", [8.0]), timed("numpy", [1.0], first_round=5)
    assert speedup(slow, fast, timed("numba-serial", [5.0])) is None


def test_a_factor_without_an_interval_leaves_the_product_without_one():
    assert product(Ratio(2, None, None, 1), Ratio(3, 2, 4.5, 7)) == Ratio(6, None, None, 1)
    assert product(None, Ratio(3, 2, 4.5, 7)) is None
    assert product(Ratio(3, 2, 4.5, 7), None) is None


# A slow cell takes few turns, its quick neighbours many that scatter.


def scattered(name: str, middle: float, scatter: float, rounds: int, seed: int = 0):
    noise = scatter * np.random.default_rng(seed).standard_normal(rounds)
    return timed(name, (middle * np.exp(noise)).tolist())


SLOW = timed("naive", [8.0, 8.2, 8.1])
STEADY = scattered("numba-serial", 0.1, 0.02, 30)
QUICK = scattered("numba-tiled", 0.01, 0.3, 30, seed=1)


def test_a_slow_cell_meets_a_quick_one_through_the_steadiest():
    others = [SLOW, scattered("numpy", 0.2, 0.1, 30, seed=2), STEADY, QUICK]
    assert bridge(SLOW, QUICK, others) is bridge(QUICK, SLOW, others) is STEADY
    through = product(speedup(SLOW, STEADY, None), speedup(STEADY, QUICK, None))
    assert speedup(SLOW, QUICK, None, others) == through
    direct = speedup(SLOW, QUICK, None)
    assert np.log(through.high / through.low) < 0.75 * np.log(direct.high / direct.low)


@pytest.mark.parametrize(
    ("slow", "quick", "other"),
    [
        (SLOW, STEADY, QUICK),  # nothing steadier than the quick one
        (timed("naive", [8.0] * 20), QUICK, STEADY),  # rounds enough to be aligned
        (timed("naive", [8.0, 8.0]), QUICK, STEADY),  # too few for an interval in any case
        (SLOW, timed("numba-tiled", [0.01] * 5), STEADY),  # nobody has many
        (SLOW, QUICK, scattered("numpy", 0.2, 0.02, 19)),  # nor has the other
        (SLOW, QUICK, timed("numpy", [0.2] * 30, first_round=2)),  # which missed a slow round
    ],
)
def test_otherwise_they_are_compared_in_their_shared_rounds(slow, quick, other):
    assert bridge(slow, quick, [slow, other, quick]) is None
    assert speedup(slow, quick, None, [slow, other, quick]) == speedup(slow, quick, None)


def test_intervals_through_another_cell_hold_the_ratio():
    """A drift that all share, noise as measured at 100k: at most 5 of 100 intervals miss."""
    random, missed, widths = np.random.default_rng(4), 0, []
    scatter = {"naive": (1000.0, 0.013), "numba-serial": (11.0, 0.03), "numba-tiled": (1.0, 0.18)}
    for _ in range(300):
        drift = 0.2 * np.cumsum(random.standard_normal(30)) / np.sqrt(30)
        slow, steady, quick = (
            timed(name, (middle * np.exp(drift + noise * random.standard_normal(30))).tolist())
            for name, (middle, noise) in scatter.items()
        )
        del slow.turns[3:]
        ratio = speedup(slow, quick, None, [slow, steady, quick])
        widths.append(ratio.high / ratio.low)
        missed += not ratio.low <= 1000 <= ratio.high
    assert missed <= 15
    assert np.median(widths) < 1.3
