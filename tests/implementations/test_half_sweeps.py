"""Half-sweeps against the dense oracle, and every implementation against the naive one."""

import numpy as np
import pytest
from hypothesis import given
from strategies import problems, quick, swept

from harness.conformance import Subject, Violation
from harness.conformance.problems import Problem, irregular
from implementations import naive, numpy_batched
from implementations.backend import Side
from implementations.registry import find
from implementations.serving import predict
from implementations.variant import Variant

pytestmark = pytest.mark.kernel


@quick
@given(problem=problems())
def test_half_sweeps_equal_the_oracle(subject: Subject, problem: Problem) -> None:
    before = problem.factors(subject.variant.dtype)
    side: Side
    for side in ("users", "items"):
        backend = subject.ready(problem, before)
        backend.update(side)
        subject.expect_half(problem, side, before, backend.read())


@quick
@given(problem=problems())
def test_predictions_equal_the_naive_ones(variant: Variant, problem: Problem) -> None:
    train = problem.train
    pairs = np.divmod(np.arange(train.n_users * train.n_items), train.n_items)
    start = problem.factors(variant.dtype)
    results = []
    for each in (variant, find("naive")):
        backend = each.create(problem.params, 2)
        backend.prepare(train)
        backend.load(start)
        for _ in range(2):
            backend.update_users()
            backend.update_items()
        results.append(predict(backend.read(), *pairs))
    np.testing.assert_allclose(*results, rtol=0, atol=variant.prediction_tolerance)


@pytest.mark.parametrize("batch_bytes", [1, 200, 1 << 30])
@quick
@given(problem=problems())
def test_numpy_gives_the_same_in_batches_of_any_size(batch_bytes: int, problem: Problem) -> None:
    reference = swept(find("numpy").create(problem.params), problem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_batched, "_BATCH_BYTES", batch_bytes)
        cut = swept(find("numpy").create(problem.params), problem)
    np.testing.assert_allclose(cut.users, reference.users, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(cut.items, reference.items, rtol=1e-9, atol=1e-12)


def test_a_wrong_row_is_seen() -> None:
    problem, subject = irregular(), Subject(find("numpy"))
    backend = subject.ready(problem, before := problem.factors("float64"))
    backend.update_users()
    after = backend.read()
    after.users[4, 1] *= 1 + 1e-8
    with pytest.raises(Violation, match=r"users row 4, factor 1: .* 1 of 14 rows differ"):
        subject.expect_half(problem, "users", before, after)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_naive_solves_what_numpy_solves(n: int) -> None:
    rng = np.random.default_rng(n)
    root = rng.standard_normal((n + 3, n))
    matrix, rhs = root.T @ root, rng.standard_normal(n)
    lower = [row[: i + 1] for i, row in enumerate(matrix.tolist())]
    solution = naive.solve(lower, rhs.tolist())
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, rhs), rtol=1e-9)


@pytest.mark.parametrize(
    "matrix",
    [[[0.0]], [[1.0], [1.0, 1.0]], [[1.0], [2.0, 1.0]], [[float("nan")]], [[float("inf")]]],
)
def test_naive_sees_what_has_no_solution(matrix: list[list[float]]) -> None:
    assert naive.solve(matrix, [1.0] * len(matrix)) is None


@pytest.mark.parametrize(("excess", "usable"), [(1, False), (16, True)])
def test_a_pivot_at_rounding_is_not_usable_and_one_above_it_is(excess: int, usable: bool) -> None:
    corner = 1.0 + excess * np.finfo(float).eps
    assert (naive.solve([[1.0], [1.0, corner]], [1.0, 1.0]) is not None) == usable
    matrix = np.array([[[1.0, 1.0], [1.0, corner]]])
    assert numpy_batched.solve(matrix, np.ones((1, 2)))[1].tolist() == [usable]
