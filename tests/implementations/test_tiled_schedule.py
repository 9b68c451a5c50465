"""Chunks: all rows once, heaviest first, and no thread idle in the end."""

import numpy as np
import pytest

from implementations.tiled.schedule import chunk_work, schedule, simulate

# Popularity of movies in MovieLens 32M: rank and ratings; interpolated straight in log-log.
_POPULARITY = {
    1: 102929, 10: 73122, 100: 35969, 1000: 7844, 10000: 166, 84432: 1,
}  # fmt: skip


def movielens_items() -> np.ndarray:
    """Row pointers of all movies, in no order of popularity."""
    ranks = np.arange(1, 84433)
    known = np.log(list(_POPULARITY)), np.log(list(_POPULARITY.values()))
    counts = np.exp(np.interp(np.log(ranks), *known)).astype(np.int64)
    return np.concatenate([[0], np.random.default_rng(0).permutation(counts).cumsum()])


def one_heavy(n_light: int, heavy: int) -> np.ndarray:
    """Row pointers of light rows and, as the last, a heavy one."""
    return np.concatenate([[0], np.append(np.full(n_light, 100), heavy).cumsum()])


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("indptr", [one_heavy(999, 50_000), np.zeros(1, int), np.zeros(6, int)])
def test_every_row_is_in_one_chunk(indptr: np.ndarray, threads: int) -> None:
    chunks = schedule(indptr, threads)
    rows = [row for first, stop in chunks for row in range(first, stop)]
    assert sorted(rows) == list(range(len(indptr) - 1))


def test_the_heaviest_chunk_comes_first() -> None:
    indptr = one_heavy(999, 50_000)
    chunks = schedule(indptr, 2)
    work = chunk_work(indptr, chunks)
    assert (np.diff(work) <= 0).all()
    assert chunks[0, 1] == 1000


def test_no_thread_of_64_is_idle_in_the_end() -> None:
    indptr = movielens_items()
    work = chunk_work(indptr, schedule(indptr, 64))
    assert work.sum() > 30e6
    assert work[0] > 5 * work.mean()  # the most popular movie: several chunks in one
    finished, idle = simulate(work, 64)
    assert finished == pytest.approx(work.sum() / 64, rel=0.02)
    assert idle < 0.02


def test_an_idle_thread_is_seen() -> None:
    """Rows in their order, the heaviest last: everybody waits for it."""
    indptr = one_heavy(20_000, 30_000)
    chunks = schedule(indptr, 64)
    in_order = chunks[np.argsort(chunks[:, 0])]
    assert (
        simulate(chunk_work(indptr, in_order), 64)[1]
        > 10 * simulate(chunk_work(indptr, chunks), 64)[1]
    )


def test_simulation_of_a_few_pieces() -> None:
    assert simulate([3, 2, 2, 1], 2) == (4, 0)
    assert simulate([1, 1, 2], 2) == (3, pytest.approx(1 / 3))
    assert simulate([], 2) == (0, 0)
