"""The machine: what is free, what is in force."""

import json
import sys
from subprocess import PIPE, Popen

import psutil
import pytest

from harness.measure import machine


@pytest.fixture
def cgroup(monkeypatch):
    """Files of a cgroup made by hand."""
    files: dict[str, str] = {}
    monkeypatch.setattr(machine, "_cgroup_text", files.get)
    return files


FREE = psutil.virtual_memory().total


@pytest.fixture
def all_free(monkeypatch):
    memory = psutil.virtual_memory()._replace(available=FREE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)


def test_without_a_limit_all_that_is_available_may_be_taken(cgroup, all_free):
    assert machine.available_bytes() == FREE
    cgroup |= {"memory.max": "max\n", "memory.current": "5\n"}
    assert machine.available_bytes() == FREE


def test_a_limit_leaves_what_is_not_used_yet(cgroup, all_free):
    cgroup |= {"memory.max": "1000\n", "memory.current": "400\n"}
    assert machine.available_bytes() == 600
    cgroup["memory.stat"] = "anon 250\ninactive_file 150\n"
    assert machine.available_bytes() == 750
    cgroup["memory.current"] = "1200\n"
    assert machine.available_bytes() == 0


def test_a_limit_beyond_what_the_machine_has_changes_nothing(cgroup, all_free):
    cgroup |= {"memory.max": f"{2 * FREE}\n", "memory.current": "5\n"}
    assert machine.available_bytes() == FREE


def test_kills_for_lack_of_memory_are_counted(cgroup):
    assert machine.oom_kills() == 0
    cgroup["memory.events"] = "low 0\nhigh 3\nmax 4\noom 2\noom_kill 7\n"
    assert machine.oom_kills() == 7


def test_memory_of_a_process_that_was_started_counts():
    alone = machine.memory_bytes("VmHWM")
    program = "held = bytearray(64 << 20); print(flush=True); input()"
    with Popen([sys.executable, "-c", program], stdin=PIPE, stdout=PIPE) as child:
        child.stdout.readline()
        both = machine.memory_bytes("VmHWM")
        child.communicate(b"\n")
    assert both - alone > 64 << 20


def test_memory_of_this_process_is_known():
    now, peak = machine.memory_bytes("VmRSS"), machine.memory_bytes("VmHWM")
    if now is None or peak is None:
        pytest.skip("this system does not say")
    assert 10 << 20 < now <= peak


def test_every_library_gets_the_threads():
    environment = machine.thread_environment(3)
    assert set(environment.values()) == {"3"}
    assert {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"} <= environment.keys()


def test_the_environment_is_complete_and_can_be_written():
    environment = machine.describe_machine()
    assert json.loads(json.dumps(environment, allow_nan=False)) == environment
    for name in ("cpu", "usable_cores", "memory_bytes", "python", "packages", "llvm", "blas"):
        assert environment[name]
    assert environment["packages"]["numpy"] != "not installed"
