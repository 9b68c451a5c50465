"""Measuring the machine's best: the loops, their rates, and when a run measures them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numba
import numpy as np
import pytest
from tiny import PARAMS, Watcher, tiny_dataset

from harness.analysis.frame import cells
from harness.analysis.remarks.of_machine import machine_remarks
from harness.measure import machine_rates, rater
from harness.measure.handle import WorkerFailure
from harness.measure.machine_rates import measure_machine
from harness.measure.plan import Plan, entrants
from harness.measure.rate_kernels import fill, multiply_add_loop, read
from harness.measure.rater import Rater
from harness.measure.runner import Runner
from harness.measure.worker import Session
from harness.results.events import Machine, RunStarted
from harness.results.log import EventLog, read_events

RATES = {
    *("fma_float32_gflops", "fma_float64_gflops", "gemm_float32_gflops", "gemm_float64_gflops"),
    "bandwidth_gbs",
}
compiled = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="there is no compiled loop without a compiler"
)


# The loops.


@compiled
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_loop_multiplies_and_adds_in_every_accumulator(dtype):
    loop = multiply_add_loop(dtype)
    for turns_done in (1, 2, 7):
        chains = np.arange(loop.accumulators, dtype=dtype)
        for _ in range(turns_done):
            chains = chains * np.float32(0.5) + np.float32(1)
        assert loop.run(turns_done) == pytest.approx(float(chains.sum()), rel=1e-6)


@compiled
def test_the_loop_is_fused_where_the_machine_can():
    from implementations.tiled.target import host_target

    loop = multiply_add_loop("float32")
    loop.run(1)
    (assembly,) = loop.run.inspect_asm().values()  # type: ignore[attr-defined]
    fused = any(name in assembly for name in ("vfmadd", "fmla"))
    assert fused == host_target(np.dtype("float32")).fused
    assert "call" not in assembly.partition("fmadd")[2].partition("ret")[0]


def test_without_a_compiler_there_is_nothing_to_measure(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    with pytest.raises(RuntimeError, match="NUMBA_DISABLE_JIT"):
        multiply_add_loop("float32")


def test_all_of_the_memory_is_written_and_read():
    words = np.zeros(1001, np.uint64)
    fill(words)
    assert words.tolist() == list(range(1001))
    assert int(read(words)) == 1001 * 1000 // 2


# Rates.


@pytest.fixture
def small(monkeypatch):
    """Amounts of work too small to take time."""
    monkeypatch.setattr(rater, "_MULTIPLY_ADDS", 4800)
    monkeypatch.setattr(rater, "_MATRIX", 8)
    monkeypatch.setattr(rater, "_MEMORY_BYTES", 1 << 12)


@compiled
@pytest.mark.parametrize("threads", [1, 2])
def test_a_rate_is_the_work_of_all_threads_over_the_seconds(small, threads):
    ticks = count()
    middle, best = Rater(lambda: float(next(ticks))).rates(threads)  # each reading a second later
    lanes = {dtype: multiply_add_loop(dtype).lanes for dtype in ("float32", "float64")}
    assert middle == best
    assert middle == {
        "bandwidth_gbs": pytest.approx((1 << 12) / 1e9),
        "fma_float32_gflops": pytest.approx(2 * 4800 * lanes["float32"] * threads / 1e9),
        "fma_float64_gflops": pytest.approx(2 * 4800 * lanes["float64"] * threads / 1e9),
        "gemm_float32_gflops": pytest.approx(2 * 8**3 / 1e9),
        "gemm_float64_gflops": pytest.approx(2 * 8**3 / 1e9),
    }


@compiled
def test_median_and_best_are_over_repetitions_that_take_turns(small):
    seconds = iter([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 5.0, 5.0, 5.0])  # three rounds of three
    now = [0.0]

    def spend() -> None:
        now[0] += next(seconds)

    works = {name: rater.Work(spend, 10e9) for name in "abc"}
    rates = Rater(lambda: now[0])._in_turn(works)
    assert rates == {name: [10.0, 5.0, 2.0] for name in "abc"}


def test_the_worker_answers_for_the_machine(small):
    if numba.config.DISABLE_JIT:
        pytest.skip("there is no compiled loop without a compiler")
    session = Session()
    middle, best = session.rates(1)
    assert middle.keys() == best.keys() == RATES
    assert all(0 < middle[name] <= best[name] for name in RATES)
    session.rates(1)  # again, with the same memory


class _Worker:
    """A worker that answers with the number of threads, or fails at one."""

    fails_at = 99
    alive = 0

    def __init__(self, threads: int, timeout_s: float | None) -> None:
        self.most = threads
        type(self).alive += 1

    def call(self, method: Any, threads: int) -> Any:
        assert method is Session.rates
        assert threads <= self.most
        if threads == self.fails_at:
            raise WorkerFailure("failed", "no such luck")
        return 0.1, ({"bandwidth_gbs": 1.0 * threads}, {"bandwidth_gbs": 2.0 * threads})

    def stop(self) -> None:
        type(self).alive -= 1


@pytest.fixture
def worker(monkeypatch):
    kind = type("Fake", (_Worker,), {})
    monkeypatch.setattr(machine_rates, "Worker", kind)
    return kind


def test_each_number_of_threads_is_measured_once_in_one_worker(worker):
    events = list(measure_machine("end", [4, 1, 4, 2]))
    assert [(e.when, e.threads, e.best["bandwidth_gbs"]) for e in events] == [
        ("end", 1, 2.0),
        ("end", 2, 4.0),
        ("end", 4, 8.0),
    ]
    assert worker.alive == 0


def test_a_failure_is_a_fact_with_a_reason(worker):
    worker.fails_at = 2
    events = list(measure_machine("start", [1, 2, 4]))
    assert [event.reason for event in events] == ["", "no such luck"]
    assert events[1].best == {}
    assert worker.alive == 0


def test_a_real_worker_that_cannot_measure_says_why(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    (event,) = measure_machine("start", [1])
    assert "NUMBA_DISABLE_JIT is set" in event.reason


# In a run.


@contextmanager
def _runner(folder, measure, watcher=None) -> Iterator[Runner]:
    plan = Plan(
        implementations=("numpy",),
        rungs=("full",),
        threads=(2,),
        params=PARAMS,
        sweeps=1,
        rounds=1,
        baseline="numpy",
    )
    data = {"name": "tiny", "synthetic": False, "source": "tiny"}
    chosen = entrants(plan)
    with EventLog(folder, RunStarted("now", plan.to_json(), data, {})) as log:
        yield Runner(plan, chosen, tiny_dataset(), log, watcher or Watcher(), measure)


def _measured(when, threads):
    for number in sorted(set(threads)):
        best = {"fma_float64_gflops": 50.0 * number, "bandwidth_gbs": 10.0}
        yield Machine(when, number, best, best)


def test_the_machine_is_measured_before_and_after_with_the_threads_of_the_cells(tmp_path):
    with _runner(tmp_path, _measured) as runner:
        runner.run(["full"])
    kinds = [type(event).__name__ for event in read_events(tmp_path)]
    assert (kinds.index("Machine"), kinds[-2:]) == (1, ["Machine", "RunEnded"])
    machine = [event for event in read_events(tmp_path) if isinstance(event, Machine)]
    assert [(event.when, event.threads) for event in machine] == [("start", 1), ("end", 1)]
    (row,) = cells(runner.log.run).to_dict("records")
    assert row["fma_gflops"] == 50.0
    assert row["peak_share"] == pytest.approx(row["gflops"] / 50)


def test_what_is_interrupted_or_has_nothing_to_do_is_not_measured_at_its_end(tmp_path):
    def interrupt(line: str) -> None:
        if line.startswith("full: round"):
            raise KeyboardInterrupt

    with _runner(tmp_path, _measured, Watcher(interrupt)) as runner:
        with pytest.raises(KeyboardInterrupt):
            runner.run(["full"])
        runner.run([])
    assert [event.when for event in runner.log.run.machine] == ["start"]


def test_a_run_goes_on_where_the_machine_cannot_be_measured(tmp_path):
    def fail(when, threads):
        yield Machine(when, 2, {}, {}, "no compiler")

    with _runner(tmp_path, fail) as runner:
        runner.run(["full"])
    assert runner.log.run.rungs["full"].ended is not None
    frame = cells(runner.log.run)
    assert frame["peak_share"].isna().all()
    assert frame["gflops"].notna().all()
    remarks = [remark.text for remark in machine_remarks(runner.log.run)]
    assert len(remarks) == 2
    assert "at the start of the run (no compiler)" in remarks[0]
