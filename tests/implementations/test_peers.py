"""Libraries as contestants: looked at without them, and held to their own predictions."""

import subprocess
import sys

import numpy as np
import pytest

from harness.conformance.oracle import objective
from harness.conformance.problems import irregular, unsorted
from implementations import AlsParams, Job, ProblemSize, fit, predict
from implementations.als import ready, sweep
from implementations.peers.conversion import count_scaled_reg
from implementations.registry import expand, find, missing_peers, peers

MODELS = [(scaled, biases) for scaled in (False, True) for biases in (False, True)]


def params_of(scaled, biases):
    reg, bias_reg = (0.2, 0.05) if scaled else (2.0, 0.5)
    return AlsParams(rank=3, reg=reg, bias_reg=bias_reg, count_scaled=scaled, biases=biases)


@pytest.fixture(scope="module")
def here():
    """Skips where a library is not here, with what to do."""
    missing = missing_peers()

    def library(name):
        if name in missing:
            pytest.skip(missing[name])
        return find(name)

    return library


def test_looking_at_libraries_does_not_import_them():
    program = (
        "import sys; from implementations.registry import missing_peers; missing_peers();"
        "sys.exit(bool({'cmfrec', 'pyspark', 'libmf', 'surprise'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_one_that_is_not_here_says_how_to_install_it():
    for name, reason in missing_peers().items():
        assert "pip install -c constraints.txt" in reason
        with pytest.raises(ImportError, match="is not installed"):
            find(name)
    assert set(expand("peers")) <= set(peers())


@pytest.mark.parametrize("problem", [irregular, unsorted], ids=["irregular", "unsorted"])
@pytest.mark.parametrize(
    ("name", "scaled", "biases"),
    [*(("cmfrec", *model) for model in MODELS), ("spark", True, False)],
)
def test_it_ends_where_our_sweep_stays(here, problem, name, scaled, biases):
    train, params = problem().train, params_of(scaled, biases)
    assert here(name).own_objective(params) is None
    theirs = fit(train, params, sweeps=40 if name == "spark" else 150, implementation=name)
    assert theirs.mean == pytest.approx(train.mean, rel=1e-6)
    # Several minima where counts scale the ridge: theirs is one if our sweep stays there.
    backend = ready(find("numpy"), train, params)
    backend.load(theirs)
    sweep(backend)
    ours = backend.read()
    assert objective(train, params, theirs) == pytest.approx(
        objective(train, params, ours), rel=1e-6
    )
    assert _predictions(theirs, train) == pytest.approx(_predictions(ours, train), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("cmfrec", lambda model, users, items: model.predict(users, items)),
        ("cmfrec-cg", lambda model, users, items: model.predict(users, items)),
        (
            "libmf",  # one at a time: of several pairs, its 0.9.2 predicts others than it is asked
            lambda model, users, items: [
                model.predict(np.array([pair]))[0] for pair in zip(users, items, strict=True)
            ],
        ),
        (
            "surprise-baseline",
            lambda model, users, items: [
                model.estimate(*pair) for pair in zip(users.tolist(), items.tolist(), strict=True)
            ],
        ),
    ],
)
def test_what_is_read_predicts_as_the_library_does(here, name, sees):
    train = irregular().train
    library = here(name).create_fit(params_of(scaled=False, biases=True), 1)
    library.prepare(train)
    library.fit(5)
    own = np.asarray(sees(library._model, train.users, train.items))
    if name == "libmf":
        own = own + train.mean  # it is given ratings less their mean
    assert _predictions(library.read(), train) == pytest.approx(own, abs=1e-5)


def test_spark_predicts_what_is_read(here):
    train = irregular().train
    library = here("spark").create_fit(params_of(scaled=True, biases=False), 2)
    library.prepare(train)
    library.fit(5)
    rows = library._model.transform(library._frame).collect()
    users, items, own = np.array([(r.user, r.item, r.prediction) for r in rows]).T
    factors = library.read()
    ours = predict(factors, users.astype(int), items.astype(int)) - factors.mean
    assert ours == pytest.approx(own, abs=1e-5)


@pytest.mark.parametrize("name", peers())
def test_rows_without_ratings_are_zero(here, name):
    train = irregular().train
    here(name)
    factors = fit(train, AlsParams(rank=3), sweeps=2, implementation=name)
    assert factors.users.shape == (train.n_users, 4)
    for ids, rows in ((train.users, factors.users), (train.items, factors.items)):
        unrated = np.bincount(ids, minlength=len(rows)) == 0
        assert unrated.any()
        assert not rows[unrated].any()
        assert rows[~unrated].any()


@pytest.mark.parametrize("name", peers())
def test_a_fit_is_anew(here, name):
    """Twice the same fit is the same, whatever was fitted in between."""
    train, params = irregular().train, AlsParams(rank=3)
    library = here(name).create_fit(params, 1)
    library.prepare(train)
    library.fit(2)
    first = _predictions(library.read(), train)
    library.fit(6)
    library.fit(2)
    assert _predictions(library.read(), train) == pytest.approx(first, abs=1e-5)


@pytest.mark.parametrize(("scaled", "biases"), MODELS)
def test_what_is_another_model_says_so(here, scaled, biases):
    params = params_of(scaled, biases)
    job = Job(params, np.dtype("float32"), 1, ProblemSize(10, 3, 3))
    assert here("libmf").own_objective(params).startswith("SGD")
    ours = scaled and not biases
    assert (here("spark").own_objective(params) is None) == ours
    assert (here("surprise-baseline").made_by.refuses(job) is None) == (biases and not scaled)


def test_what_it_refuses_is_not_fitted(here):
    here("surprise-baseline")
    with pytest.raises(ValueError, match="surprise-baseline: it fits biases alone"):
        fit(irregular().train, AlsParams(biases=False), implementation="surprise-baseline")


def test_a_ridge_that_is_not_scaled_is_given_in_proportion_to_the_defaults():
    assert count_scaled_reg(AlsParams()) == pytest.approx(0.05)
    assert count_scaled_reg(AlsParams(reg=50.0)) == pytest.approx(0.1)
    assert count_scaled_reg(AlsParams(reg=0.2, count_scaled=True)) == 0.2


def test_biases_alone_are_at_their_minimum(here):
    here("surprise-baseline")
    train, params = irregular().train, params_of(scaled=False, biases=True)
    factors = fit(train, params, sweeps=200, implementation="surprise-baseline")
    error = train.values - _predictions(factors, train)
    for ids, rows in ((train.users, factors.users), (train.items, factors.items)):
        gradient = params.bias_reg * rows[:, -1] - np.bincount(ids, error, len(rows))
        assert np.abs(gradient).max() < 1e-6


def _predictions(factors, train):
    return predict(factors, train.users, train.items)
