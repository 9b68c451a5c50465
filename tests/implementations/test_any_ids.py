"""Ratings with ids of any kind: whatever the container, the same rows, and the ids kept."""

import random
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp

from implementations import AlsParams, IdMap, Ratings, fit
from implementations.ids import contiguous

pytestmark = pytest.mark.kernel

WORDS = ["bob", "ann", "bob", "Ünal"]
WORD_ROWS = [1, 0, 1, 2]
NUMBERS = [70, -3, 70, 2**40]
NUMBER_ROWS = [1, 0, 1, 2]


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        np.array,
        lambda ids: np.array(ids, np.dtypes.StringDType()),
        lambda ids: np.array(ids, object),
        pd.Series,
        pd.Index,
        lambda ids: pd.Series(ids, dtype="category"),
        lambda ids: pd.Series(ids, dtype="string"),
        lambda ids: pd.Series(ids, dtype="string[pyarrow]"),
        pa.array,
        lambda ids: pa.chunked_array([ids[:1], ids[1:]]),
        lambda ids: pa.array(ids).dictionary_encode(),
    ],
)
def test_strings_of_any_container_are_the_same_rows(container):
    rows, ids = contiguous("users", container(WORDS))
    assert rows.dtype == np.int32
    assert rows.tolist() == WORD_ROWS
    assert ids.ids.tolist() == ["ann", "bob", "Ünal"]


@pytest.mark.parametrize(
    "container",
    [
        list,
        np.array,
        lambda ids: np.array(ids, ">i8"),
        lambda ids: np.array(ids, object),
        lambda ids: pd.Series(ids, dtype="Int64"),
        lambda ids: pd.Series(ids, dtype="category"),
        lambda ids: pa.chunked_array([ids]),
        lambda ids: pa.array(ids).dictionary_encode(),
    ],
)
def test_integers_of_any_container_are_the_same_rows(container):
    rows, ids = contiguous("users", container(NUMBERS))
    assert rows.tolist() == NUMBER_ROWS
    assert ids.ids.dtype == np.int64
    assert ids.ids.tolist() == [-3, 70, 2**40]


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">u8"])
def test_integers_of_any_width_are_the_same_ids(dtype):
    rows, ids = contiguous("items", np.array([7, 3, 7], dtype))
    assert (rows.tolist(), ids) == ([1, 0, 1], IdMap([3, 7]))


def test_ids_beyond_63_bits_stay_what_they_are():
    rows, ids = contiguous("users", [2**64 - 1, 0, 2**63])
    assert rows.tolist() == [2, 0, 1]
    assert ids.ids.tolist() == [0, 2**63, 2**64 - 1]
    assert ids.rows("users", [2**63, 2**63 + 1, 5]).tolist() == [1, -1, -1]
    assert ids.rows("users", [-1, 0]).tolist() == [-1, 0]
    assert IdMap([5, 9]).rows("users", [2**64 - 1, 9]).tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("ids", "kind", "words"),
    [
        (["a", None], ValueError, r"users\[1\] is missing \(None\)"),
        (["a", float("nan")], ValueError, r"users\[1\] is missing"),
        (pd.Series([1, None]), ValueError, r"users\[1\] is missing"),
        (pd.Series([1, None], dtype="Int64"), ValueError, r"users\[1\] is missing"),
        (pd.Series(["a", None], dtype="category"), ValueError, r"users\[1\] is missing"),
        (pa.array([None, 1]), ValueError, r"users\[0\] is missing"),
        ([1, "1"], TypeError, r"users\[1\] is '1', the first is 1"),
        ([1.0, 2.0], TypeError, r"users\[0\] must be an integer or a string, not 1\.0"),
        (np.array([1.0, 2.0]), TypeError, r"not float64 .* users\.astype\(np\.int64\)"),
        ([True, False], TypeError, r"users\[0\] must be an integer or a string, not True"),
        (np.array([True, False]), TypeError, "integers or strings, not bool"),
        ([b"a", b"b"], TypeError, r"not b'a'"),
        (np.array(["2026-01-01", "2026-01-02"], "M8[D]"), TypeError, "not datetime64"),
        ([2**64, 1], ValueError, "beyond 64 bits: give such ids as strings"),
        ([[1], [2]], ValueError, "users must be one-dimensional, not 2-dimensional"),
        ([[1, 2], [3]], TypeError, r"users\[0\] must be an integer or a string, not \[1, 2\]"),
        ((n for n in (1, 2)), TypeError, "must be an integer or a string, not <generator"),
        (1, ValueError, "one-dimensional, not 0-dimensional"),
        (None, ValueError, r"is missing \(None\)"),
    ],
)
def test_ids_that_are_none_are_named(ids, kind, words):
    with pytest.raises(kind, match=words):
        Ratings.from_arrays(ids, [1, 2], [3.0, 4.0])


