"""Groups of cells on the machines of a cluster: two hosts of loopback, a Dask worker on each."""

import csv
import re
import shutil
import time
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise

import psutil
import pytest
from bad_backends import MARK
from tiny import RUNGS, go, quality_of, record_of

pytest.importorskip("distributed", reason="the extra [dask] is not installed")

from distributed import Nanny, Scheduler, SpecCluster

from harness.cli import main
from harness.cost import worker_bytes
from harness.machines import cluster, pool
from harness.machines.cluster import Machines
from harness.measure.admission import SHARE_OF_MEMORY
from harness.results.events import Machine
from harness.results.log import LOG_NAME, read_run
from implementations.cluster import clients

HOSTS = ("127.0.0.1", "127.0.0.2")
CELLS = ("naive", "numpy", "third_party:MyAls")
MODEL = ["--rank", "4", "--reg", "2", "--bias-reg", "1"]
# Asked to be precise, a run takes ten rounds in each process: so no worker is replaced here.
SHORT = ["--sweeps", "2", "--rounds", "2", "--precision", "90%"]


@pytest.fixture(scope="module")
def mark(tmp_path_factory):
    """File that tells workers whether one was killed."""
    return tmp_path_factory.mktemp("mark") / "mark"


@pytest.fixture(scope="module")
def scheduler(mark):
    """Address of a scheduler with a worker on each host, in processes of their own."""
    options = {"nthreads": 1, "memory_limit": 0, "dashboard": False}
    workers = {host: {"cls": Nanny, "options": {"host": host, **options}} for host in HOSTS}
    its = {"cls": Scheduler, "options": {"host": HOSTS[0], "dashboard": False}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, str(mark))  # a worker that is started again has it, too
        with SpecCluster(workers, its, silence_logs="CRITICAL") as made:
            yield made.scheduler_address


@pytest.fixture(scope="module")
def run(scheduler, csv_file, tiny_scales):
    """Call `run --engine dask`. What is drawn is seen by other tests."""

    def call(folder, *arguments):
        given = [*MODEL, *SHORT, "--data", str(csv_file), "--out", str(folder), "--engine", "dask"]
        return main(["run", *given, "--scheduler", scheduler, *arguments])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.report.figures.draw_figures", lambda *_: [])
        yield call


@pytest.fixture(scope="module")
def ladder(run, tmp_path_factory):
    """Folder of a run of two scales, each in two groups: there is room for two of three cells."""
    folder = tmp_path_factory.mktemp("placed") / "run"
    room = int(2.5 * worker_bytes(0, 0) / SHARE_OF_MEMORY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Machines, "available_bytes", room)
        assert run(folder, "--impl", ",".join(CELLS), "--scale", "full") == 0
    return folder


@pytest.fixture(scope="module")
def at_once(tiny_scales, tmp_path_factory):
    """The same at the larger scale on this machine, in one group."""
    return go(tmp_path_factory.mktemp("local"), CELLS, sweeps=2, rounds=2)


def test_all_groups_of_a_ladder_are_in_one_log(ladder):
    found = read_run(ladder)
    assert list(found.rungs) == [*RUNGS]
    assert all(rung.ended for rung in found.rungs.values())
    assert not found.ended.interrupted
    assert {record.ended.status for record in found.records} == {"ok"}
    assert [len(rung.placed) for rung in found.rungs.values()] == [2, 2]
    assert {placed.host for placed in found.placed} == {*HOSTS}
    for anchor in (record for record in found.records if record.planned.anchor):
        assert [turn.round for turn in anchor.turns] == [1, 2, 3, 4]


def test_no_machine_has_two_groups_at_once(ladder):
    spans = defaultdict(list)
    for placed in read_run(ladder).placed:
        spans[placed.host].append((placed.environment["time"], placed.after["time"]))
    for of_host in spans.values():
        assert all(end <= start for (_, end), (start, _) in pairwise(sorted(of_host)))


def test_results_are_those_of_a_run_on_one_machine(ladder, at_once):
    found = read_run(ladder).rungs["full"].records
    assert {cell: record.qualities for cell, record in found.items()} == quality_of(at_once)
    differences = [one for record in at_once.records for one in record.differences]
    compared = [one for record in found.values() for one in record.differences]
    assert len(compared) == 4  # two sweeps of a cell in each group, with the anchor's
    assert all(one in differences for one in compared)


def test_no_rate_of_the_driver_is_said_to_be_a_machines(ladder):
    found = read_run(ladder)
    assert "cpu" not in found.started.environment
    [event] = found.machine
    assert isinstance(event, Machine)
    assert not event.best
    assert "rates of its own" in event.reason


def test_table_and_page_tell_of_all_cells_and_both_machines(ladder, capsys):
    assert main(["report", str(ladder)]) == 0
    said, page = capsys.readouterr().out, (ladder / "index.html").read_text()
    assert said.count("\nScale ") == 2
    with (ladder / "table.csv").open(newline="") as file:
        rows = [(row["rung"], row["variant"], row["state"]) for row in csv.DictReader(file)]
    assert sorted(rows) == sorted((rung, name, "ok") for rung in RUNGS for name in CELLS)
    for host in HOSTS:
        assert re.search(rf"cells ran on other machines \([^)]*{host}: group", page)
        assert f"machine {host} · cpu" in page
    assert "driver · cpu" in page
    assert "--engine dask --scheduler tcp://127.0.0.1:" in page


