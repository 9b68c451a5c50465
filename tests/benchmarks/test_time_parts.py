"""Parts of the half-sweep of users beside each other, on one thread: Gram pass and solve."""

import pytest
from kernel_parts import check, parts_of

from implementations.registry import find

IMPLEMENTATIONS = (
    "numpy",
    "numba-serial",
    "numba-serial-f32",
    "numba-tiled",
    "numba-tiled-f32",
)


@pytest.fixture
def parts(backend):
    return parts_of(backend)


def test_gram(case, parts, rung, benchmark):
    benchmark.group = f"part: Gram pass with its gather, rank {case.rank}, one thread"
    parts.gram()
    assert benchmark(parts.gram) == rung.train.n_users


def test_solve(case, backend, parts, benchmark, rounds):
    benchmark.group = f"part: Cholesky solve, rank {case.rank}, one thread"
    parts.solve(*parts.systems())
    benchmark.pedantic(parts.solve, setup=lambda: (parts.systems(), {}), rounds=rounds(30))
    check(parts.solved(), backend, find(case.implementation).row_tolerance)