def test_more_ids_than_rows_can_be_are_an_error(monkeypatch):
    monkeypatch.setattr("implementations.ids._MOST_ROWS", 2)
    with pytest.raises(ValueError, match="users are 3 different ids: at most 2"):
        contiguous("users", [1, 2, 3, 3])


@pytest.mark.parametrize(
    "values",
    [
        [4, 3.5, 5],
        (4, 3.5, 5),
        np.array([4, 3.5, 5], np.float16),
        np.array([4, 3.5, 5], ">f8"),
        pd.Series([4, 3.5, 5], dtype="Float32"),
        pa.array([4, 3.5, 5]),
        [Decimal(4), Decimal("3.5"), Decimal(5)],
    ],
)
def test_ratings_of_any_real_type_are_float32(values):
    ratings = Ratings.from_arrays([1, 1, 2], [1, 2, 1], values)
    assert ratings.values.dtype == np.float32
    assert ratings.values.tolist() == [4, 3.5, 5]


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ([1, float("nan")], ValueError, r"values\[1\] is nan"),
        ([1, float("inf")], ValueError, r"values\[1\] is inf"),
        ([1, 1e39], ValueError, r"values\[1\] is 1e\+39: not finite, or beyond float32"),
        (pd.Series([1, None], dtype="Float64"), ValueError, r"values\[1\] is nan"),
        (["4", "5"], TypeError, "values must be real numbers, not str"),
        ([True, False], TypeError, "values must be real numbers, not bool"),
        ([1j, 2], TypeError, "values must be real numbers, not complex128"),
        ([1, None], ValueError, r"values\[1\] is nan"),
        (["4", None], TypeError, "values must be real numbers, and none missing"),
        ([True, None], TypeError, "values must be real numbers"),
        ([1, [2]], TypeError, "values must be real numbers"),
        ([[1], [2]], ValueError, "one-dimensional"),
        ([1], ValueError, "same length, not 2, 2 and 1"),
    ],
)
def test_ratings_that_are_none_are_named(values, kind, words):
    with pytest.raises(kind, match=words):
        Ratings.from_arrays([1, 2], [1, 2], values)


def test_no_rating_is_taken():
    nothing = Ratings.from_arrays([], [], [])
    assert (len(nothing), nothing.n_users, nothing.n_items) == (0, 0, 0)


