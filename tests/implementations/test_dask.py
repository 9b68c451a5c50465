"""Partitions on a local Dask cluster: the bits of `numba-tiled`, whatever dies meanwhile."""

import os
import signal
import threading
import time

import numpy as np
import psutil
import pytest
from strategies import bits

pytest.importorskip("distributed", reason="the extra [dask] is not installed")

from harness.conformance.problems import irregular
from implementations import AlsParams, Ratings, SolveError, fit, start_factors
from implementations.cluster import clients
from implementations.cluster.backend import DaskTiled
from implementations.cluster.clients import SCHEDULER, ClusterError
from implementations.cluster.part import parts_of
from implementations.cluster.workers import PARTITIONS
from implementations.layout import by_user
from implementations.problem import Job
from implementations.ratings import ProblemSize
from implementations.registry import find

PARAMS = AlsParams(rank=4, reg=0.5, bias_reg=0.3)
TWIN = {"float64": "numba-tiled", "float32": "numba-tiled-f32"}


@pytest.fixture(scope="module", autouse=True)
def _closed_in_the_end():
    yield
    clients.close_clients()


def ratings(n_users=400, n_items=120, n=8_000):
    rng = np.random.default_rng(5)
    users, items = np.divmod(np.sort(rng.choice(n_users * n_items, n, replace=False)), n_items)
    users[users == 7] = 8  # a user without a rating; twice the same pair at most
    keep = np.unique(users * n_items + items)
    users, items = np.divmod(keep, n_items)
    values = (rng.integers(1, 11, len(keep)) / 2).astype(np.float32)
    return Ratings(users.astype(np.int32), items.astype(np.int32), values, n_users, n_items)


def ready(train, dtype="float64", workers=2, params=PARAMS):
    if {*clients._open} - {(workers, 0)}:
        clients.close_clients()  # workers that wait take processor time, too
    backend = DaskTiled(params, np.dtype(dtype), workers)
    backend.prepare(train)
    backend.load(start_factors(train, params))
    backend.warm_up()
    return backend


def swept(backend, sweeps):
    for _ in range(sweeps):
        backend.update_users()
        backend.update_items()
    return backend.read()


def expected(train, dtype, sweeps, params=PARAMS):
    return fit(train, params, sweeps=sweeps, implementation=TWIN[dtype], threads=1)


# What follows has two workers, as the last.
@pytest.mark.parametrize("partitions", [1, 7, 64])
@pytest.mark.parametrize("workers", [1, 3, 4, 2])
def test_bits_do_not_depend_on_workers_and_partitions(workers, partitions, monkeypatch):
    monkeypatch.setenv(PARTITIONS, str(partitions))
    train = ratings()
    for dtype in TWIN:
        found = swept(ready(train, dtype, workers), 2)
        assert bits(found) == bits(expected(train, dtype, 2))


@pytest.mark.parametrize("implementation", ["dask", "dask-f32"])
def test_it_is_driven_like_any_other(implementation):
    train = irregular().train
    twin = TWIN[find(implementation).dtype]
    for way in ("", "+relaxed", "+relaxed+nested"):
        models = [
            fit(train, PARAMS, sweeps=4, implementation=f"{name}{way}", threads=2)
            for name in (implementation, twin)
        ]
        assert bits(models[0]) == bits(models[1])


def test_a_partition_is_sent_what_it_touches():
    train = ratings()
    parts = parts_of(by_user(train, 1), train.n_items, 100, PARAMS, "float64")
    assert sum(part.n_rows for part in parts) == train.n_users
    assert sum(len(part.csr.values) for part in parts) == len(train)
    few = [part for part in parts if part.needed is not None]
    assert few
    for part in few:
        mine = (train.users >= part.first) & (train.users < part.first + part.n_rows)
        np.testing.assert_array_equal(part.needed, np.unique(train.items[mine]))
        np.testing.assert_array_equal(part.needed[part.csr.indices], train.items[mine])
    whole = parts_of(by_user(train, 1), train.n_items, 1, PARAMS, "float64")
    assert [part.needed for part in whole] == [None]


