"""Which cores a turn is taken on."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread, get_native_id
from time import perf_counter, sleep

import numba
import pytest

from harness.conformance.problems import irregular
from harness.measure import cores
from harness.measure.cores import Cores, rest
from harness.measure.exchange import write_factors, write_ratings
from harness.measure.handle import Worker
from harness.measure.session import Session
from implementations.problem import AlsParams

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="nobody is kept on a core here",
)


def test_the_same_number_is_the_same_core_and_the_next_one_another():
    free = os.sched_getaffinity(0)
    met = []
    for number in (4, 4, 5):
        with Cores(1).of_round(number):
            met.append(os.sched_getaffinity(0))
    assert met[0] == met[1] != met[2]
    assert all(len(cores) == 1 and cores <= free for cores in met)
    assert os.sched_getaffinity(0) == free


def test_all_cores_are_met_in_as_many_rounds():
    free = os.sched_getaffinity(0)
    met: set[int] = set()
    for number in range(len(free)):
        with Cores(1).of_round(number):
            met |= os.sched_getaffinity(0)
    assert met == free


def test_threads_that_are_there_are_kept_and_released():
    free, stop = os.sched_getaffinity(0), Event()
    waiting = Thread(target=stop.wait)
    waiting.start()
    try:
        with Cores(1).of_round(1):
            assert len(os.sched_getaffinity(waiting.native_id)) == 1
        assert os.sched_getaffinity(waiting.native_id) == free
    finally:
        stop.set()
        waiting.join()


def test_an_exception_releases_them():
    free = os.sched_getaffinity(0)
    with pytest.raises(ValueError, match="from within"), Cores(1).of_round(0):
        raise ValueError("from within")
    assert os.sched_getaffinity(0) == free


def test_no_number_keeps_nobody():
    free = os.sched_getaffinity(0)
    with Cores(1).of_round(None):
        assert os.sched_getaffinity(0) == free


class Watched:
    """A contestant that says on which cores it may sweep."""

    def turn(self, sweeps, judged, warm):
        return os.sched_getaffinity(0)


@pytest.mark.parametrize(("core_of", "cores"), [(None, len(os.sched_getaffinity(0))), (3, 1)])
def test_a_session_takes_its_turn_there(core_of, cores):
    session = Session()
    session.create("naive", AlsParams(), 1)
    session._contestant = Watched()
    assert len(session.turn(1, None, core_of=core_of)) == cores


@pytest.fixture(autouse=True)
def nobody_else():
    """No thread that an earlier test's BLAS has left spinning counts as one that sweeps."""
    rest(os.getpid())


def _work(seconds: float = 0.05) -> int:
    """Work without Python's lock; gives the thread's number."""
    end = perf_counter() + seconds
    while perf_counter() < end:
        hashlib.sha256(_BYTES)
    return get_native_id()


_BYTES = bytes(1 << 20)


@pytest.fixture
def two():
    """A pool whose two threads have started."""
    started = Event()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(started.wait) for _ in range(2)]
        started.set()
        assert all(one.result() for one in waiting)
        yield pool


@pytest.fixture
def apart():
    """Cores for two threads, given back afterwards."""
    apart = Cores(2)
    yield apart
    apart.release()


def _sweep(pool: ThreadPoolExecutor, workers: int = 2) -> list[int]:
    return [future.result() for future in [pool.submit(_work) for _ in range(workers)]]


def test_threads_that_work_in_a_sweep_have_a_core_each_from_then_on(two, apart):
    free = os.sched_getaffinity(0)
    with apart.settling():
        threads = _sweep(two)
    first, second = (os.sched_getaffinity(thread) for thread in threads)
    assert len(first) == len(second) == 1
    assert first != second
    assert os.sched_getaffinity(0) == free, "it only waited"
    apart.release()
    assert all(os.sched_getaffinity(thread) == free for thread in threads)


def test_threads_have_the_cores_of_their_round(two, apart):
    """The same in the same round, all of them in as many rounds as there are cores."""
    with apart.of_round(5), apart.settling():
        threads = _sweep(two)
    free, met = os.sched_getaffinity(0), []
    for number in (5, *range(len(free)), 5):
        with apart.of_round(number):
            met.append([core for thread in threads for core in os.sched_getaffinity(thread)])
    assert met[0] == met[-1]
    assert {cores[0] for cores in met} == {cores[1] for cores in met} == free
    assert all(first != second for first, second in met)


def test_threads_that_start_in_a_sweep_are_left_alone(apart):
    free = os.sched_getaffinity(0)
    with ThreadPoolExecutor(2) as pool:
        with apart.settling():
            threads = _sweep(pool)
        assert all(os.sched_getaffinity(thread) == free for thread in threads)
        with apart.settling():
            threads = _sweep(pool)
        assert all(len(os.sched_getaffinity(thread)) == 1 for thread in threads)


