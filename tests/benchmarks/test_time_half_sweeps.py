"""Half-sweeps of every implementation side by side, on all the threads that it can use."""

import pytest
from bench_cases import SLOW

from implementations.registry import names

IMPLEMENTATIONS = names()


@pytest.fixture
def half_sweep(case, benchmark, rounds):
    """Times a half-sweep; from the same fixed side it solves the same rows however often."""

    def timed(side, update):
        benchmark.group = f"half-sweep of {side}, rank {case.rank}"
        if case.implementation in SLOW:
            benchmark.pedantic(update, rounds=rounds(3))
        else:
            benchmark(update)

    return timed


def test_users(backend, half_sweep):
    half_sweep("users", backend.update_users)


def test_items(backend, half_sweep):
    backend.update_users()  # at the start all users are zero
    half_sweep("items", backend.update_items)
