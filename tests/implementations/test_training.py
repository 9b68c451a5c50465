"""`fit`: gone on with, watched, stopped; and numbers that are far from usual."""

import tracemalloc

import numba
import numpy as np
import pytest
from strategies import bits

from harness.conformance import oracle
from harness.conformance.problems import irregular
from implementations import (
    AlsParams,
    Factors,
    Progress,
    Ratings,
    SolveError,
    fit,
    predict,
    start_factors,
)
from implementations.objective import objective
from implementations.registry import GROUPS, LADDER

pytestmark = pytest.mark.kernel

PARAMS = AlsParams(rank=3, reg=0.3, bias_reg=0.2)
UNSOLVABLE = AlsParams(rank=3, reg=0.0, bias_reg=0.0)


@pytest.mark.parametrize("implementation", LADDER)
def test_two_fits_in_a_row_have_the_bits_of_one(implementation):
    train = irregular().train
    halfway = fit(train, PARAMS, sweeps=2, implementation=implementation)
    on = fit(train, PARAMS, sweeps=3, implementation=implementation, start=halfway)
    assert bits(on) == bits(fit(train, PARAMS, sweeps=5, implementation=implementation))


def test_a_saved_model_goes_on_to_the_bit(tmp_path):
    train = irregular().train
    fit(train, PARAMS, sweeps=2).save(tmp_path / "m.npz")
    on = fit(train, PARAMS, sweeps=2, start=Factors.load(tmp_path / "m.npz"))
    assert bits(on) == bits(fit(train, PARAMS, sweeps=4))


def test_a_start_is_matched_by_ids_and_new_ones_start_as_always():
    old = Ratings.from_arrays(["b", "c"], [2, 3], [5, 3])
    new = Ratings.from_arrays(["a", "b", "c"], [1, 2, 3], [4, 5, 3])
    params = AlsParams(rank=3, reg=1e-4)
    trained = fit(old, params, sweeps=2)
    went_on = fit(new, params, sweeps=0, start=trained)
    fresh = start_factors(new, params)
    np.testing.assert_array_equal(went_on.items[1:], trained.items)
    np.testing.assert_array_equal(went_on.items[0], fresh.items[0])
    np.testing.assert_array_equal(went_on.users[1:], trained.users)
    assert went_on.mean == new.mean


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (Factors(np.zeros((14, 3)), np.zeros((11, 3)), 3.0), "start must be of rank 3, not 2"),
        (Factors(np.zeros((13, 4)), np.zeros((11, 4)), 3.0), "start must have 14 users, not 13"),
        (Factors(np.zeros((14, 4)), np.zeros((12, 4)), 3.0), "start must have 11 items, not 12"),
    ],
)
def test_a_start_that_does_not_fit_is_named(start, words):
    with pytest.raises(ValueError, match=words):
        fit(irregular().train, PARAMS, start=start)


def test_a_start_with_ids_is_none_for_ratings_without():
    start = fit(Ratings.from_arrays(["b", "c"], [2, 3], [5, 3]), PARAMS, sweeps=0)
    with pytest.raises(ValueError, match="must both have ids of their own for users, or neither"):
        fit(irregular().train, PARAMS, start=start)


def test_a_callback_is_told_every_sweep_and_changes_nothing():
    train, told = irregular().train, []

    def watch(progress: Progress) -> None:
        told.append((progress.sweep, progress.objective, bits(progress.factors)))
        progress.factors.users[:] = 7
        assert progress.seconds > 0

    watched = fit(train, PARAMS, sweeps=3, callback=watch)
    assert bits(watched) == bits(fit(train, PARAMS, sweeps=3))
    assert [one[0] for one in told] == [1, 2, 3]
    for sweeps, value, state in told:
        then = fit(train, PARAMS, sweeps=sweeps)
        assert state == bits(then)
        assert value == objective(train, PARAMS, then)
    assert sorted((one[1] for one in told), reverse=True) == [one[1] for one in told]


