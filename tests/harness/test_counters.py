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
from harness.measure.counters import Count, Counters, Counts, Reading, counted, why_uncounted
from harness.measure.session import Session
from harness.measure.timing import Timed, calibrated_turn, since, timed_sweeps, warm_turn
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
    busy = counting.read()
    alone = counted(idle, busy)
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = counted(busy, counting.read())
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
    before = counting.read()
    begin.set()
    thread.join()
    found = counted(before, counting.read())
    counting.close()
    assert found.instructions > 1e6


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
        counts = counted(before, found.read())
    assert 1e5 < counts.instructions < 1e12
    assert 1e5 < counts.cycles < 1e12


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


def reading(*counts: tuple[int, int, int]) -> Reading:
    """The same for instructions and for cycles."""
    one = tuple(Count(*each) for each in counts)
    return one, one


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((100, 100, 100), (106, 110, 110), 6),  # alone on the processor
        ((100, 100, 50), (110, 110, 60), 10),  # it had taken turns before, and did not now
        ((100, 100, 10), (110, 110, 15), 20),  # half of the time
    ],
)
def test_turns_with_others_are_scaled_by_time(before, after, expected) -> None:
    assert counted(reading(before), reading(after)) == Counts(expected, expected)


def test_a_thread_that_slept_counts_nothing() -> None:
    asleep = (7, 5, 5)
    both = counted(reading((0, 0, 0), asleep), reading((4, 4, 4), asleep))
    assert both == Counts(4, 4)


def test_what_was_not_counted_is_not_a_number_that_spreads() -> None:
    """A counter that others hold all the time, as on the small cores of a mixed processor."""
    assert counted(reading((0, 0, 0), (0, 0, 0)), reading((4, 4, 4), (0, 9, 0))) is None
    assert counted(reading((0, 0, 0)), reading((0, 0, 0))) is None


def test_a_thread_that_ends_meanwhile_is_passed_over(software, monkeypatch) -> None:
    opened = counters._open

    def gone(event: int, thread: int) -> int:
        if thread != os.getpid():
            raise ProcessLookupError
        return opened(event, thread)

    monkeypatch.setattr(counters, "_open", gone)
    with counters.counters() as found:
        assert [len(part) for part in found.read()] == [1, 1]


def open_files() -> int:
    """Files that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


# Around sweeps


class Counting:
    """A counter that sees so many instructions at every reading more than before."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> Reading:
        self.readings += 1
        ns = self.readings
        return (Count(100 * self.readings, ns, ns),), (Count(40 * self.readings, ns, ns),)


def test_sweeps_are_counted_from_first_to_last() -> None:
    backend, clock = _backend()
    count = Counting()
    assert timed_sweeps(backend, 3, clock, count).counts == Counts(100, 40)
    assert count.readings == 2
    assert warm_turn(backend, 2, clock, count).counts == Counts(100, 40)
    assert calibrated_turn(backend, clock, count=count).counts == Counts(100, 40)


def test_nothing_counted_is_nothing() -> None:
    backend, clock = _backend()
    assert timed_sweeps(backend, 3, clock).counts is None
    assert since(None, reading((1, 1, 1))) is None


class Library:
    """A fit takes some time."""

    def fit(self, sweeps: int) -> None:
        work() if sweeps == 1 else [work() for _ in range(4)]


def test_an_iteration_of_a_library_is_counted_as_it_is_timed() -> None:
    seen = iter(reading((n, n, n)) for n in [0, 10, 0, 110] * 20)
    timed = WholeFits(Library(), lambda: next(seen))._difference(1)
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
