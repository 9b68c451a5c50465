"""Real workers, with implementations that hang, die, lie and chatter."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from harness.measure import handle
from harness.measure.exchange import read_factors, write_factors, write_ratings
from harness.measure.handle import Worker, WorkerFailure
from harness.measure.session import Session
from implementations.als import start_factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings

PARAMS = AlsParams(rank=3)
RATINGS = Ratings(
    np.array([0, 0, 1, 2, 2, 3], np.int32),
    np.array([0, 1, 2, 0, 2, 1], np.int32),
    np.array([4, 2, 5, 1, 3, 3.5], np.float32),
    4,
    3,
)
Start = Callable[..., Worker]


@pytest.fixture
def folder(tmp_path) -> Path:
    write_ratings(tmp_path / "ratings", RATINGS)
    write_factors(tmp_path / "start", start_factors(RATINGS, PARAMS))
    return tmp_path


@pytest.fixture
def start(folder) -> Iterator[Start]:
    """Starts workers, ready for their first sweep; afterwards none of them may be left."""
    started: list[tuple[Worker, psutil.Process]] = []

    def ready(variant: str, timeout_s: float | None = 60.0, threads: int = 1) -> Worker:
        worker = Worker(threads, timeout_s)
        started.append((worker, psutil.Process(worker._process.pid)))
        worker.make_ready(variant, PARAMS, threads, folder / "ratings", folder / "start")
        return worker

    yield ready
    for worker, process in started:
        worker.stop()
        assert not process.is_running()
        _wait_until_gone(process.pid)


def _alive_in_group(group: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == group and process.info["status"] != "zombie":
                found.append(process)
    return found


def _wait_until_gone(group: int) -> None:
    """What was killed and is not our child takes a moment to go."""
    for _ in range(3_000):
        if not _alive_in_group(group):
            return
        time.sleep(0.01)
    pytest.fail(f"{_alive_in_group(group)} are still there")


def _sweep(worker: Worker) -> Any:
    return worker.call(Session.turn, 1, None)[1]


def _fails(worker: Worker, method: Any = Session.turn, *given: Any) -> WorkerFailure:
    """The failure of a call, after which the worker must be gone."""
    with pytest.raises(WorkerFailure) as caught:
        worker.call(method, *(given or (1, None)))
    assert worker._process.returncode is not None
    assert "\n" not in caught.value.reason
    return caught.value


def test_a_worker_does_what_it_is_told(start, folder):
    worker = start("bad_backends:Chatty")
    timed = _sweep(worker)
    assert timed.sweeps == 1
    assert timed.users_s > 0
    assert timed.items_s > 0
    worker.call(Session.read, folder / "mine")
    backend = start("numpy")
    _sweep(backend)
    backend.call(Session.read, folder / "theirs")
    mine, theirs = read_factors(folder / "mine"), read_factors(folder / "theirs")
    assert np.array_equal(mine.users, theirs.users)
    assert np.array_equal(mine.items, theirs.items)
    assert mine.mean == theirs.mean == RATINGS.mean


def test_half_sweeps_can_be_asked_for_one_by_one(start, folder):
    worker = start("numpy")
    worker.call(Session.half_sweep, "users")
    worker.call(Session.read, folder / "half")
    half = read_factors(folder / "half")
    assert half.users.any()
    assert np.array_equal(half.items, start_factors(RATINGS, PARAMS).items)
    worker.call(Session.half_sweep, "items")
    worker.call(Session.read, folder / "half")
    assert not np.array_equal(read_factors(folder / "half").items, half.items)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_in_force_in_the_worker(start, threads):
    worker = start("numba-parallel", threads=threads)
    _sweep(worker)
    facts = worker.call(Session.facts)[1]
    in_force = facts.threads_in_force
    assert in_force.pop("numba") == threads
    assert in_force.pop("numba_layer") != "none used"
    assert in_force
    assert set(in_force.values()) == {threads}
    assert facts.peak_bytes > 0


def test_a_worker_that_hangs_is_given_up(start):
    worker = start("bad_backends:Hanging")
    worker._timeout_s = 0.05
    failure = _fails(worker)
    assert failure.status == "timeout"
    assert failure.reason == "turn: no answer for 0.05 s"


def test_a_worker_that_ends_leaves_its_last_words(start):
    failure = _fails(start("bad_backends:Exiting"))
    assert failure.status == "failed"
    assert failure.reason == "turn: the worker ended with exit status 3: last words"


def test_a_worker_that_is_killed_was_out_of_memory_whoever_holds_its_pipe(start, monkeypatch):
    monkeypatch.setattr(handle, "_LOOK_S", 0.01)
    failure = _fails(start("bad_backends:Killed"))
    assert failure.status == "out_of_memory"
    assert failure.reason.startswith("turn: the system killed the worker")


def test_a_worker_that_hangs_up_and_lives_on_is_ended(start, monkeypatch):
    monkeypatch.setattr(handle, "_LAST_BREATH_S", 0.01)
    failure = _fails(start("bad_backends:HangingUp"))
    assert (failure.status, failure.reason) == ("failed", "turn: the worker hung up")


def test_rubbish_in_the_pipe_is_no_answer_and_is_not_waited_for(start):
    failure = _fails(start("bad_backends:Rubbish", timeout_s=None))
    assert failure.status == "failed"
    assert failure.reason.startswith("turn: an answer that cannot be read")


@pytest.mark.parametrize(
    ("variant", "status", "reason"),
    [
        ("broken:Raising", "failed", "ZeroDivisionError: no items today"),
        ("bad_backends:OutOfMemory", "out_of_memory", "MemoryError: 17 EiB"),
    ],
)
def test_whatever_a_backend_raises_is_a_status_with_a_reason(start, variant, status, reason):
    failure = _fails(start(variant))
    assert failure.status == status
    assert re.fullmatch(rf"{reason} \((broken|bad_backends)\.py, line \d+\)", failure.reason)


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("MisShaped", r"read gave users of shape \(4, 3\) and float64, not \(4, 4\) and float64"),
        ("OfObjects", r"Factors.users must be floats .* not object of shape \(4, 4\)"),
        ("Meanless", "Factors.mean must be a number, not NoneType"),
    ],
)
def test_factors_that_the_judge_could_not_trust_are_a_failure(start, folder, variant, reason):
    failure = _fails(start(f"bad_backends:{variant}"), Session.read, folder / "mine")
    assert failure.status == "failed"
    assert re.search(reason, failure.reason)


def test_nan_is_for_the_judge_to_find(start, folder):
    worker = start("bad_backends:NotANumber")
    _sweep(worker)
    worker.call(Session.read, folder / "mine")
    assert np.isnan(read_factors(folder / "mine").items).all()


def test_what_a_worker_started_ends_with_it(start, tmp_path, monkeypatch):
    mark = tmp_path / "pid"
    monkeypatch.setenv("BAD_BACKEND_MARK", str(mark))
    worker = start("bad_backends:Childish")
    child = psutil.Process(int(mark.read_text()))
    assert child.is_running()
    assert os.getpgid(child.pid) == worker._process.pid
    worker.stop()


def test_what_a_worker_leaves_in_its_temporary_folder_goes_with_it(start):
    worker = start("bad_backends:Littering")
    left = Path(worker._scratch.name)
    assert [path.read_text() for path in left.iterdir()] == ["litter"]
    worker.stop()
    assert not left.exists()


def test_stopping_twice_does_nothing_and_a_stopped_worker_answers_nothing(start):
    worker = start("numpy")
    worker.stop()
    worker.stop()
    assert _fails(worker).status == "failed"


def test_no_descriptor_stays_open(start):
    this = psutil.Process()
    start("numpy").stop()
    before = this.num_fds()
    start("numpy").stop()
    assert this.num_fds() == before


def test_an_implementation_that_is_not_there_fails_in_the_worker(start):
    with pytest.raises(WorkerFailure, match=r"failed: KeyError: .no implementation 'nobody'"):
        start("nobody")
