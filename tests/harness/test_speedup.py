"""Ratios within rounds, with Student's interval on their logs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import timed
from scipy import stats

from harness.analysis.speedup import Ratio, paired_logs, product, ratio_of_logs, speedup


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=30))
def test_the_interval_is_that_of_students_t(logs):
    ratio = ratio_of_logs(logs)
    error = stats.sem(logs)
    low, high = stats.t.interval(0.95, len(logs) - 1, loc=np.mean(logs), scale=error or 1e-300)
    assert ratio is not None
    assert ratio.value == pytest.approx(np.exp(np.mean(logs)))
    assert ratio.low == pytest.approx(np.exp(low))
    assert ratio.high == pytest.approx(np.exp(high))
    assert ratio.rounds == len(logs)


def test_an_interval_known_by_hand():
    """Logs 0, 0 and 3: mean 1, standard error 1, t(.975; 2) = 4.3027."""
    ratio = ratio_of_logs([0.0, 0.0, 3.0])
    assert ratio is not None
    assert np.log(ratio.low) == pytest.approx(1 - 4.3027, abs=1e-4)
    assert np.log(ratio.high) == pytest.approx(1 + 4.3027, abs=1e-4)


def test_two_rounds_have_no_interval_and_none_has_no_ratio():
    assert ratio_of_logs([np.log(2)]) == Ratio(pytest.approx(2), None, None, 1)
    assert ratio_of_logs([np.log(2), np.log(8)]) == Ratio(pytest.approx(4), None, None, 2)
    assert ratio_of_logs([]) is None


def test_only_rounds_that_both_took_part_in_are_paired():
    slow = timed("naive", [8.0, 8.0])  # rounds 1 and 2
    fast = timed("numpy", [1.0, 2.0, 4.0], first_round=2)  # rounds 2 to 4
    assert paired_logs(slow, fast) == [pytest.approx(np.log(8))]


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
    first, second = ratio_of_logs(np.log([4.0, 6.0, 5.0])), ratio_of_logs(np.log([4.0, 8.0, 2.0]))
    assert ratio is not None
    assert first is not None
    assert second is not None
    assert ratio.value == pytest.approx(first.value * second.value)
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
