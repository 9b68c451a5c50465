"""Each argument of each public function, replaced by each kind of thing it is not."""

import inspect
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import implementations
from implementations import (
    AlsParams,
    Factors,
    IdMap,
    Ratings,
    SolveError,
    fit,
    fold_in,
    predict,
    reasons,
    recommend,
    start_factors,
    sweep,
)
from implementations.als import ready
from implementations.registry import find

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.filterwarnings("ignore:the factors have vanished"),
]

PARAMS = AlsParams(rank=2, reg=0.1)
RAW = {"users": ["a", "b", "b"], "items": [1, 1, 7], "values": [4, 3, 5]}
TRAIN = Ratings.from_arrays(**RAW)
MODEL = fit(TRAIN, PARAMS, implementation="numpy")
FRAME = pd.DataFrame({"userId": RAW["users"], "itemId": RAW["items"], "rating": RAW["values"]})

# Function: arguments that are right.
CALLS = {
    fit: {
        "train": TRAIN,
        "params": PARAMS,
        "sweeps": 1,
        "implementation": "numpy",
        "threads": 1,
        "start": None,
        "relaxation": 1.2,
        "callback": None,
        "tolerance": 0.1,
        "validation": TRAIN,
        "checkpoint": None,
        "checkpoint_every": 2,
    },
    predict: {"factors": MODEL, "users": ["a"], "items": [7]},
    recommend: {"factors": MODEL, "user": "a", "n": 2, "seen": TRAIN},
    fold_in: {"factors": MODEL, "items": [7], "values": [4], "params": PARAMS},
    reasons: {
        "factors": MODEL,
        "items": [7],
        "values": [4],
        "wanted": [1],
        "params": PARAMS,
    },
    start_factors: {"train": TRAIN, "params": PARAMS},
    sweep: {"backend": ready(find("numpy"), TRAIN, PARAMS)},
    AlsParams: {
        "rank": 2,
        "reg": 0.1,
        "bias_reg": 0.1,
        "count_scaled": False,
        "biases": True,
        "seed": 0,
    },
    Factors: {
        "users": np.zeros((2, 3)),
        "items": np.zeros((2, 3)),
        "mean": 3.0,
        "user_ids": TRAIN.user_ids,
        "item_ids": TRAIN.item_ids,
        "params": PARAMS,
    },
    Factors.load: {"path": "nowhere.npz"},
    MODEL.save: {"path": "nowhere/else.npz"},
    IdMap: {"ids": ["a", "b"]},
    Ratings: {
        "users": TRAIN.users,
        "items": TRAIN.items,
        "values": TRAIN.values,
        "n_users": 2,
        "n_items": 2,
        "user_ids": TRAIN.user_ids,
        "item_ids": TRAIN.item_ids,
    },
    Ratings.from_arrays: {**RAW, "duplicates": "mean"},
    Ratings.from_frame: {
        "frame": FRAME,
        "user": "userId",
        "item": "itemId",
        "rating": "rating",
        "duplicates": "last",
    },
    Ratings.from_coo: {"matrix": sp.coo_array(np.eye(2)), "duplicates": "sum"},
}

# Named tuples take what they are given; what backends and libraries are is in the contract.
PLAIN = {"Csr", "Job", "ProblemSize", "Recommendations"}
TOLD = {"AlsBackend", "WholeFit", "Variant", "SolveError", "Progress"}

WRONG = [
    *(None, True, 0, -1, 7, 1 << 31, 1 << 63, -(1 << 70), 10**400),
    *(0.5, -0.0, float("nan"), float("inf"), 1e308, 1j, Decimal("0.1"), Fraction(1, 3)),
    *("", "a", "nothing", b"a", "\0", [], [[]], [1, [2]], ["a", 1], [None], {}, {"a": 1}, set()),
    *(object(), print, int, ValueError("x"), range(3), np.nan, np.array(3), np.array("a")),
    *(np.zeros(0), np.zeros((2, 2, 2)), np.array([1, 2], ">i4"), np.array([np.nan, 1.0])),
    *(np.array(["NaT"], "datetime64[s]"), np.array([1, None], object), np.ma.masked_all(2)),
    *(pd.Series([1, 2]), pd.Series([1, None], dtype="Int64"), pd.DataFrame(), pd.NA, pd.NaT),
    *(PARAMS, TRAIN, MODEL, TRAIN.user_ids, sp.eye_array(2), FRAME, np.zeros((2, 3), complex)),
    *(memoryview(b"ab"), iter([1]), np.float32(2), np.int8(1), np.bool_(1)),
]

CASES = [(call, name) for call, given in CALLS.items() for name in given]


def named(wrong):
    """Kind and beginning of a value; where it lies in memory is another thing in every process."""
    return f"{type(wrong).__name__}-{re.sub(' at 0x.*', '', repr(wrong)):.20}"


@pytest.mark.parametrize("wrong", WRONG, ids=named)
@pytest.mark.parametrize(
    ("call", "name"), CASES, ids=[f"{call.__qualname__}-{name}" for call, name in CASES]
)
def test_it_is_taken_or_named(call, name, wrong, tmp_path, monkeypatch):
    if wrong is int and name == "callback":
        return  # it can be called; what it raises comes out
    monkeypatch.chdir(tmp_path)
    try:
        call(**CALLS[call] | {name: wrong})
    except (TypeError, ValueError, KeyError, SolveError, OSError) as error:
        assert name in str(error) or isinstance(error, OSError)  # noqa: PT017  # taken is right, too


def test_every_public_name_is_there():
    tried = {call.__qualname__.split(".")[0] for call in CALLS}
    assert tried | PLAIN | TOLD == set(implementations.__all__)
    for call, given in CALLS.items():
        assert set(inspect.signature(call).parameters) == set(given), call
