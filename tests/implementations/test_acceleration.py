"""Relaxed half-sweeps and nested starts: another path to the same minimum."""

import numpy as np
import pytest
from strategies import bits

from harness.conformance.problems import irregular
from implementations import AlsParams, Factors, Ratings, fit, start_factors
from implementations.acceleration import PLAIN, Acceleration, Relaxed, exact
from implementations.nested import NESTED_SHARES, nested_start
from implementations.objective import objective
from implementations.problem import Job
from implementations.ratings import ProblemSize
from implementations.registry import find

pytestmark = pytest.mark.kernel

OMEGA = 1.4
PARAMS = AlsParams(rank=3, reg=0.3, bias_reg=0.2)
DRIVEN = ("numpy", "numba-serial-f32", "numba-tiled", "numba-tiled-f32")


def ratings(n_users=60, n_items=25, n=900, seed=0):
    """Ratings of a few users and items, without a pair twice, some rows empty."""
    rng = np.random.default_rng(seed)
    pairs = rng.choice((n_users - 2) * (n_items - 2), n, replace=False)
    users, items = np.divmod(np.sort(pairs), n_items - 2)
    values = (rng.integers(1, 11, n) / 2).astype(np.float32)
    return Ratings(users.astype(np.int32), items.astype(np.int32), values, n_users, n_items)


def ready(name, train, params, start):
    backend = find(name).create(params, 2)
    backend.prepare(train)
    backend.load(start)
    backend.warm_up()
    return backend


def some_factors(train, params, seed=1):
    rng = np.random.default_rng(seed)
    shape = (train.n_users, params.rank + 1), (train.n_items, params.rank + 1)
    return Factors(*(rng.normal(size=one) for one in shape), train.mean)


@pytest.mark.parametrize("rank", [1, 14, 15])  # a bias in the row, and one apart
@pytest.mark.parametrize("name", DRIVEN)
def test_a_relaxed_half_sweep_goes_so_far_beyond_the_exact_one(name, rank):
    train, params = ratings(), AlsParams(rank=rank, reg=0.3, bias_reg=0.2)
    start = some_factors(train, params)
    for side, other in (("users", "items"), ("items", "users")):
        plain = ready(name, train, params, start)
        plain.update(side)
        relaxed = ready(f"{name}+relaxed={OMEGA}", train, params, start)
        relaxed.update(side)
        solved, gone = (getattr(b.read(), side).astype(float) for b in (plain, relaxed))
        old = getattr(start, side)
        expected = np.where(solved.any(axis=1)[:, None], old + OMEGA * (solved - old), 0)
        tolerance = 1e-12 if plain.dtype == np.float64 else 1e-5
        np.testing.assert_allclose(gone, expected, rtol=tolerance, atol=10 * tolerance)
        np.testing.assert_array_equal(
            getattr(relaxed.read(), other), getattr(start, other).astype(plain.dtype)
        )


@pytest.mark.parametrize("name", DRIVEN)
def test_without_biases_a_bias_stays_zero(name):
    train = ratings()
    for rank in (3, 16):
        params = AlsParams(rank=rank, biases=False, reg=0.3)
        backend = ready(f"{name}+relaxed", train, params, start_factors(train, params))
        for _ in range(3):
            backend.update_users()
            backend.update_items()
        assert not backend.read().users[:, -1].any()
        assert not backend.read().items[:, -1].any()


@pytest.mark.parametrize("name", DRIVEN)
def test_from_the_common_start_the_first_sweep_is_exact(name):
    train = irregular().train
    plain = fit(train, PARAMS, sweeps=1, implementation=name)
    assert bits(fit(train, PARAMS, sweeps=1, implementation=f"{name}+relaxed")) == bits(plain)
    assert bits(fit(train, PARAMS, sweeps=1, implementation=name, relaxation=OMEGA)) == bits(plain)
    two = [fit(train, PARAMS, sweeps=2, implementation=name, relaxation=w) for w in (1, OMEGA)]
    assert bits(two[0]) != bits(two[1])


@pytest.mark.parametrize("name", DRIVEN)
def test_two_relaxed_fits_in_a_row_have_the_bits_of_one(name):
    train, named = irregular().train, f"{name}+relaxed"
    halfway = fit(train, PARAMS, sweeps=2, implementation=named)
    on = fit(train, PARAMS, sweeps=3, implementation=named, start=halfway)
    assert bits(on) == bits(fit(train, PARAMS, sweeps=5, implementation=named))


@pytest.mark.parametrize("omega", [0.5, 1.2, 1.6, 1.95])
@pytest.mark.parametrize("params", [PARAMS, AlsParams(rank=5, count_scaled=True)])
def test_the_objective_never_rises(omega, params):
    train, told = ratings(), []
    fit(
        train,
        params,
        sweeps=15,
        implementation="numba-tiled",
        relaxation=omega,
        callback=lambda progress: told.append(progress.objective),
    )
    assert (np.diff(told) <= 1e-12 * told[0]).all()


def test_relaxed_and_nested_come_to_the_objective_of_plain_sweeps():
    train = ratings()
    params = AlsParams(rank=2, reg=2.0, bias_reg=1.0)
    ends = [
        fit(train, params, sweeps=200, implementation=f"numba-tiled{way}")
        for way in ("", "+relaxed", "+nested", "+relaxed+nested")
    ]
    found = [objective(train, params, factors) for factors in ends]
    assert found == pytest.approx([found[0]] * 4, rel=1e-6)