def test_a_row_that_cannot_be_solved_is_named_as_the_lowest():
    train = ratings(n=1_000)  # most users have fewer than there are unknowns
    singular = AlsParams(rank=4, reg=0.0, bias_reg=0.0)
    backend = ready(train, params=singular)
    with pytest.raises(SolveError) as caught:
        backend.update_users()
    with pytest.raises(SolveError) as wanted:
        expected(train, "float64", 1, singular)
    assert (caught.value.side, caught.value.row) == (wanted.value.side, wanted.value.row)


def test_workers_killed_at_any_moment_change_no_bit():
    train = ratings(2_000, 400, 60_000)
    backend, rng = ready(train), np.random.default_rng(1)
    wanted = find("numba-tiled").create(PARAMS, 1)
    wanted.prepare(train)
    wanted.load(start_factors(train, PARAMS))
    for _ in range(20):
        killer = threading.Timer(rng.uniform(0, 0.15), kill_one, [backend, rng])
        killer.start()
        found = swept(backend, 1)
        killer.join()
        wanted.update_users()
        wanted.update_items()
        assert bits(found) == bits(wanted.read())
    assert backend.workers.lost > 0


def test_workers_killed_while_they_are_made_ready_change_no_bit():
    train, rng = ratings(2_000, 400, 60_000), np.random.default_rng(2)
    wanted = bits(expected(train, "float64", 1))
    for _ in range(6):
        backend = DaskTiled(PARAMS, np.dtype("float64"), 2)
        killer = threading.Timer(rng.uniform(0, 0.1), kill_one, [backend, rng])
        killer.start()
        backend.prepare(train)
        backend.load(start_factors(train, PARAMS))
        backend.warm_up()
        killer.join()
        assert bits(swept(backend, 1)) == wanted


def kill_one(backend, rng):
    """End a worker process, as an operating system out of memory would."""
    client = backend.workers._client
    try:
        processes = [*client.run(os.getpid, on_error="ignore").values()]
        os.kill(int(rng.choice(processes)), signal.SIGKILL)
    except Exception:  # noqa: BLE001 - whoever is dead already cannot be asked
        return


def test_what_is_sent_is_counted():
    train = ratings()
    backend = ready(train)
    before = backend.workers.bytes_sent
    swept(backend, 1)
    sent = backend.workers.bytes_sent - before
    itemsize, width = 8, PARAMS.rank + 1
    rows = (train.n_users + train.n_items) * width * itemsize
    assert rows < sent <= 5 * rows  # back once, and to two workers at most twice


def test_bytes_are_estimated():
    job = Job(PARAMS, np.dtype("float64"), 2, ProblemSize(10**6, 10**4, 10**3))
    assert DaskTiled.bytes_needed(job) > find("numba-tiled").bytes_needed(job)


def test_nothing_listens_beyond_loopback():
    assert ready(ratings()).workers.addresses
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        for connection in process.net_connections():
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip == "127.0.0.1"


def test_no_scheduler_is_one_clear_error(monkeypatch):
    import distributed

    def impatient(address, timeout, **given):
        return client(address, timeout="1s", **given)

    client = distributed.Client
    monkeypatch.setattr(distributed, "Client", impatient)
    monkeypatch.setenv(SCHEDULER, "tcp://127.0.0.1:9")
    with pytest.raises(
        ClusterError, match=r"tcp://127\.0\.0\.1:9: no scheduler with workers answers"
    ):
        ready(ratings())


def test_a_scheduler_of_ones_own_and_its_end(monkeypatch):
    from distributed import LocalCluster

    train = ratings()
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        monkeypatch.setenv(SCHEDULER, cluster.scheduler_address)
        backend = ready(train)
        assert bits(swept(backend, 2)) == bits(expected(train, "float64", 2))
    deadline = time.monotonic() + 30
    while backend.workers._client.status == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    with pytest.raises(ClusterError, match="the scheduler is gone"):
        swept(backend, 1)
    clients.close_clients()
