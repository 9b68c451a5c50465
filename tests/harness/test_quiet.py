"""Quick rounds: what they say where some rounds were disturbed, and where there are few."""

import numpy as np
import pytest
from made_runs import series_of

from harness.analysis.alignment import contrast
from harness.analysis.inference import shift_of
from harness.analysis.quiet import FEWEST_QUIET, quiet_contrast, typical_log


def logs(seed: int, rounds: int, disturbed: float = 0.0, at: float = 0.0) -> np.ndarray:
    """Log seconds with 1 % of noise; this share of them by two fifths higher."""
    random = np.random.default_rng(seed)
    return at + 0.01 * random.standard_normal(rounds) + 0.4 * (random.random(rounds) < disturbed)


def test_how_many_rounds_were_disturbed_does_not_matter():
    own, other = series_of(logs(0, 150, 0.8, at=0.1)), series_of(logs(1, 150, 0.2))
    assert quiet_contrast(own, [other]).log == pytest.approx(0.1, abs=0.02)
    assert np.mean(own.logs) - np.mean(other.logs) > 0.25


def test_its_variance_is_not_less_than_that_of_many_samples():
    """A jackknife overstates the variance of a quantile, here by three quarters."""
    samples = [[series_of(logs(2 * seed + n, 150)) for n in range(2)] for seed in range(300)]
    found = [quiet_contrast(own, [other]) for own, other in samples]
    scatter = np.var([one.log for one in found])
    assert 1.0 <= np.mean([one.variance for one in found]) / scatter <= 2.5


def test_few_rounds_are_compared_as_within_a_run():
    few = [series_of(logs(seed, FEWEST_QUIET - 1, 0.5)) for seed in range(3)]
    assert quiet_contrast(few[0], few[1:]) == contrast(few[0], few[1:])
    assert typical_log(few[0].logs) == np.median(few[0].logs)


def test_without_others_a_cell_stands_by_itself():
    own = logs(0, 150, 0.5, at=2.0)
    assert quiet_contrast(series_of(own)).log == typical_log(own) == np.quantile(own, 0.05)


def test_processes_count_as_in_a_contrast():
    own, other = series_of(logs(0, 90), 30, 30, 30), series_of(logs(1, 90), 45, 45)
    found = quiet_contrast(own, [other, other])
    assert found.processes == pytest.approx(1 / 3 + 2 * 0.25 / 2)
    assert found.between_freedom == 3  # rounds 1 to 30, to 45, to 60, to 90


def test_a_known_variance_widens_a_shift_and_adds_no_doubt_about_it():
    one = quiet_contrast(series_of(logs(0, 150)), [series_of(logs(1, 150))])
    without, widened = shift_of(one), shift_of(one, known=0.02**2)
    assert widened.error == pytest.approx(np.hypot(without.error, 0.02))
    assert widened.freedom > without.freedom
    assert widened.log == without.log
