"""The mean of the faster part: known samples, its scatter, and what it is not moved by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.location import contrast, faster_mean, faster_part, influences

LOGS = st.lists(st.floats(-1, 1), min_size=1, max_size=90)


@pytest.mark.parametrize(
    ("rounds", "part"), [(1, 1), (5, 5), (6, 6), (7, 6), (60, 6), (61, 7), (100, 10)]
)
def test_the_faster_part_is_a_tenth_and_at_least_six_where_there_are_so_many(rounds, part):
    assert faster_part(rounds) == part


@given(LOGS)
def test_influences_have_the_mean_of_the_faster_part(logs):
    expected = np.sort(logs)[: faster_part(len(logs))].mean()
    assert influences(logs).mean() == pytest.approx(expected, abs=1e-12)
    assert faster_mean(np.array([logs, logs])) == pytest.approx([expected] * 2, abs=1e-12)


def test_few_rounds_have_the_ordinary_mean_and_its_variance():
    logs = [0.1, 0.4, 0.2, 0.3]
    found = contrast([(1.0, logs, 1)])
    assert found.log == pytest.approx(0.25)
    assert found.variance == pytest.approx(np.var(logs, ddof=1) / 4)
    assert found.freedom == 3
    assert found.processes == 1


def test_an_upper_trimmed_mean_known_by_hand():
    """Six of eight: mean 3.5; winsorised at 6, the squares are 22 around 4.125·8 = 33."""
    logs = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 70.0, 900.0]
    found = contrast([(1.0, logs, 1)])
    winsorised = np.minimum(logs, 6.0)
    squares = np.sum((winsorised - winsorised.mean()) ** 2)
    assert found.log == pytest.approx(3.5)
    assert found.variance == pytest.approx(squares / (6 * 5))
    assert found.freedom == 5


def test_disturbed_rounds_do_not_move_it():
    random = np.random.default_rng(0)
    quiet = 0.01 * random.standard_normal(60)
    disturbed = quiet + 0.5 * (random.random(60) < 0.6)
    assert contrast([(1.0, disturbed.tolist(), 1)]).log == pytest.approx(
        contrast([(1.0, quiet.tolist(), 1)]).log, abs=0.01
    )


def test_what_hits_two_cells_in_one_round_cancels():
    drift = np.random.default_rng(1).standard_normal(5)
    found = contrast([(1.0, (drift + 0.3).tolist(), 1), (-1.0, drift.tolist(), 2)])
    assert found.log == pytest.approx(0.3)
    assert found.variance == pytest.approx(0, abs=1e-20)
    assert found.processes == pytest.approx(1.5)


def test_one_round_has_no_variance():
    assert contrast([(1.0, [0.4], 1)]).variance is None


def test_the_variance_is_that_of_many_repetitions():
    """Its root within a quarter of the spread of 2,000 samples; tails make it err upwards."""
    random = np.random.default_rng(2)
    samples = 0.02 * np.abs(random.standard_normal((2_000, 60)))
    found = [contrast([(1.0, sample.tolist(), 1)]) for sample in samples]
    spread = np.std([one.log for one in found])
    claimed = np.sqrt(np.mean([one.variance for one in found]))
    assert claimed == pytest.approx(spread, rel=0.25)
