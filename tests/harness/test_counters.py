"""Counts of the processor: software events stand in for it where a virtual machine has none."""

import errno
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny
from test_timing import _backend

from harness.analysis.cell_facts import sweep_counts
from harness.measure import counters
from harness.measure.contestant import WholeFits
from harness.measure.counters import Counters, Counts, why_uncounted
from harness.measure.session import Session
from harness.measure.timing import Timed, calibrated_turn, since, timed_sweeps, turn_of_one_step
from harness.results.events import Cell, Turn, from_json, to_json
from implementations.als import start_factors

HERE = why_uncounted()


@pytest.fixture
def software(monkeypatch):
    """Nanoseconds on the processor for both events, which any Linux counts."""
    monkeypatch.setattr(counters, "_HARDWARE", 1)  # PERF_TYPE_SOFTWARE
    monkeypatch.setattr(counters, "_INSTRUCTIONS", 1)  # PERF_COUNT_SW_TASK_CLOCK
    monkeypatch.setattr(counters, "_CYCLES", 0)  # PERF_COUNT_SW_CPU_CLOCK
    if reason := why_uncounted():
        pytest.skip(f"this system counts nothing: {reason}")


def work() -> float:
    """Some milliseconds of a processor's time."""
    return sum(float(np.sqrt(np.arange(50_000)).sum()) for _ in range(50))


def test_what_a_thread_does_that_is_started_later_is_counted(software) -> None:
    counting = Counters()
    idle = counting.read()
    work()
    alone = counting.read().minus(idle)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = counting.read().minus(idle).minus(alone)
    counting.close()
    assert alone.instructions > 1e6  # nanoseconds
    assert together.instructions > 2 * alone.instructions


def test_what_was_started_before_is_counted_too(software) -> None:
    ready, begin = threading.Event(), threading.Event()

    def wait_and_work() -> None:
        ready.set()
        begin.wait()
        work()

    thread = threading.Thread(target=wait_and_work)
    thread.start()
    ready.wait()
    counting = Counters()
    begin.set()
    thread.join()
    counted = counting.read().instructions
    counting.close()
    assert counted > 1e6


def test_files_are_closed(software) -> None:
    before = open_files()
    with counters.counters() as found:
        assert open_files() > before
        found.read()
    assert open_files() == before


@pytest.mark.skipif(bool(HERE), reason=f"not counted here: {HERE}")
def test_instructions_of_a_loop_are_about_what_it_has() -> None:
    with counters.counters() as found:
        before = found.read()
        work()
        counted = found.read().minus(before)
    assert 1e5 < counted.instructions < 1e12
    assert 1e5 < counted.cycles < 1e12


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOENT, "a virtual machine without the processor's counters?"),
        (errno.EACCES, "kernel.perf_event_paranoid above 2?"),
        (errno.ENOSYS, "Function not implemented"),
    ],
)
def test_where_nothing_is_counted_there_is_a_reason(monkeypatch, number: int, said: str) -> None:
    def refused(event: int, thread: int) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(counters, "_open", refused)
    assert said in why_uncounted()


@pytest.mark.parametrize(("system", "processor"), [("Darwin", "arm64"), ("Linux", "riscv64")])
def test_other_systems_are_named(monkeypatch, system: str, processor: str) -> None:
    monkeypatch.setattr(counters.platform, "system", lambda: system)
    monkeypatch.setattr(counters.platform, "machine", lambda: processor)
    assert f"no perf_event_open on {system} {processor}" in why_uncounted()


def test_turns_with_others_are_scaled_by_time(monkeypatch) -> None:
    for enabled, running, expected in ((10, 10, 6.0), (10, 5, 12.0), (0, 0, 0.0)):
        packed = counters._READ.pack(6, enabled, running)
        monkeypatch.setattr(counters.os, "read", lambda file, size, packed=packed: packed)
        assert counters._read(3) == expected
    monkeypatch.setattr(counters.os, "read", lambda file, size: counters._READ.pack(6, 10, 0))
    assert np.isnan(counters._read(3))


def open_files() -> int:
    """Files that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


# Around sweeps


class Counting:
    """A counter that sees so many instructions at every reading more than before."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> Counts:
        self.readings += 1
        return Counts(100.0 * self.readings, 40.0 * self.readings)


def test_sweeps_are_counted_from_first_to_last() -> None:
    backend, clock = _backend()
    count = Counting()
    assert timed_sweeps(backend, 3, clock, count).counts == Counts(100, 40)
    assert count.readings == 2
    assert turn_of_one_step(backend, 2, clock, count).counts == Counts(100, 40)
    assert calibrated_turn(backend, clock, count=count).counts == Counts(100, 40)


def test_nothing_counted_is_nothing() -> None:
    backend, clock = _backend()
    assert timed_sweeps(backend, 3, clock).counts is None
    assert since(None, Counts(1, 1)) is None


class Library:
    """A fit takes some time."""

    def fit(self, sweeps: int) -> None:
        work() if sweeps == 1 else [work() for _ in range(4)]


def test_an_iteration_of_a_library_is_counted_as_it_is_timed() -> None:
    counted = iter([0, 10, 0, 110] * 20)
    timed = WholeFits(Library(), lambda: Counts(n := next(counted), n))._difference(1)
    assert timed.counts == Counts(100, 100)


def test_a_session_counts_where_it_can(software) -> None:
    session = Session()
    session._train = tiny.tiny_dataset().ratings
    session.create("numba-serial", tiny.PARAMS, 1)
    session.prepare()
    session._contestant.load(start_factors(session._train, tiny.PARAMS))
    session.warm_up()
    timed: Timed = session.turn(None, None)
    assert timed.counts is not None
    assert timed.counts.instructions > 0


# In the log, and in what is said of a cell


def turn(**given) -> Turn:
    return Turn(Cell("full", "numba-serial", 1), 1, 0, 4, 0.1, 0.1, **given)


def test_logs_from_before_are_read() -> None:
    line = to_json(turn())
    del line["instructions"], line["cycles"]
    assert from_json(line) == turn()


def test_a_cell_has_the_medians_of_its_turns_for_one_sweep() -> None:
    turns = [turn(instructions=4.0 * n, cycles=8.0 * n) for n in (1, 2, 9)]
    record = SimpleNamespace(turns=[*turns, turn()])
    assert vars(sweep_counts(record)) == {"instructions": 2.0, "cycles": 4.0}
    assert np.isnan(sweep_counts(SimpleNamespace(turns=[turn()])).instructions)
