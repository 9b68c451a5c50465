"""What all benchmarks share: the data, a backend that is ready, and how many rounds."""

from collections.abc import Callable, Iterator

import pytest
from bench_cases import SCALE, Case, cases
from threadpoolctl import threadpool_limits

from harness.data.dataset import Dataset
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.rung import Rung
from harness.data.ladder.scales import cut
from implementations.als import ready
from implementations.backend import AlsBackend
from implementations.problem import AlsParams
from implementations.registry import find, usable_cores


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread a benchmark over the cases of its module's IMPLEMENTATIONS."""
    if "case" in metafunc.fixturenames:
        timed = metafunc.config.getoption("benchmark_enable")
        metafunc.parametrize("case", cases(metafunc.module.IMPLEMENTATIONS, timed), ids=str)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return open_dataset(SYNTHETIC, (SCALE,), print)


@pytest.fixture(scope="session")
def rung(dataset: Dataset) -> Rung:
    return cut(dataset, SCALE, split_seed=0)


@pytest.fixture
def backend(case: Case, rung: Rung) -> Iterator[AlsBackend]:
    """Ready to sweep; NumPy's BLAS has the threads that the implementation may use."""
    params = AlsParams(rank=case.rank)
    made = ready(find(case.implementation), rung.train, params, usable_cores())
    with threadpool_limits(made.threads, user_api="blas"):
        yield made


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """Rounds of a benchmark that says itself how many: one in the quick form."""
    quick = request.config.getoption("benchmark_min_rounds") == 1
    return lambda wanted: 1 if quick else wanted
