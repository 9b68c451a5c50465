"""What a cell will cost, and how a projection is judged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import made_run, planned, rung_started, turns
from scipy.stats import t as student

from harness.analysis.projection import projected, projected_ratio, trials
from harness.analysis.speedup import Ratio
from harness.cost import Seen, Size, project, seen, worker_bytes
from harness.results.events import Ended, Event

SIZES = [Size(9_000, 70, 600), Size(30_000, 200, 1_100), Size(90_000, 610, 3_000)]
FULL = Size(28_800_000, 200_948, 84_432)


def _seen(size: Size, alpha: float, beta: float, factor: float = 1.0) -> Seen:
    """A cell whose seconds follow the model; its item half costs twice as much."""
    users_s = alpha * size.ratings + beta * size.users
    items_s = 2 * alpha * size.ratings + 2 * beta * size.items
    return Seen(size, factor * users_s, factor * items_s)


@given(st.floats(1e-9, 1e-4), st.floats(0, 1e-2))
def test_seconds_that_follow_the_model_are_projected_exactly(alpha, beta):
    guess = project([_seen(size, alpha, beta) for size in SIZES], FULL)
    truth = _seen(FULL, alpha, beta)
    assert guess is not None
    assert guess.users_s == pytest.approx(truth.users_s, rel=1e-6)
    assert guess.items_s == pytest.approx(truth.items_s, rel=1e-6)
    assert guess.sweep_s == pytest.approx(truth.users_s + truth.items_s, rel=1e-6)
    assert guess.low is not None
    assert guess.high is not None
    assert guess.low == pytest.approx(guess.high, rel=1e-5)


def test_nothing_seen_is_nothing_projected():
    assert project([], FULL) is None


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_cells_give_no_interval(count):
    guess = project([_seen(size, 1e-6, 1e-4) for size in SIZES[:count]], FULL)
    assert guess is not None
    assert guess.sweep_s > 0
    assert (guess.low, guess.high) == (None, None)


def test_a_cell_projects_itself():
    cell = _seen(SIZES[0], 1e-6, 1e-4)
    guess = project([cell], SIZES[0])
    assert guess is not None
    assert guess.sweep_s == pytest.approx(cell.users_s + cell.items_s)


def test_the_interval_is_the_jackknife_on_logs():
    noisy = [_seen(size, 1e-6, 0, f) for size, f in zip(SIZES, (1.1, 0.95, 1.0), strict=True)]
    guess = project(noisy, FULL)
    assert guess is not None
    left_out = []
    for out in range(3):
        without = project([one for n, one in enumerate(noisy) if n != out], FULL)
        assert without is not None
        left_out.append(np.log(without.sweep_s))
    error = np.sqrt(2 / 3 * np.sum((np.array(left_out) - np.mean(left_out)) ** 2))
    reach = student.ppf(0.975, 2) * error
    assert guess.low == pytest.approx(guess.sweep_s * np.exp(-reach))
    assert guess.high == pytest.approx(guess.sweep_s * np.exp(reach))
    assert guess.low < guess.sweep_s < guess.high


@given(st.lists(st.floats(0.3, 3.0), min_size=3, max_size=3))
def test_coefficients_are_never_negative(factors):
    cells = [_seen(size, 1e-6, 1e-3, f) for size, f in zip(SIZES, factors, strict=True)]
    smaller, larger = project(cells, FULL), project(cells, FULL._replace(ratings=2 * FULL.ratings))
    assert smaller is not None
    assert larger is not None
    assert larger.sweep_s >= smaller.sweep_s > 0


def test_a_worker_needs_more_than_its_backend_says():
    assert worker_bytes(5, 1000) - worker_bytes(0, 1000) == 5
    assert worker_bytes(0, 1000) - worker_bytes(0, 0) == 12_000
    assert worker_bytes(0, 0) > 100 << 20


RATINGS = {"100k": 90_000, "320k": 290_000, "1m": 900_000, "full": 29_000_000}


def _timed_run(variant: str = "naive", factor_at: dict[str, float] | None = None, **changed):
    """Rungs at which a variant takes 2 µs a rating; the last one was skipped."""
    rungs = []
    for name, ratings in RATINGS.items():
        made = planned(variant, name, **changed)
        events: list[Event] = [rung_started(name, ratings), made]
        if name == "full":
            events.append(Ended(made.cell, "skipped", "too slow", 0))
        else:
            sweep_s = 2e-6 * ratings * (factor_at or {}).get(name, 1.0)
            events += turns(made.cell, [sweep_s, 9 * sweep_s, sweep_s])
        rungs.append(events)
    return made_run(*rungs)


def test_the_median_of_each_measured_rung_is_what_was_seen():
    run = _timed_run()
    cells = seen(run, "naive", 1)
    assert [cell.size.ratings for cell in cells] == [90_000, 290_000, 900_000]
    assert cells[0].users_s + cells[0].items_s == pytest.approx(0.18)
    assert seen(run, "naive", 2) == []
    assert seen(run, "numpy", 1) == []


def test_a_skipped_cell_is_projected_from_the_measured_ones():
    run = _timed_run()
    guess = projected(run, run.records[-1])
    assert guess is not None
    assert guess.sweep_s == pytest.approx(2e-6 * RATINGS["full"], rel=1e-6)


def test_trials_project_the_largest_measured_cell_from_the_smaller_ones():
    (trial,) = trials(_timed_run(factor_at={"1m": 1.25}))
    assert (trial.rung, trial.variant, trial.threads) == ("1m", "naive", 1)
    assert trial.measured_s == pytest.approx(2.25)
    assert trial.projected_s == pytest.approx(1.8, rel=1e-6)
    assert trial.error == pytest.approx(-0.2, rel=1e-6)


def test_one_smaller_cell_is_no_trial():
    rungs = [
        [rung_started(name, RATINGS[name]), planned("naive", name), *turns(cell, [1.0])]
        for name in ("100k", "320k")
        for cell in [planned("naive", name).cell]
    ]
    assert trials(made_run(*rungs)) == []


def test_a_ratio_of_projections_turns_the_interval_of_the_divisor_round():
    ratio = projected_ratio(Ratio(100.0, 50.0, 200.0, 0), Ratio(2.0, 1.0, 4.0, 0))
    assert ratio.value == pytest.approx(50)
    reach = np.hypot(np.log(2), np.log(2))
    assert ratio.low == pytest.approx(50 / np.exp(reach))
    assert ratio.high == pytest.approx(50 * np.exp(reach))
    assert projected_ratio(Ratio(100.0, None, None, 0), Ratio(2.0, 1.0, 4.0, 0)).high is None
    assert projected_ratio(Ratio(100.0, 50.0, 200.0, 0), Ratio(2.0, None, None, 1)).low is None