def test_it_is_resumed_and_whole_rungs_are_kept(ladder, scheduler, tmp_path, capsys, run):
    folder = tmp_path / "run"
    shutil.copytree(ladder, folder)
    lines = (folder / LOG_NAME).read_text().splitlines(keepends=True)
    begun = next(n for n, line in enumerate(lines) if '"RungStarted", "rung": "full"' in line)
    (folder / LOG_NAME).write_text("".join(lines[: begun + 9]))
    kept = read_run(folder).rungs["100k"]
    assert main(["run", "--resume", str(folder)]) == 2
    assert "add --scheduler tcp://HOST:8786" in capsys.readouterr().err
    assert main(["run", "--resume", str(folder), "--scheduler", scheduler]) == 0
    found = read_run(folder)
    assert found.rungs["100k"] == kept
    assert quality_of(found) == quality_of(read_run(ladder))


def test_a_group_whose_worker_is_killed_is_measured_elsewhere(run, mark, tmp_path, capsys):
    name = "bad_backends:KillsDaskWorker"
    assert run(tmp_path / "run", "--impl", f"numpy,{name}", "--scale", "full", "--only") == 0
    assert mark.exists()
    told = re.findall(r"the worker on ([\d.]+) was lost", capsys.readouterr().err)
    found = read_run(tmp_path / "run")
    [placed] = found.placed
    assert {*told, placed.host} == {*HOSTS}
    judged = [record_of(found, one).qualities[-1].train_rmse for one in ("numpy", name)]
    assert judged[0] == judged[1]


def test_ctrl_c_ends_what_is_at_work_on_machines(run, tmp_path, monkeypatch, capsys):
    def interrupt(seconds):
        if runners():
            raise KeyboardInterrupt
        time.sleep(seconds)

    monkeypatch.setattr(pool, "sleep", interrupt)
    chosen = ("--impl", "numpy,bad_backends:Hanging", "--budget", "inf", "--scale", "full")
    assert run(tmp_path / "run", *chosen, "--only") == 130
    assert "interrupted: what was measured" in capsys.readouterr().out
    found = read_run(tmp_path / "run")
    assert found.ended.interrupted
    assert {record.ended.status for record in found.records} == {"interrupted"}
    assert found.records[0].ended.reason == f"{found.placed[0].host}: at work"
    deadline = time.monotonic() + 60
    while runners() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not runners()


def runners():
    """Commands of processes in which a group or a cell is run, on any machine."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            found.append(" ".join(child.cmdline()))
        except psutil.Error:  # it has just ended
            continue
    return [line for line in found if "harness.measure.worker" in line]


def test_nothing_listens_beyond_loopback(scheduler):
    me = psutil.Process()
    heard = set()
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, FileNotFoundError):  # it has ended meanwhile
            for connection in process.net_connections():
                if connection.status == psutil.CONN_LISTEN:
                    heard.add(connection.laddr.ip)
    assert heard == {*HOSTS}


# What cannot be is one line, before anything is written.


def asked(*more):
    return ("run", "--impl", "numpy", "--engine", "dask", "--out", "run", *more)


def test_no_scheduler_is_named(refused, monkeypatch):
    monkeypatch.delenv(clients.SCHEDULER, raising=False)
    assert "no scheduler is named; add --scheduler tcp://HOST:8786, or set" in refused(*asked())


def test_no_scheduler_answers(refused, monkeypatch):
    monkeypatch.setattr(clients, "_PATIENCE_S", 0.2)
    said = refused(*asked("--scheduler", "tcp://127.0.0.1:9"))
    assert "tcp://127.0.0.1:9: no scheduler with workers answers" in said


def test_a_scheduler_without_the_engine(refused):
    said = refused("run", "--impl", "numpy", "--scheduler", "tcp://127.0.0.1:9")
    assert "--scheduler is for --engine dask" in said


def test_another_version_on_a_machine(refused, scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "source_sha256", lambda: "of other code")
    said = refused(*asked("--scheduler", scheduler))
    assert "127.0.0.1: the code of als-ladder there is another than here" in said


def test_more_threads_than_a_machine_has(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Machines, "cores", 1)
    assert run(tmp_path / "run", "--impl", "numpy", "--threads", "2") == 2
    said = capsys.readouterr().err
    assert said == "harness: --threads 2: the machine with the fewest has 1 cores\n"
    assert not (tmp_path / "run").exists()


def test_dask_is_not_installed(refused, monkeypatch):
    def absent(name):
        raise ImportError(f"{name} is not installed: pip install 'als-ladder[dask]'")

    monkeypatch.setattr("implementations.registry.find", absent)
    assert "[dask]" in refused(*asked())
