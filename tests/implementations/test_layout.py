"""Layouts against SciPy; chunks as properties."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from strategies import problems, quick

from harness.conformance.problems import Problem, irregular, unsorted
from implementations.layout import by_user, chunks_of_equal_work, csr_bytes, transpose
from implementations.ratings import Csr, ProblemSize

pytestmark = pytest.mark.kernel


def _scipy(problem: Problem) -> scipy.sparse.coo_array:
    train = problem.train
    shape = (train.n_users, train.n_items)
    return scipy.sparse.coo_array((train.values, (train.users, train.items)), shape)


def _assert_equal(ours: Csr, theirs: scipy.sparse.csr_array) -> None:
    theirs.sort_indices()
    assert [array.dtype.name for array in ours] == ["int64", "int32", "float32"]
    np.testing.assert_array_equal(ours.indptr, theirs.indptr)
    np.testing.assert_array_equal(ours.indices, theirs.indices)
    np.testing.assert_array_equal(ours.values, theirs.data)


@quick
@given(problem=problems())
def test_by_user_and_transpose_are_those_of_scipy(problem: Problem) -> None:
    theirs, ours = _scipy(problem), by_user(problem.train)
    _assert_equal(ours, theirs.tocsr())
    _assert_equal(transpose(ours, problem.train.n_items), theirs.T.tocsr())


def test_sorted_ratings_are_shared_and_others_copied() -> None:
    for problem, shared in ((irregular(), True), (unsorted(), False)):
        csr = by_user(problem.train)
        assert np.shares_memory(csr.indices, problem.train.items) == shared
        assert np.shares_memory(csr.values, problem.train.values) == shared


def test_items_out_of_order_within_a_user_are_sorted() -> None:
    csr = by_user(irregular().train)
    swapped = irregular().train
    first = csr.indptr[:-1][np.diff(csr.indptr) > 1][0]
    for array in (swapped.items, swapped.values):
        array[first], array[first + 1] = array[first + 1], array[first]
    for ours, expected in zip(by_user(swapped), csr, strict=True):
        np.testing.assert_array_equal(ours, expected)


counts = st.lists(st.integers(0, 50), min_size=1, max_size=40)


@quick
@given(counts=counts, n_chunks=st.integers(1, 20), row_cost=st.floats(0, 30))
def test_chunks_are_a_balanced_partition(counts: list[int], n_chunks: int, row_cost: float) -> None:
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    chunks = chunks_of_equal_work(indptr, n_chunks, row_cost)
    assert chunks.dtype == np.int64
    assert chunks[0] == 0
    assert chunks[-1] == len(counts)
    assert (np.diff(chunks) > 0).all()
    assert len(chunks) <= n_chunks + 1
    work = np.array(counts) + row_cost
    share = work.sum() / n_chunks
    # A cut falls on the next row boundary: a chunk holds its share and less than one row more.
    for first, stop in pairwise(chunks):
        assert work[first:stop].sum() <= share + work.max() + 1e-6


def test_a_heavy_row_is_a_chunk_and_the_others_share_the_rest() -> None:
    counts = [1] * 100 + [1000] + [1] * 100
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    chunks = chunks_of_equal_work(indptr, 10, 0)
    np.testing.assert_array_equal(chunks, [0, 101, 201])


def test_no_rows_give_no_chunk() -> None:
    assert len(chunks_of_equal_work(np.zeros(1, np.int64), 4, 1.0)) == 1


def test_bytes_are_those_of_the_arrays() -> None:
    train = unsorted().train
    ours = sum(array.nbytes for array in by_user(train))
    assert ours == csr_bytes(ProblemSize.of(train))
