"""Every public function of the library says by name what is wrong with what it is given."""

import numpy as np
import pytest

from implementations import AlsParams, Factors, Ratings, fit, predict

FACTORS = Factors(
    np.arange(6, dtype=np.float64).reshape(2, 3), np.ones((4, 3), dtype=np.float64), 3.5
)
GOOD = {
    "users": np.array([0, 1, 1], np.int32),
    "items": np.array([0, 0, 2], np.int32),
    "values": np.array([4, 3, 5], np.float32),
    "n_users": 2,
    "n_items": 3,
}
TRAIN = Ratings(**GOOD)


@pytest.mark.parametrize(
    ("ids", "kind", "words"),
    [
        ([-1], ValueError, "-1 is no id here"),
        ([0, 2, 5], ValueError, "2 is no id here; must lie in 0 … 1"),
        (7, ValueError, "7 is no id here"),
        ([2**63], ValueError, "9223372036854775808 is no id"),
        ([0, 2**70], ValueError, "1180591620717411303424 is no id"),
        ([0.0], TypeError, "not float64"),
        (1.5, TypeError, "not float64"),
        ([True, False], TypeError, "not bool"),
        (["0"], TypeError, "must be whole numbers"),
        ([None], TypeError, "must be whole numbers"),
        ([np.nan], TypeError, "not float64"),
        (b"0", TypeError, "must be whole numbers"),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["users", "items"])
def test_an_id_that_is_none_is_named(name, ids, kind, words):
    given = {"users": [0], "items": [0]} | {name: ids}
    if name == "items":
        words = words.replace("0 … 1", "0 … 3")
        given["items"] = [9, 5] if ids == [0, 2, 5] else ids
        words = words.replace("2 is no id here", "9 is no id here")
    with pytest.raises(kind, match=f"^{name}.*{words}"):
        predict(FACTORS, **given)


def test_no_id_is_no_prediction():
    for empty in ([], np.zeros(0, np.int32), ()):
        predicted = predict(FACTORS, empty, empty)
        assert predicted.shape == (0,)
        assert predicted.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, ">i4"])
def test_ids_of_every_integer_type_are_the_same(dtype):
    wanted = predict(FACTORS, [0, 1], [3, 2])
    ids = np.array([0, 1], dtype), np.array([3, 2], dtype)
    np.testing.assert_array_equal(predict(FACTORS, *ids), wanted)


def test_shapes_are_broadcast():
    grid = predict(FACTORS, [[0], [1]], [0, 1, 2, 3])
    assert grid.shape == (2, 4)
    for user in range(2):
        np.testing.assert_array_equal(grid[user], predict(FACTORS, user, range(4)))
        np.testing.assert_array_equal(grid[user, 1], predict(FACTORS, user, 1))
    with pytest.raises(ValueError, match=r"users and items of shapes \(2,\) and \(3,\)"):
        predict(FACTORS, [0, 1], [0, 1, 2])


def test_who_is_not_there_has_no_row():
    nobody = Factors(np.zeros((0, 3)), np.ones((4, 3)), 3.5)
    with pytest.raises(ValueError, match="users: 0 is no id here; there is no row"):
        predict(nobody, 0, 0)


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"users": [0, 1, 1]}, TypeError, "users must be an array, not list"),
        ({"values": None}, TypeError, "values must be an array, not NoneType"),
        ({"users": GOOD["users"].astype(np.int64)}, ValueError, "not 1-dimensional int64"),
        ({"items": GOOD["items"].astype(">i4")}, ValueError, "byte order of another machine"),
        ({"values": GOOD["values"].astype(np.float64)}, ValueError, "values must be .* float32"),
        ({"items": GOOD["items"][None]}, ValueError, "not 2-dimensional int32"),
        ({"items": GOOD["items"][:2]}, ValueError, "same length, not 3, 2 and 3"),
        ({"users": np.array([0, -1, 1], np.int32)}, ValueError, r"users\[1\] is -1"),
        ({"users": np.array([0, 1, 7], np.int32)}, ValueError, r"0 … 1 .*users\[2\] is 7"),
        ({"values": np.array([1, 2, np.nan], np.float32)}, ValueError, r"values\[2\] is nan"),
        ({"values": np.array([1, np.inf, 2], np.float32)}, ValueError, r"values\[1\] is inf"),
        ({"n_users": -1}, ValueError, "n_users must be at least 0"),
        ({"n_users": 2.0}, TypeError, "n_users must be a whole number"),
        ({"n_items": True}, TypeError, "n_items must be a whole number"),
    ],
)
def test_ratings_that_are_none_are_named(changed, kind, words):
    with pytest.raises(kind, match=words):
        Ratings(**GOOD | changed)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"rank": 0}, ValueError, "rank must be at least 1, not 0"),
        ({"rank": True}, TypeError, "rank must be a whole number, not True"),
        ({"rank": 2.0}, TypeError, "rank must be a whole number, not 2.0"),
        ({"rank": "8"}, TypeError, "rank must be a whole number, not '8'"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": None}, TypeError, "seed must be a whole number"),
        ({"reg": -1.0}, ValueError, "reg must be a finite number"),
        ({"reg": float("nan")}, ValueError, "reg must be a finite number"),
        ({"bias_reg": "1"}, TypeError, "bias_reg must be a number, not '1'"),
    ],
)
def test_parameters_that_are_none_are_named(given, kind, words):
    with pytest.raises(kind, match=words):
        AlsParams(**given)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"sweeps": -1}, ValueError, "sweeps must be at least 0"),
        ({"sweeps": 2.5}, TypeError, "sweeps must be a whole number"),
        ({"sweeps": True}, TypeError, "sweeps must be a whole number"),
        ({"threads": 0}, ValueError, "threads must lie in 1"),
        ({"threads": -1}, ValueError, "threads must lie in 1"),
        ({"threads": 1 << 20}, ValueError, "threads must lie in 1"),
        ({"implementation": "nothing"}, KeyError, "no implementation 'nothing'"),
    ],
)
def test_a_fit_that_cannot_be_is_named(given, kind, words):
    with pytest.raises(kind, match=words):
        fit(TRAIN, AlsParams(rank=2), **{"implementation": "numpy"} | given)


@pytest.mark.filterwarnings("ignore:the factors have vanished")
@pytest.mark.parametrize("name", ["reg", "bias_reg"])
def test_a_regulariser_beyond_the_dtype_is_named_before_anything_is_cast(name):
    params = AlsParams(rank=2, **{name: 1e39})
    with pytest.raises(ValueError, match=rf"^{name} must be at most 3.4e\+38 in float32"):
        fit(TRAIN, params, implementation="numba-serial-f32")
    assert np.isfinite(fit(TRAIN, params, implementation="numpy", sweeps=1).users).all()
