"""What the study is made of: implementations under other names, and background load."""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tiny import PARAMS, tiny_dataset

from harness.errors import UserError
from harness.measure.background import alternate, background_load, spells
from harness.study.backends import (
    REPEATED_ROWS,
    alias,
    repeated_rows,
)
from implementations.als import start_factors, sweep
from implementations.registry import find

REPOSITORY = Path(__file__).parents[2]


# Aliases.


@pytest.mark.parametrize("implementation", ["numpy", "numba-parallel-f32"])
@pytest.mark.parametrize("kind", ["plain", "slowed"])
def test_an_alias_computes_what_its_implementation_does(kind, implementation):
    train, expected = tiny_dataset().ratings, find(implementation)
    found = find(alias(kind, 3, implementation))
    assert (found.dtype, found.most_threads) == (expected.dtype, expected.most_threads)
    results = []
    for variant in (expected, found):
        backend = variant.create(PARAMS, 1)
        backend.prepare(train)
        backend.load(start_factors(train, PARAMS))
        backend.warm_up()
        sweep(backend)
        results.append(backend.read())
    assert np.array_equal(results[0].users, results[1].users)
    assert np.array_equal(results[0].items, results[1].items)


def test_a_slowed_one_solves_its_share_of_the_rows_again_with_all_their_ratings():
    train = tiny_dataset().ratings
    users, items = repeated_rows(train)
    assert len(users) == pytest.approx(train.n_users / REPEATED_ROWS, abs=1)
    assert len(items) == pytest.approx(train.n_items / REPEATED_ROWS, abs=1)
    shares = np.isin(train.users, users).mean(), np.isin(train.items, items).mean()
    assert shares == pytest.approx([1 / REPEATED_ROWS] * 2, abs=0.006)
    backend = find(alias("slowed", 0, "numpy")).create(PARAMS, 1)
    backend.prepare(train)
    backend.load(start_factors(train, PARAMS))
    sweep(backend)
    again, whole = backend._again_users.read(), backend.read()
    start = find("numpy").create(PARAMS, 1)
    start.prepare(train)
    start.load(start_factors(train, PARAMS))
    start.update_users()
    assert again.users.shape == (len(users), PARAMS.rank + 1)
    assert np.allclose(again.users, start.read().users[users])
    assert backend._again_items.read().items.shape == (len(items), PARAMS.rank + 1)
    assert whole.items.shape == (train.n_items, PARAMS.rank + 1)


@pytest.mark.parametrize("name", ["fast_1_numpy", "plain_numpy", "plain_1_nobody", "Something"])
def test_there_is_no_other_alias(name):
    with pytest.raises(AttributeError):
        find(f"harness.study.backends:{name}")


# Background load.


def test_spells_are_a_pattern_of_the_seed():
    first, again, other = (list(islice(spells(seed), 50)) for seed in (1, 1, 2))
    assert first == again != other
    assert 0 < min(first) <= max(first) <= 2


def test_load_alternates_until_it_is_not_wanted():
    done = []
    wanted = iter([True] * 4 + [False])
    alternate(
        iter([1.0, 2.0, 3.0, 4.0, 5.0]),
        lambda seconds: done.append(("busy", seconds)),
        lambda seconds: done.append(("idle", seconds)),
        lambda: next(wanted),
    )
    assert done == [("busy", 1.0), ("idle", 2.0), ("busy", 3.0), ("idle", 4.0)]


@pytest.fixture
def started(monkeypatch) -> list[subprocess.Popen]:
    """Processes that were started since."""
    processes: list[subprocess.Popen] = []

    class Popen(subprocess.Popen):
        def __init__(self, *arguments, **given):
            super().__init__(*arguments, **given)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    return processes


def test_the_load_ends_with_the_body_however_that_ends(started):
    with background_load(1):
        assert started[0].poll() is None
    with pytest.raises(KeyboardInterrupt), background_load(1):
        raise KeyboardInterrupt
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_load_that_ended_early_is_an_error(started):
    def body():
        with background_load(1):
            started[0].kill()
            started[0].wait()

    with pytest.raises(UserError, match="background load ended"):
        body()


def test_the_load_ends_without_its_parent():
    nobody = 1 << 30  # no process has this id
    command = [sys.executable, "-m", "harness.measure.background", "1", str(nobody)]
    assert subprocess.run(command, cwd=REPOSITORY).returncode == 0
