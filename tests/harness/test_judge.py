"""The judge: float64, all ratings, nothing that is not a number let through."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info
from tiny import PARAMS, tiny_dataset

from harness.data.ladder.rung import Rung
from harness.data.ladder.scales import cut
from harness.measure import judge
from harness.measure.judge import Judge, row_difference
from implementations.error_sums import error_sums
from implementations.factors import Factors
from implementations.ratings import Ratings
from implementations.serving import predict


@pytest.fixture(scope="module")
def rung() -> Rung:
    return cut(tiny_dataset(), "full", 0)


def _factors(rung: Rung, dtype: str = "float64") -> Factors:
    random = np.random.default_rng(3)
    shapes = ((rung.train.n_users, PARAMS.rank + 1), (rung.train.n_items, PARAMS.rank + 1))
    users, items = (random.normal(size=shape).astype(dtype) for shape in shapes)
    return Factors(users, items, 3.25)


def _errors_by_hand(ratings: Ratings, factors: Factors) -> list[float]:
    users, items = factors.users.astype(float), factors.items.astype(float)
    return [
        float(value - (3.25 + users[u, -1] + items[i, -1] + users[u, :-1] @ items[i, :-1])) ** 2
        for u, i, value in zip(ratings.users, ratings.items, ratings.values, strict=True)
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rmse_is_that_of_all_ratings_in_float64(rung, dtype):
    factors = _factors(rung, dtype)
    judgement = Judge(rung, PARAMS)(factors)
    train, test = (_errors_by_hand(part, factors) for part in (rung.train, rung.test))
    assert judgement.train_rmse == pytest.approx(np.sqrt(np.mean(train)), rel=1e-12)
    assert judgement.test_rmse == pytest.approx(np.sqrt(np.mean(test)), rel=1e-12)
    warm = np.array(test)[~rung.cold()]
    assert judgement.warm_test_rmse == pytest.approx(np.sqrt(warm.mean()), rel=1e-12)
    assert judgement.finite


def test_the_sample_of_predictions_is_the_same_for_all(rung):
    first, second = Judge(rung, PARAMS)(_factors(rung)), Judge(rung, PARAMS)(_factors(rung))
    assert np.array_equal(first.predictions, second.predictions)
    assert first.predictions.shape == (10_000,)
    moved = _factors(rung)
    moved.users[:, -1] += 1.0
    assert Judge(rung, PARAMS)(moved).predictions == pytest.approx(first.predictions + 1.0)


def _rung(train: Ratings, test: Ratings) -> Rung:
    ids = np.arange(train.n_users, dtype=np.int64), np.arange(train.n_items, dtype=np.int64)
    return Rung("made", train, test, *ids, 0)


def _ratings(pairs: list[tuple[int, int]], n_users: int = 3, n_items: int = 2) -> Ratings:
    users, items = np.array(pairs, np.int32).reshape(-1, 2).T
    return Ratings(users, items, np.full(len(pairs), 4, np.float32), n_users, n_items)


def test_without_test_ratings_there_is_no_test_rmse():
    made = _rung(_ratings([(0, 0), (1, 1)]), _ratings([]))
    judgement = Judge(made, PARAMS)(Factors(np.zeros((3, 2)), np.zeros((2, 2)), 3.0))
    assert (judgement.train_rmse, judgement.test_rmse) == (1.0, None)
    assert judgement.warm_test_rmse is None
    assert judgement.finite


def test_where_all_test_ratings_are_cold_there_is_no_warm_rmse():
    made = _rung(_ratings([(0, 0)]), _ratings([(1, 1), (2, 0)]))
    judgement = Judge(made, PARAMS)(Factors(np.zeros((3, 2)), np.zeros((2, 2)), 3.0))
    assert (judgement.test_rmse, judgement.warm_test_rmse) == (1.0, None)


def test_without_training_ratings_nothing_was_missed():
    made = _rung(_ratings([]), _ratings([(0, 0)]))
    assert Judge(made, PARAMS)(Factors(np.zeros((3, 2)), np.zeros((2, 2)), 0.0)).train_rmse == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e200])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_what_is_not_finite_is_found_even_in_a_row_without_training(value, row):
    """Row 2 has test ratings only; 1e200 is finite, but its square is not."""
    made = _rung(_ratings([(0, 0), (1, 1)]), _ratings([(2, 0)]))
    factors = Factors(np.ones((3, 2)), np.ones((2, 2)), 3.0)
    factors.users[row] = value
    assert not Judge(made, PARAMS)(factors).finite


def test_errors_of_no_ratings_are_none():
    zeros = Factors(np.zeros((3, 2)), np.zeros((2, 2)), 3.0)
    assert error_sums(_ratings([]), zeros) == (0.0, 0.0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rank", [1, 4, 40])
def test_sums_over_several_chunks_are_numpys(rank, dtype):
    random = np.random.default_rng(rank)
    users, items = random.integers(0, [[500], [70]], (2, 150_000)).astype(np.int32)
    values = random.normal(size=150_000).astype(np.float32)
    ratings = Ratings(users, items, values, 500, 70)
    rows = (random.normal(size=(n, rank + 1)).astype(dtype) for n in (500, 70))
    factors, apart = Factors(*rows, 0.5), random.random(150_000) < 0.1
    squares = np.square(values - predict(factors, users, items))
    expected = (squares[~apart].sum(), squares[apart].sum())
    assert error_sums(ratings, factors, apart) == pytest.approx(expected, rel=1e-12)
    assert error_sums(ratings, factors) == pytest.approx((squares.sum(), 0.0), rel=1e-12)


def test_rows_are_compared_relative_to_their_largest_entry():
    expected = np.array([[1.0, 100.0], [2.0, -4.0], [0.0, 1e-9]])
    value = expected + np.array([[0.5, 0.0], [0.0, 0.4], [0.0, 1e-6]])
    gap = row_difference(value, expected)
    assert (gap.row, gap.value, gap.expected) == (1, -3.6, -4.0)
    assert gap.relative == pytest.approx(0.1)


def test_equal_rows_do_not_differ():
    rows = np.arange(6.0, dtype=np.float32).reshape(3, 2)
    assert row_difference(rows, rows.astype(float)).relative == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("wrong", ["value", "expected"])
def test_a_row_that_is_not_finite_differs_most(value, wrong):
    rows = {"value": np.ones((3, 2)), "expected": np.ones((3, 2))}
    rows["value"][0, 0] = 5.0
    rows[wrong][2, 1] = value
    gap = row_difference(**rows)
    assert (gap.relative, gap.row) == (np.inf, 2)


def test_judging_takes_one_thread_of_blas_whose_others_would_spin(rung, monkeypatch):
    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    during = []
    monkeypatch.setattr(judge, "penalty", lambda *_: during.extend(threads()) or 0.0)
    before = threads()
    Judge(rung, PARAMS)(_factors(rung))
    assert during == [1] * len(before)
    assert threads() == before
