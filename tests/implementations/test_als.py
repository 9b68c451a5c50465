"""The driver: the start, the order and the count; `fit` and `predict`."""

import numba
import numpy as np
import pytest
from strategies import bits

from harness.conformance import oracle
from harness.conformance.problems import irregular
from implementations import AlsParams, Factors, SolveError, fit, predict, start_factors, sweep
from implementations.jit import numba_threads
from implementations.numpy_batched import NumpyBatched
from implementations.registry import usable_cores

pytestmark = pytest.mark.kernel


def test_the_start_is_seeded_items_and_zeros() -> None:
    problem = irregular()
    start = start_factors(problem.train, problem.params)
    assert start.users.dtype == start.items.dtype == np.float64
    assert not start.users.any()
    assert not start.items[:, -1].any()
    assert start.mean == problem.train.mean
    expected = 0.01 * np.random.default_rng(0).standard_normal((11, 3))
    np.testing.assert_array_equal(start.items[:, :-1], expected)
    other = start_factors(problem.train, AlsParams(rank=3, seed=1))
    assert (other.items[:, :-1] != start.items[:, :-1]).all()


def test_a_sweep_is_users_then_items() -> None:
    class Recording(NumpyBatched):
        calls: list[str] = []  # noqa: RUF012 - one instance only

        def update_users(self) -> None:
            self.calls.append("users")

        def update_items(self) -> None:
            self.calls.append("items")

    sweep(Recording(AlsParams(), np.dtype("float64")))
    assert Recording.calls == ["users", "items"]


@pytest.mark.parametrize("implementation", ["naive", "numpy", "numba-serial", "numba-parallel"])
def test_fit_is_the_oracle_repeated(implementation: str) -> None:
    problem = irregular()
    exact = start_factors(problem.train, problem.params)
    for _ in range(3):
        exact = oracle.sweep(problem.train, problem.params, exact)
    fitted = fit(problem.train, problem.params, sweeps=3, implementation=implementation)
    np.testing.assert_allclose(fitted.users, exact.users, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(fitted.items, exact.items, rtol=1e-8, atol=1e-10)


@pytest.mark.filterwarnings("ignore:the factors have vanished")
def test_fit_has_defaults_and_any_number_of_threads() -> None:
    train = irregular().train
    default = fit(train)
    assert default.users.shape == (14, 21)
    assert bits(fit(train, AlsParams(), sweeps=10, threads=1)) == bits(default)


def test_fit_without_a_sweep_gives_the_start() -> None:
    problem = irregular()
    start = start_factors(problem.train, problem.params)
    fitted = fit(problem.train, problem.params, sweeps=0, implementation="naive")
    assert bits(fitted) == bits(start)


def test_fit_says_what_cannot_be_solved_and_what_is_not_there() -> None:
    problem = irregular().with_params(rank=13, reg=0.0)
    with pytest.raises(SolveError, match="users row 1"):
        fit(problem.train, problem.params, implementation="numpy")
    with pytest.raises(KeyError, match="no implementation 'nothing'"):
        fit(problem.train, implementation="nothing")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict_is_the_formula_and_never_clips(dtype: str) -> None:
    users, items = np.array([[1, 2, 3]], dtype), np.array([[0, 0, 0], [5, 7, 0.5]], dtype)
    predicted = predict(Factors(users, items, 3.5), [0, 0], [0, 1])
    assert predicted.dtype == np.float64
    np.testing.assert_array_equal(predicted, [3.5 + 3, 3.5 + 3 + 0.5 + 5 + 14])


@pytest.mark.parametrize("implementation", ["numpy", "numba-parallel", "numba-tiled"])
@pytest.mark.parametrize("threads", [0, -1, 10_000, 1.5, True])
def test_threads_that_are_not_there_are_a_clear_error(implementation, threads):
    whole = type(threads) is int
    words = (
        r"threads must lie in 1 … \d+ \(the cores" if whole else "threads must be a whole number"
    )
    with pytest.raises(ValueError if whole else TypeError, match=words):
        fit(irregular().train, implementation=implementation, threads=threads)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="NUMBA_DISABLE_JIT=1: nothing is compiled")
@pytest.mark.skipif(usable_cores() < 2, reason="takes two cores")
def test_numba_has_as_many_threads_after_a_fit_as_before():
    before = numba.get_num_threads()
    assert before > 1
    params = AlsParams(rank=2, reg=0.1)
    fit(irregular().train, params, implementation="numba-parallel", threads=1)
    assert numba.get_num_threads() == before


def test_more_threads_than_numba_was_started_with_are_a_clear_error():
    most = numba.config.NUMBA_NUM_THREADS
    with (
        pytest.raises(ValueError, match=f"threads must lie in 1 … {most}"),
        numba_threads(most + 1),
    ):
        pass