@pytest.mark.parametrize("implementation", ["numpy", "numba-parallel", "numba-tiled-f32"])
def test_the_order_of_the_ratings_does_not_change_a_bit(implementation):
    generator = np.random.default_rng(0)
    pairs = generator.permutation(30 * 20)[:200]
    triples = list(
        zip(pairs // 20 * 7 - 50, pairs % 20, generator.integers(1, 6, 200), strict=True)
    )
    models = []
    for seed in range(3):
        random.Random(seed).shuffle(triples)
        train = Ratings.from_arrays(*map(list, zip(*triples, strict=True)))
        fitted = fit(train, AlsParams(rank=3, reg=0.1), sweeps=3, implementation=implementation)
        models.append((fitted.users.tobytes(), fitted.items.tobytes(), fitted.mean))
    assert models[0] == models[1] == models[2]


TWICE = (["u", "u", "t", "u"], ["x", "x", "x", "x"], [1, 5, 4, 3])


def test_duplicates_are_refused_and_both_named():
    with pytest.raises(ValueError, match=r"ratings 0 and 1 .* 2 ratings in all .*duplicates="):
        Ratings.from_arrays(*TWICE)


@pytest.mark.parametrize(("what", "value"), [("mean", 3), ("last", 3), ("sum", 9)])
def test_duplicates_become_one_as_asked(what, value):
    ratings = Ratings.from_arrays(*TWICE, duplicates=what)
    assert ratings.users.tolist() == [0, 1]
    assert ratings.values.tolist() == [4, value]


def test_a_mean_is_formed_in_float64_and_a_sum_beyond_float32_is_an_error():
    big = np.float32(3e38)
    mean = Ratings.from_arrays([1, 1], [1, 1], [big, big], duplicates="mean")
    assert mean.values.tolist() == [float(big)]
    with pytest.raises(ValueError, match="sum of a pair's ratings is beyond float32"):
        Ratings.from_arrays([1, 1], [1, 1], [big, big], duplicates="sum")


@pytest.mark.parametrize("what", ["max", None, 3, True])
def test_another_word_for_duplicates_is_named(what):
    with pytest.raises(ValueError, match=r"duplicates must be one of refuse, mean, last, sum"):
        Ratings.from_arrays(*TWICE, duplicates=what)


@pytest.mark.parametrize("make", [sp.coo_matrix, sp.csr_array, sp.csc_matrix, sp.lil_array])
def test_a_sparse_matrix_of_any_format_is_taken(make):
    dense = np.array([[0, 3, 0], [4.5, 0, 0], [0, 0, 0]])
    ratings = Ratings.from_coo(make(dense))
    assert (ratings.n_users, ratings.n_items, ratings.user_ids) == (3, 3, None)
    triples = np.column_stack([ratings.users, ratings.items, ratings.values])
    assert triples.tolist() == [[0, 1, 3], [1, 0, 4.5]]


def test_what_is_stored_in_a_matrix_twice_is_a_duplicate_and_a_stored_zero_a_rating():
    matrix = sp.coo_matrix(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), (2, 2))
    with pytest.raises(ValueError, match="ratings 0 and 1"):
        Ratings.from_coo(matrix)
    assert Ratings.from_coo(matrix, duplicates="last").values.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("matrix", "kind", "words"),
    [
        (np.ones((2, 2)), TypeError, "matrix must be a sparse matrix of SciPy, not ndarray"),
        (sp.coo_matrix([[1j]]), TypeError, "matrix must be real numbers, not complex128"),
        (sp.coo_matrix(([np.nan], ([0], [0]))), ValueError, r"matrix\[0\] is nan"),
        (sp.coo_array((2**31, 1)), ValueError, "more rows than int32 can count"),
    ],
)
def test_a_matrix_that_is_none_is_named(matrix, kind, words):
    with pytest.raises(kind, match=words):
        Ratings.from_coo(matrix)


@pytest.mark.parametrize(
    ("ids", "words"),
    [([3, 1], "ascend"), ([1, 1], "ascend"), ([[1, 2]], "ascend"), (["b", "a"], "ascend")],
)
def test_a_map_of_ids_that_is_none_is_named(ids, words):
    with pytest.raises(ValueError, match=words):
        IdMap(ids)


def test_a_map_knows_equals_and_shows_itself():
    assert IdMap([1, 2]) == IdMap(np.array([1, 2], np.uint8))
    assert IdMap(["1", "2"]) != IdMap([1, 2])
    assert repr(IdMap(["a"])) == "IdMap of 1 strings"
    assert IdMap([1, 2]).rows("users", [[2], [5]]).tolist() == [[1], [-1]]