def test_a_callback_can_end_it():
    train = irregular().train
    ended = fit(train, PARAMS, sweeps=9, callback=lambda progress: progress.sweep == 2)
    assert bits(ended) == bits(fit(train, PARAMS, sweeps=2))


def test_an_error_of_the_callback_comes_out():
    def broken(_: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(irregular().train, PARAMS, callback=broken)


@pytest.mark.parametrize("implementation", ["numpy", "numba-tiled-f32"])
def test_the_tolerance_ends_it_when_little_is_won(implementation):
    train = irregular().train
    values = []
    fit(
        *(train, PARAMS),
        sweeps=40,
        implementation=implementation,
        tolerance=1e-3,
        callback=lambda progress: values.append(progress.objective),
    )
    won = -np.diff(values) / values[:-1]
    assert 2 < len(values) < 40
    assert (won[:-1] >= 1e-3).all()
    assert won[-1] < 1e-3


@pytest.mark.parametrize("count_scaled", [False, True])
def test_the_objective_is_what_the_oracle_says(count_scaled):
    problem = irregular().with_params(count_scaled=count_scaled)
    factors = problem.factors("float64")
    exact = oracle.objective(problem.train, problem.params, factors)
    assert objective(problem.train, problem.params, factors) == pytest.approx(exact, rel=1e-12)


def test_factors_that_vanish_are_told_and_others_are_not(recwarn):
    train = irregular().train
    with pytest.warns(UserWarning, match=r"the factors have vanished.*lower reg"):
        fit(train, AlsParams(rank=3, reg=1e6))
    assert bits(fit(train, PARAMS))
    assert not recwarn.list


def _train(values, pairs=None) -> Ratings:
    pairs = pairs or [(0, 0), (0, 1), (1, 1), (2, 0), (2, 2)]
    users, items = (np.array(ids, np.int32) for ids in zip(*pairs, strict=True))
    given = np.broadcast_to(np.asarray(values, np.float32), len(pairs))
    return Ratings(users, items, np.ascontiguousarray(given), 4, 3)


SOLVERS = [*LADDER, *GROUPS["f32"]]


@pytest.mark.parametrize("implementation", SOLVERS)
@pytest.mark.parametrize("value", [0.0, 4.0, -3.0, 1e6, -1e6])
def test_constant_ratings_are_predicted(implementation, value):
    fitted = fit(_train(value), AlsParams(rank=2, reg=0.1), implementation=implementation)
    np.testing.assert_array_equal(predict(fitted, [[0], [3]], [0, 1, 2]), np.full((2, 3), value))


@pytest.mark.parametrize("implementation", SOLVERS)
@pytest.mark.parametrize("offset", [1e6, -1e6])
def test_ratings_far_from_zero_lose_nothing_but_their_own_rounding(implementation, offset):
    near = np.array([1, 4, 2.5, 3, 5], np.float32)
    params = AlsParams(rank=2, reg=0.1)
    fitted = fit(_train(near + np.float32(offset)), params, implementation=implementation)
    wanted = fit(_train(near), params, implementation="numpy")
    users, items = [0, 0, 1, 2, 2], [0, 1, 1, 0, 2]
    residuals = predict(fitted, users, items) - offset
    np.testing.assert_allclose(residuals, predict(wanted, users, items), rtol=0, atol=1e-3)


@pytest.mark.filterwarnings("ignore:the factors have vanished")
@pytest.mark.parametrize("implementation", SOLVERS)
@pytest.mark.parametrize("reg", [1e12, 1e-12])
def test_regularisers_far_from_one_give_the_oracles_predictions(implementation, reg):
    train = _train([1, 4, 2, 3, 5])
    params = AlsParams(rank=1, reg=reg, bias_reg=0.1)
    exact = start_factors(train, params)
    for _ in range(3):
        exact = oracle.sweep(train, params, exact)
    fitted = fit(train, params, sweeps=3, implementation=implementation)
    pairs = train.users, train.items
    wanted = predict(exact, *pairs)
    close = 1e-2 if implementation.endswith("f32") else 1e-6
    np.testing.assert_allclose(predict(fitted, *pairs), wanted, rtol=0, atol=close)


@pytest.mark.parametrize("implementation", SOLVERS)
def test_one_rating_and_a_rank_above_every_row_are_learnt(implementation):
    fitted = fit(_train([4], [(1, 2)]), AlsParams(rank=50, reg=0.1), implementation=implementation)
    assert predict(fitted, 1, 2) == pytest.approx(4)
    many = fit(_train([1, 4, 2, 3, 5]), AlsParams(rank=50, reg=1e-3), implementation=implementation)
    np.testing.assert_allclose(predict(many, [0, 1], [0, 1]), [1, 2], atol=0.1)
    assert not many.users[3].any()  # who has no ratings has no factor


@pytest.mark.parametrize("implementation", SOLVERS)
def test_no_rating_at_all_is_a_model_of_nothing(implementation):
    nothing = Ratings(*(np.zeros(0, t) for t in (np.int32, np.int32, np.float32)), 2, 3)
    fitted = fit(nothing, AlsParams(rank=2), implementation=implementation)
    assert predict(fitted, 0, 0) == 0


@pytest.mark.parametrize("implementation", SOLVERS)
def test_what_cannot_be_solved_is_an_error_by_name(implementation):
    with pytest.raises(SolveError, match="users row 0"):
        fit(_train([1, 4, 2, 3, 5]), UNSOLVABLE, implementation=implementation)


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="as plain Python, rows take their time")
@pytest.mark.parametrize("implementation", [*LADDER[1:], *GROUPS["f32"]])
def test_a_million_users_with_three_ratings_take_memory_for_their_rows_alone(implementation):
    n_users, params = 1_000_000, AlsParams(rank=8, reg=0.1)
    ids = np.array([3, n_users - 1, 5], np.int32), np.array([0, 1, 1], np.int32)
    train = Ratings(*ids, np.array([1, 2, 3], np.float32), n_users, 2)
    fit(_train([1, 4, 2, 3, 5]), params, implementation=implementation)  # compiles
    tracemalloc.start()
    try:
        fitted = fit(train, params, sweeps=2, implementation=implementation)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert predict(fitted, n_users - 1, 1) == pytest.approx(2, abs=0.1)
    assert not fitted.users[0].any()
    # Start, state and result, in float64 at most; ratings cut by row; a layout with padding.
    assert peak < 4 * n_users * 9 * 8


