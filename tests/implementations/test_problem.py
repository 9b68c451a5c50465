"""The nouns refuse what cannot be."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from implementations.backend import SolveError
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import ProblemSize, Ratings

GOOD = {
    "users": np.array([0, 1], np.int32),
    "items": np.array([2, 0], np.int32),
    "values": np.array([3.5, 4.0], np.float32),
    "n_users": 2,
    "n_items": 3,
}


def test_ratings() -> None:
    ratings = Ratings(**GOOD)
    assert len(ratings) == 2
    assert ratings.mean == 3.75
    assert ProblemSize.of(ratings) == (2, 2, 3)


def test_no_ratings_have_mean_zero() -> None:
    empty = {name: GOOD[name][:0] for name in ("users", "items", "values")}
    assert Ratings(**empty, n_users=0, n_items=0).mean == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"users": np.array([0, 1], np.int64)}, "Ratings.users must be .* int32, not .* int64"),
        ({"values": np.array([3.5, 4.0])}, "Ratings.values must be .* float32, not .* float64"),
        ({"items": np.zeros((1, 2), np.int32)}, "Ratings.items .* not 2-dimensional"),
        ({"items": np.array([0], np.int32)}, "same length"),
        ({"users": np.array([0, 2], np.int32)}, r"Ratings.users must lie in 0 … 1 .*not 0 … 2"),
        ({"items": np.array([-1, 0], np.int32)}, r"Ratings.items must lie in 0 … 2 .*not -1 … 0"),
        ({"values": np.array([np.nan, 1], np.float32)}, "not finite"),
        ({"values": np.array([np.inf, -np.inf], np.float32)}, "not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_bad_ratings(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        Ratings(**GOOD | change)


def test_default_regularisers_depend_on_count_scaled() -> None:
    assert (AlsParams().reg, AlsParams().bias_reg) == (25.0, 7.5)
    scaled = AlsParams(count_scaled=True)
    assert (scaled.reg, scaled.bias_reg) == (0.05, 0.05)
    assert AlsParams(reg=0.0).reg == 0
    assert AlsParams(count_scaled=True, reg=2.0).bias_reg == 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": 0}, "rank must be at least 1, not 0"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"reg": -0.1}, "reg must be a finite number not below 0, not -0.1"),
        ({"reg": float("nan")}, "reg must be a finite number"),
        ({"bias_reg": float("inf")}, "bias_reg must be a finite number"),
    ],
)
def test_bad_params(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        AlsParams(**change)


def test_params_are_frozen_and_count_their_unknowns() -> None:
    assert AlsParams(rank=3).unknowns == 4
    assert AlsParams(rank=3, biases=False).unknowns == 3
    with pytest.raises(FrozenInstanceError):
        AlsParams().rank = 5  # type: ignore[misc]


def test_factors_of_another_dtype_are_a_copy_even_where_it_is_the_same() -> None:
    factors = Factors(np.ones((2, 3)), np.ones((1, 3)), 3.5)
    copy = factors.astype(np.dtype("float64"))
    assert not np.shares_memory(copy.users, factors.users)
    assert factors.astype(np.dtype("float32")).items.dtype == np.float32


def test_a_solve_error_names_row_and_remedy_and_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(SolveError("items", 7)))
    assert (error.side, error.row) == ("items", 7)
    assert str(error).startswith("items row 7: ")
    assert "raise reg and bias_reg" in str(error)