@pytest.mark.parametrize("way", ["", "+relaxed", "+relaxed+nested"])
def test_at_the_end_the_gradient_vanishes(way):
    train, params = ratings(), AlsParams(rank=2, reg=2.0, bias_reg=1.0)
    name = f"numba-tiled{way}"
    norms = [
        gradient_norm(train, params, fit(train, params, sweeps=sweeps, implementation=name))
        for sweeps in (1, 400)
    ]
    assert norms[1] < 1e-9 * norms[0]


def gradient_norm(train, params, factors):
    """Length of the gradient of J, from dense matrices."""
    rated = np.zeros((train.n_users, train.n_items))
    rated[train.users, train.items] = 1
    wanted = np.zeros_like(rated)
    wanted[train.users, train.items] = train.values
    u, i = factors.users, factors.items
    predicted = factors.mean + u[:, -1:] + i[:, -1] + u[:, :-1] @ i[:, :-1].T
    errors = rated * (predicted - wanted)
    ridge = np.append(np.full(params.rank, params.reg), params.bias_reg)
    sides = ((errors, u, i), (errors.T, i, u))
    parts = [e @ np.column_stack([f[:, :-1], np.ones(len(f))]) + ridge * x for e, x, f in sides]
    return np.sqrt(sum((part**2).sum() for part in parts))


def test_fewer_sweeps_are_needed():
    train = ratings(300, 60, 6_000)
    params = AlsParams(rank=4, reg=2.0, bias_reg=1.0)
    best = objective(train, params, fit(train, params, sweeps=300, implementation="numba-tiled"))

    def needed(relaxation):
        told = []

        def close(progress):
            told.append(progress)
            return progress.objective <= best * (1 + 1e-4)

        fit(
            train,
            params,
            sweeps=300,
            implementation="numba-tiled",
            relaxation=relaxation,
            callback=close,
        )
        return len(told)

    assert needed(OMEGA) < 0.75 * needed(1.0)


@pytest.mark.parametrize("name", ["numba-tiled-f32", "numba-parallel"])
def test_the_bits_do_not_depend_on_threads(name):
    train = ratings(300, 60, 6_000)
    named = f"{name}+relaxed+nested"
    models = [fit(train, PARAMS, implementation=named, threads=threads) for threads in (1, 2)]
    assert bits(models[0]) == bits(models[1])


def test_a_nested_start_has_the_items_of_a_model_of_some_users():
    train = ratings(300, 60, 6_000)
    start = start_factors(train, PARAMS)
    make = lambda: find("numba-tiled").create(PARAMS, 1)  # noqa: E731
    nested = nested_start(make, train, PARAMS, start)
    assert not nested.users.any()
    assert nested.mean == train.mean
    unrated = np.setdiff1d(np.arange(train.n_items), train.items)
    np.testing.assert_array_equal(nested.items[unrated], start.items[unrated])
    again = nested_start(make, train, PARAMS, start)
    np.testing.assert_array_equal(nested.items, again.items)
    after_one = [objective(train, PARAMS, fit(train, PARAMS, sweeps=1, start=s))
                 for s in (start, nested)]  # fmt: skip
    assert after_one[1] < after_one[0]


def test_where_nobody_is_drawn_the_start_stays():
    one = Ratings(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32), 1, 1)
    assert np.random.default_rng([0, 1]).random(1)[0] >= max(NESTED_SHARES)
    nested = fit(one, PARAMS, implementation="numba-tiled", start="nested")
    assert bits(nested) == bits(fit(one, PARAMS, implementation="numba-tiled"))


def test_names_say_how_it_is_driven():
    both = find("numba-tiled-f32+relaxed=1.5+nested")
    assert both.name == "numba-tiled-f32+relaxed=1.5+nested"
    assert both.acceleration == Acceleration(1.5, nested=True)
    assert both.idea == "SIMD register tiles; relaxed 1.5, nested start"
    assert find("numba-tiled-f32").acceleration == PLAIN
    assert isinstance(both.create(PARAMS), Relaxed)
    assert type(exact(both.create(PARAMS))) is find("numba-tiled-f32").made_by


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("numpy+faster", KeyError, "no way 'faster' to drive; there are relaxed"),
        ("numpy+nested=2", KeyError, "no way 'nested=2'"),
        ("numpy+relaxed=much", ValueError, "after = there is to be a number"),
        ("numpy+relaxed=2", ValueError, "relaxation must lie above 0 and below 2, not 2"),
        ("numpy+relaxed=nan", ValueError, "relaxation must lie above 0 and below 2, not nan"),
        ("nothing+relaxed", KeyError, "no implementation 'nothing'"),
    ],
)
def test_what_is_no_such_way_is_refused(name, kind, words):
    with pytest.raises(kind, match=words):
        find(name)


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"relaxation": 2}, ValueError, "relaxation must lie above 0 and below 2, not 2"),
        ({"relaxation": 0}, ValueError, "relaxation must lie above 0 and below 2, not 0"),
        ({"relaxation": "1"}, TypeError, "relaxation must be a number"),
        ({"start": "warm"}, ValueError, "start must be Factors or \"nested\", not 'warm'"),
        ({"start": 3}, TypeError, "start must be"),
    ],
)
def test_fit_refuses_what_is_no_such_way(given, kind, words):
    with pytest.raises(kind, match=words):
        fit(irregular().train, PARAMS, **given)


def test_bytes_are_counted():
    job = Job(PARAMS, np.dtype("float64"), 1, ProblemSize(10**6, 10**4, 10**3))
    plain, relaxed, nested = (
        find(f"numpy{way}").bytes_needed(job) for way in ("", "+relaxed", "+nested")
    )
    assert relaxed == plain + 4 * job.factor_bytes
    assert nested > plain
    tiled = (find(f"numba-tiled{way}").bytes_needed(job) for way in ("", "+relaxed"))
    assert len({*tiled}) == 1
