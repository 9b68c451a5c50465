"""pytest-benchmark: half-sweeps of every implementation side by side (`make bench`)."""

import pytest

from harness.data.datasets import open_dataset
from harness.data.ladder import cut
from implementations.als import start_factors
from implementations.problem import AlsParams
from implementations.registry import find, names, usable_cores


@pytest.fixture(scope="session")
def train():
    return cut(open_dataset("synthetic-32m", ["100k"], print), "100k", split_seed=0).train


@pytest.fixture(params=names())
def backend(request, train):
    params = AlsParams()
    backend = find(request.param).create(params, usable_cores())
    backend.prepare(train)
    backend.load(start_factors(train, params))
    backend.warm_up()
    return backend


@pytest.mark.benchmark(group="users")
def test_users(backend, benchmark):
    benchmark(backend.update_users)


@pytest.mark.benchmark(group="items")
def test_items(backend, benchmark):
    benchmark(backend.update_items)
