"""The twin that has code of its own, and what equal processes differ by."""

import sys
from argparse import ArgumentTypeError

import numpy as np
import pytest
from tiny import PARAMS, tiny_dataset

from implementations.als import ready, start_factors, sweep
from implementations.registry import find
from scripts._twin import twinned, write_twin
from scripts.measure_processes import spreads


@pytest.fixture
def twins(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield write_twin(tmp_path, "numba-serial", (2,))
    for name in [name for name in sys.modules if name.partition(".")[0] == "twin"]:
        monkeypatch.delitem(sys.modules, name)


def test_a_twin_has_code_of_its_own_and_the_same_bits(twins):
    train = tiny_dataset().ratings
    start, results = start_factors(train, PARAMS), {}
    for name in ("numba-serial", *twins.values()):
        backend = ready(find(name), train, PARAMS, 1, start)
        sweep(backend)
        results[name] = backend.read()
    expected = results.pop("numba-serial")
    for factors in results.values():
        np.testing.assert_array_equal(factors.users, expected.users)
        np.testing.assert_array_equal(factors.items, expected.items)
    own, other = (find(name).made_by for name in ("numba-serial", twins[0]))
    kernels = [sys.modules[one.__module__].solve_rows for one in (own, other)]
    assert kernels[0] is not kernels[1]


def test_only_what_has_the_shared_kernels_has_a_twin(tmp_path):
    with pytest.raises(ValueError, match="numba-tiled: its kernels are not in"):
        write_twin(tmp_path, "numba-tiled", ())


@pytest.mark.parametrize("name", ["numba-tiled", "no-such"])
def test_an_argument_without_a_twin_is_named(name):
    with pytest.raises(ArgumentTypeError, match=name):
        twinned(name)
    assert twinned("numba-serial") == "numba-serial"


def test_spreads_of_rounds_and_of_processes():
    random = np.random.default_rng(0)
    between = random.normal(0, 0.03, 400)
    logs = between + random.normal(0, 0.02, (30, 400)) + random.normal(0, 0.2, (30, 1))
    assert spreads(np.exp(logs)) == pytest.approx((0.02, 0.03), rel=0.1)
    assert spreads(np.exp(logs - logs.mean(axis=0)))[1] == 0
