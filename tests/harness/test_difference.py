"""One measure of a row's difference, for runs and for `check`."""

import numpy as np
import pytest

from harness.conformance.violation import compare_rows
from harness.difference import SMALLEST_ROW, row_differences
from harness.measure.judge import row_difference

EXPECTED = np.array([[1.0, -2.0], [1e-6, 0.0], [0.0, 0.0], [3.0, 0.0]])
GOT = [
    EXPECTED,
    EXPECTED + np.array([[0, 1e-7], [0, 0], [0, 0], [0, 0]]),
    EXPECTED + np.array([[0, 0], [2e-13, 0], [0, 0], [0, 0]]),
    EXPECTED + np.array([[0, 0], [0, 0], [1e-300, 0], [0, 0]]),
    np.full_like(EXPECTED, np.nan),
    EXPECTED + np.array([[0, 0], [0, 0], [0, 0], [np.inf, 0]]),
]


@pytest.mark.parametrize("got", GOT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_and_check_measure_the_same(got, dtype):
    got = got.astype(dtype)
    worst = row_difference(got, EXPECTED)
    for tolerance in (1e-12, 1e-9, 1e-4):
        mismatch = compare_rows("users", got, EXPECTED, tolerance)
        assert (mismatch is not None) == (worst.relative > tolerance)


def test_small_rows_count_as_large_as_the_smallest():
    assert row_differences(GOT[2], EXPECTED)[1] == pytest.approx(2e-13 / SMALLEST_ROW)


def test_a_row_that_is_to_be_zero_is_exactly_zero():
    assert np.isinf(row_differences(GOT[3], EXPECTED)[2])
    assert not row_differences(EXPECTED, EXPECTED).any()
