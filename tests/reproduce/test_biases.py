"""Bias estimates against a dense least squares and against plain loops."""

import numpy as np
import pytest

from harness.reproduce.biases import fit_biases, rmse
from harness.reproduce.protocol import Biases
from implementations.ratings import Ratings

MODEL = Biases(user_reg=3.0, item_reg=2.0, sweeps=3, least=1.0, most=5.0)


@pytest.fixture(scope="module")
def ratings():
    random = np.random.default_rng(2)
    users, items = np.nonzero(random.random((12, 9)) < 0.6)
    values = random.integers(1, 6, len(users)).astype(np.float32)
    return Ratings(users.astype(np.int32), items.astype(np.int32), values, 14, 10)  # some unrated


def test_many_sweeps_reach_the_dense_least_squares(ratings):
    n_users, n_items, n = 14, 10, len(ratings)
    design = np.zeros((n, n_users + n_items))
    design[np.arange(n), ratings.users] = 1
    design[np.arange(n), n_users + ratings.items] = 1
    ridge = np.diag([3.0] * n_users + [2.0] * n_items)
    target = ratings.values.astype(np.float64) - ratings.mean
    expected = np.linalg.solve(design.T @ design + ridge, design.T @ target)
    model = Biases(user_reg=3.0, item_reg=2.0, sweeps=200, least=1.0, most=5.0)
    assert np.concatenate(fit_biases(ratings, model)) == pytest.approx(expected, abs=1e-12)


def test_sweeps_are_items_first_then_users(ratings):
    mean, users, items = ratings.mean, [0.0] * 14, [0.0] * 10
    columns = (ratings.users, ratings.items, ratings.values)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for _ in range(MODEL.sweeps):
        for item in range(10):
            gaps = [r - mean - users[u] for u, i, r in rows if i == item]
            items[item] = sum(gaps) / (2.0 + len(gaps))
        for user in range(14):
            gaps = [r - mean - items[i] for u, i, r in rows if u == user]
            users[user] = sum(gaps) / (3.0 + len(gaps))
    found = fit_biases(ratings, MODEL)
    assert found[0] == pytest.approx(users, abs=1e-13)
    assert found[1] == pytest.approx(items, abs=1e-13)


def test_unrated_rows_stay_zero_without_a_ridge(ratings):
    model = Biases(user_reg=0.0, item_reg=0.0, sweeps=2, least=1.0, most=5.0)
    users, items = fit_biases(ratings, model)
    assert (users[12:].tolist(), items[9:].tolist()) == ([0.0, 0.0], [0.0])


def test_predictions_are_clipped_to_the_scale(ratings):
    users, items = np.full(14, 10.0), np.zeros(10)
    expected = np.sqrt(np.mean((ratings.values - 5.0) ** 2))
    assert rmse(ratings, ratings.mean, (users, items), MODEL) == pytest.approx(expected)
