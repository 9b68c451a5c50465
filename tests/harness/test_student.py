"""Quantiles of Student's t, beside those of scipy.stats."""

import pytest
from scipy.stats import t

from harness.student import student_quantile


@pytest.mark.parametrize("freedom", [1, 2, 2.5, 9.3, 29, 1e6, float("inf")])
@pytest.mark.parametrize("probability", [0.5, 0.95, 0.975, 0.995, 0.025])
def test_quantiles_are_those_of_scipy_stats(probability, freedom):
    assert student_quantile(probability, freedom) == pytest.approx(t.ppf(probability, freedom))
