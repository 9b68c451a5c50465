"""Workers that wait for their turn cost the one whose turn it is nothing."""

import psutil
import pytest
from tiny import PARAMS, tiny_dataset

from harness.measure.exchange import write_factors, write_ratings
from harness.measure.handle import Worker
from harness.measure.session import Session
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
        worker.make_ready(variant, PARAMS, threads, tmp_path / "ratings", tmp_path / "start")
        worker.call(Session.turn, 2, None)
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
        worker.call(Session.turn, 200, None)
    assert _cpu_s(idle) - idle_before < 0.2 * spent_s