def test_one_thread_that_works_alone_is_left_alone(two, apart):
    free = os.sched_getaffinity(0)
    with apart.settling():
        [thread] = _sweep(two, 1)
    assert os.sched_getaffinity(thread) == free


@pytest.mark.parametrize("threads", [1, 2 + len(os.sched_getaffinity(0))])
def test_nobody_is_kept_where_there_is_one_thread_or_more_than_cores(threads, two):
    free = os.sched_getaffinity(0)
    with Cores(threads).settling():
        found = _sweep(two)
    assert all(os.sched_getaffinity(thread) == free for thread in found)


def test_a_sweep_that_fails_keeps_nobody(two, apart):
    free, threads = os.sched_getaffinity(0), []

    def fail():
        with apart.settling():
            threads.extend(_sweep(two))
            raise ValueError("from within")

    with pytest.raises(ValueError, match="from within"):
        fail()
    assert all(os.sched_getaffinity(thread) == free for thread in threads)


@pytest.mark.parametrize(
    ("siblings", "expected"),
    [
        (lambda core: f"{core % 4},{core % 4 + 4}", [0, 1, 2, 3, 4, 5, 6, 7]),
        (lambda core: f"{core // 2 * 2}-{core // 2 * 2 + 1}", [0, 2, 4, 6, 1, 3, 5, 7]),
    ],
)
def test_one_core_of_each_pair_comes_first(siblings, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "_SYSTEM", tmp_path)
    for core in range(8):
        (tmp_path / f"cpu/cpu{core}/topology").mkdir(parents=True)
        (tmp_path / f"cpu/cpu{core}/topology/core_cpus_list").write_text(f"{siblings(core)}\n")
    assert cores._physical_first([*range(8)]) == expected


def test_cores_of_which_the_system_says_nothing_come_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "_SYSTEM", tmp_path)
    assert cores._physical_first([3, 1, 2]) == [1, 2, 3]


@pytest.mark.parametrize("nodes", [["{0}"], ["{0}", "{1}-99"], ["", "{0},{1}"]])
def test_nobody_is_kept_where_memory_is_nearer_to_some_cores(nodes, tmp_path, monkeypatch):
    free = sorted(os.sched_getaffinity(0))
    monkeypatch.setattr(cores, "_SYSTEM", tmp_path)
    for number, text in enumerate(nodes):
        (tmp_path / f"node/node{number}").mkdir(parents=True)
        (tmp_path / f"node/node{number}/cpulist").write_text(text.format(*free) + "\n")
    all_in_one = nodes[-1] == "{0},{1}" and len(free) == 2
    with Cores(1).of_round(0):
        assert (len(os.sched_getaffinity(0)) == 1) == all_in_one


def test_a_rest_lasts_as_long_as_another_thread_works(two, monkeypatch):
    monkeypatch.setattr(cores, "_LONGEST_REST_S", 60.0)
    working = two.submit(hashlib.pbkdf2_hmac, "sha256", b"", b"", 500_000)  # one long call
    sleep(0.02)
    rest(os.getpid())
    assert working.done()


def test_a_rest_ends_while_a_thread_spins_for_ever(two, monkeypatch):
    monkeypatch.setattr(cores, "_LONGEST_REST_S", 0.01)
    working = two.submit(_work, 2.0)
    rest(os.getpid())
    assert not working.done()


def test_a_process_that_has_ended_is_not_waited_for():
    start = perf_counter()
    rest(2**22 + 1)  # no process has such a number
    assert perf_counter() - start < cores._LONGEST_REST_S


@pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="nothing is compiled, so one thread sweeps"
)
def test_a_worker_s_threads_have_a_core_each_after_a_turn(tmp_path):
    problem = irregular()
    write_ratings(tmp_path / "ratings", problem.train)
    write_factors(tmp_path / "start", problem.factors("float64"))
    worker = Worker(2, 60.0)
    try:
        folders = tmp_path / "ratings", tmp_path / "start"
        worker.make_ready("numba-parallel", problem.params, 2, *folders)
        worker.call(Session.turn, 2000, None)
        tasks = cores.threads_of(worker.process_id)
        kept = [tuple(os.sched_getaffinity(task)) for task in tasks]
        worker.call(Session.create, "numba-parallel", problem.params, 2)
        freed = [os.sched_getaffinity(task) for task in tasks]
    finally:
        worker.stop()
    assert len({one for one in kept if len(one) == 1}) == 2
    assert all(cores == os.sched_getaffinity(0) for cores in freed), "for the next contestant"
