"""Workers that wait for their turn cost the one whose turn it is nothing."""

from dataclasses import asdict

import psutil
import pytest
from tiny import PARAMS, tiny_dataset

from harness.measure.exchange import write_factors, write_ratings
from harness.measure.handle import Worker
from implementations.als import start_factors

# The other's turns take as much of a processor as this, in seconds; a worker that spins would take
# about as much beside it, one that sleeps nothing at all.
_BUSY_S = 0.5


@pytest.fixture
def start(tmp_path):
    """Starts workers that have had a turn."""
    ratings = tiny_dataset().ratings
    write_ratings(tmp_path / "ratings", ratings)
    write_factors(tmp_path / "start", start_factors(ratings, PARAMS))
    workers = []

    def ready(variant: str, threads: int) -> tuple[Worker, psutil.Process]:
        worker = Worker(threads, 60.0)
        workers.append(worker)
        worker.call("create", variant=variant, params=asdict(PARAMS), threads=threads)
        worker.call("open", folder=str(tmp_path / "ratings"))
        worker.call("prepare")
        worker.call("load", folder=str(tmp_path / "start"))
        worker.call("warm_up")
        worker.call("turn", sweeps=2, one_step=False)
        return worker, psutil.Process(worker._process.pid)

    yield ready
    for worker in workers:
        worker.stop()


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@pytest.mark.parametrize(("variant", "threads"), [("numba-parallel", 2), ("numpy", 1)])
def test_an_idle_worker_uses_no_processor(start, variant, threads):
    _, idle = start(variant, threads)
    worker, busy = start("numba-serial", 1)
    idle_before, busy_before = _cpu_s(idle), _cpu_s(busy)
    while (spent_s := _cpu_s(busy) - busy_before) < _BUSY_S:
        worker.call("turn", sweeps=200, one_step=False)
    assert _cpu_s(idle) - idle_before < 0.2 * spent_s
