"""What a worker starts, and nobody waits for, is the run's own work: a JVM is no neighbour."""

import subprocess
import sys

import psutil

from harness.measure.handle import Worker
from harness.measure.machine import load_now
from harness.measure.processor_time import count_descendants, own_seconds

BUSY = (
    "import time\nwhile time.process_time() < {seconds}: pass\nprint(flush=True)\ntime.sleep(3600)"
)
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def test_descendants_that_nobody_waits_for_are_counted():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, BUSY.format(seconds=0.5)], stdout=subprocess.PIPE
    )
    try:
        parent.stdout.readline()  # it has done its work
        before = own_seconds()
        count_descendants(parent.pid)
        assert own_seconds() >= before + 0.4  # in ticks of a hundredth
        assert load_now()["own_s"] >= before + 0.4
    finally:
        for child in psutil.Process(parent.pid).children():
            child.kill()
        parent.communicate()


def test_a_worker_that_is_stopped_is_asked_for_them(monkeypatch):
    asked = []
    monkeypatch.setattr("harness.measure.handle.count_descendants", asked.append)
    worker = Worker(1, None)
    worker.stop()
    assert asked == [worker.process_id]


def test_a_process_that_is_gone_started_nothing():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    before = own_seconds()
    count_descendants(ended.pid)
    assert own_seconds() < before + 0.4
