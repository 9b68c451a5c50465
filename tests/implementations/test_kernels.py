"""The pieces of the compiled half-sweep against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RANKS, quick

from harness.conformance.problems import irregular
from implementations import kernels
from implementations.array_backend import model_of
from implementations.layout import by_user
from implementations.problem import AlsParams

pytestmark = pytest.mark.kernel

sizes = st.integers(1, RANKS[-1] + 1)
dtypes = st.sampled_from(["float32", "float64"])


def _system(matrix, rhs):
    """Lower triangle with the right-hand side as one more row, as the kernels keep it."""
    unknowns = len(rhs)
    system = np.zeros((unknowns + 1, kernels._width(unknowns)), matrix.dtype)
    system[:unknowns, :unknowns] = np.tril(matrix)
    system[unknowns, :unknowns] = rhs
    return system


def _solve(matrix, rhs):
    unknowns = len(rhs)
    x = np.zeros(unknowns, matrix.dtype)
    scratch = np.zeros((2, kernels._width(unknowns)), matrix.dtype)
    return kernels._solve(_system(matrix, rhs), unknowns, scratch, x), x


@pytest.mark.parametrize(("unknowns", "width"), [(1, 8), (7, 8), (8, 16), (15, 16), (21, 24)])
def test_width_holds_the_right_hand_side_in_whole_vectors(unknowns, width) -> None:
    assert kernels._width(unknowns) == width


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scratch_begins_at_a_cache_line_wherever_memory_is_free(dtype) -> None:
    real, kept = np.dtype(dtype).type, []
    for rows in range(1, 40):
        scratch = kernels._aligned_zeros(rows, 16, np.dtype(real))
        kept.append((scratch, np.empty(rows * 7, np.uint8)))
        assert scratch.ctypes.data % 64 == 0
        assert scratch.shape == (rows, 16)
        assert scratch.dtype == real
        assert not scratch.any()
        scratch[:] = 1


@quick
@given(n=sizes, dtype=dtypes, seed=st.integers(0, 999))
def test_solve_equals_numpy(n: int, dtype: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((2 * n, n))
    matrix = (root.T @ root + np.eye(n)).astype(dtype)
    rhs = rng.standard_normal(n).astype(dtype)
    usable, x = _solve(matrix, rhs)
    exact = np.linalg.solve(matrix.astype(float), rhs.astype(float))
    assert usable
    assert x.dtype == dtype
    scale = np.abs(exact).max()
    assert np.abs(x - exact).max() <= (1e-10 if dtype == "float64" else 2e-4) * scale


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.0]],
        [[1.0, 1.0], [1.0, 1.0]],
        [[1.0, 2.0], [2.0, 1.0]],
        [[np.nan]],
        [[np.inf]],
        [[-1.0]],
        [[1.0, 0.0], [0.0, np.nan]],
    ],
)
def test_solve_says_where_there_is_no_solution(matrix) -> None:
    with np.errstate(all="ignore"):
        usable, _ = _solve(np.array(matrix), np.ones(len(matrix)))
    assert not usable


def test_solve_says_where_the_solution_is_not_finite() -> None:
    with np.errstate(all="ignore"):
        usable, _ = _solve(np.array([[1e-300]]), np.array([1e300]))
    assert not usable


def test_a_pivot_at_rounding_is_not_usable_and_one_above_it_is() -> None:
    eps = np.finfo(float).eps
    for excess, expected in ((1 * eps, False), (16 * eps, True)):
        usable, _ = _solve(np.array([[1.0, 1.0], [1.0, 1.0 + excess]]), np.ones(2))
        assert usable == expected


@quick
@given(size=sizes, seed=st.integers(0, 999))
def test_add_eight_adds_the_products_to_the_lower_triangle(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    width = kernels._width(size)
    v = rng.standard_normal((8, width))
    system = rng.standard_normal((size, width))
    expected = system + v[:, :size].T @ v
    kernels._add_eight(v, system, size)
    lower = np.tril_indices(size)
    np.testing.assert_allclose(system[lower], expected[lower], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("count_scaled", "weight"), [(False, 1), (True, 6)])
def test_add_ridge_weighs_by_count(count_scaled: bool, weight: int) -> None:
    params = AlsParams(rank=2, reg=3.0, bias_reg=5.0, count_scaled=count_scaled)
    model = model_of(params, irregular().factors("float64"))
    system = np.ones((4, 8))
    kernels._add_ridge(system, model, 6)
    expected = np.ones((4, 8))
    expected[[0, 1, 2], [0, 1, 2]] += [3 * weight, 3 * weight, 5 * weight]
    np.testing.assert_array_equal(system, expected)


@quick
@given(n=sizes, seed=st.integers(0, 999))
def test_packed_triangles_unpack_to_what_was_packed(n: int, seed: int) -> None:
    z = np.random.default_rng(seed).standard_normal(n)
    triangle = n * (n + 1) // 2
    packed = np.arange(triangle + n, dtype=float)
    kernels._outer(z, n, packed)
    system = np.zeros((n + 1, kernels._width(n)))
    kernels._unpack(packed, n, system)
    np.testing.assert_array_equal(system[:n, :n], np.tril(np.outer(z, z)))
    np.testing.assert_array_equal(system[n, :n], triangle + np.arange(n))


@pytest.mark.parametrize("biases", [True, False])
def test_gather_writes_the_row_one_and_the_residual(biases: bool) -> None:
    problem = irregular().with_params(biases=biases)
    factors = problem.factors("float64")
    csr, model = by_user(problem.train), model_of(problem.params, factors)
    entry, v = 11, np.zeros(8)
    kernels._gather(csr, factors.items, model, entry, v)
    *q, c = factors.items[csr.indices[entry]]
    t = float(csr.values[entry]) - factors.mean - c
    np.testing.assert_array_equal(v[: problem.params.unknowns + 1], [*q, *[1] * biases, t])


def test_solve_rows_writes_its_rows_only() -> None:
    problem = irregular()
    factors = problem.factors("float64")
    csr, model = by_user(problem.train), model_of(problem.params, factors)
    out = np.full_like(factors.users, np.nan)
    assert kernels.solve_rows(csr, factors.items, model, 3, 8, out) == -1
    written = np.isfinite(out).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(written), np.arange(3, 8))