def held_out() -> tuple[Ratings, Ratings]:
    """Ratings that hardly anything can be learnt from, and others that say so."""
    rng = np.random.default_rng(3)
    users, items = np.divmod(rng.permutation(30 * 20)[:400], 20)
    values = rng.integers(1, 11, 400) / 2
    parts = (slice(0, 300), slice(300, 400))
    kept, out = (Ratings.from_arrays(users[p] + 100, items[p] * 3, values[p]) for p in parts)
    return kept, out


def test_training_ends_where_held_out_ratings_are_predicted_best():
    train, validation = held_out()
    params = AlsParams(rank=6, reg=0.05, bias_reg=0.05)
    errors = []

    def note(progress):
        errors.append(rmse(progress.factors, validation))

    best = fit(train, params, sweeps=30, validation=validation, callback=note)
    lowest = int(np.argmin(errors))
    assert len(errors) == lowest + 3  # two more, neither of them better
    assert len(errors) < 30
    assert rmse(best, validation) == errors[lowest]
    assert bits(best) == bits(fit(train, params, sweeps=lowest + 1))
    assert best.user_ids == train.user_ids


def rmse(model: Factors, ratings: Ratings) -> float:
    users, items = ratings.user_ids.ids[ratings.users], ratings.item_ids.ids[ratings.items]
    return float(np.sqrt(np.mean((ratings.values - predict(model, users, items)) ** 2)))


def test_a_validation_without_ratings_is_refused():
    train, _ = held_out()
    empty = Ratings(*(np.zeros(0, t) for t in (np.int32, np.int32, np.float32)), 0, 0)
    with pytest.raises(ValueError, match="validation must hold ratings, and it is empty"):
        fit(train, validation=empty)
