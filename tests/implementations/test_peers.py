"""Libraries as contestants: looked at without them, and held to their own predictions."""

import subprocess
import sys

import numpy as np
import pytest

from harness.conformance.oracle import objective
from harness.conformance.problems import irregular, unsorted
from implementations import AlsParams, fit, predict
from implementations.als import ready, sweep
from implementations.registry import expand, find, missing_peers, peers


def test_looking_at_a_library_does_not_import_it():
    program = (
        "import sys, implementations.peers.cmfrec, implementations.registry;"
        "sys.exit('cmfrec' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_one_that_is_not_here_says_how_to_install_it():
    for name, reason in missing_peers().items():
        assert "pip install -c constraints.txt" in reason
        with pytest.raises(ImportError, match="is not installed"):
            find(name)
    assert set(expand("peers")) <= set(peers())


@pytest.fixture
def cmfrec():
    pytest.importorskip("cmfrec", reason='pip install -c constraints.txt -e ".[peers]"')
    return find("cmfrec")


@pytest.mark.parametrize("problem", [irregular, unsorted], ids=["irregular", "unsorted"])
@pytest.mark.parametrize("biases", [False, True], ids=["factors", "biases"])
@pytest.mark.parametrize("scaled", [False, True], ids=["ridge", "count-scaled"])
def test_cmfrec_minimises_our_objective(cmfrec, problem, biases, scaled):
    train = problem().train
    reg, bias_reg = (0.2, 0.05) if scaled else (2.0, 0.5)
    params = AlsParams(rank=3, reg=reg, bias_reg=bias_reg, count_scaled=scaled, biases=biases)
    theirs = fit(train, params, sweeps=300, implementation="cmfrec")
    assert cmfrec.own_objective(params) is None
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


def _predictions(factors, train):
    return predict(factors, train.users, train.items)


@pytest.mark.parametrize("biases", [False, True])
def test_what_is_read_predicts_as_cmfrec_does(cmfrec, biases):
    train = irregular().train
    library = cmfrec.create_fit(AlsParams(rank=3, reg=2.0, bias_reg=0.5, biases=biases), 1)
    library.prepare(train)
    library.fit(5)
    own = library._model.predict(train.users, train.items)
    assert predict(library.read(), train.users, train.items) == pytest.approx(own, abs=1e-5)


def test_rows_without_ratings_are_zero(cmfrec):
    train = irregular().train
    factors = fit(train, AlsParams(rank=3), sweeps=2, implementation="cmfrec")
    unrated = np.bincount(train.items, minlength=train.n_items) == 0
    assert unrated.any()
    assert not factors.items[unrated].any()
