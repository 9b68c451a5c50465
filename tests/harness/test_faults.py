"""What happens to the disk or the process: nothing measured is lost, and nothing is left behind."""

import csv
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep

import pytest
from calling import DRAWN, UNDRAWN, call, environment_of_a_user
from tiny import record_of

from harness.cli import main
from harness.results.log import LOG_NAME, read_run

MODEL = ["--rank", "4", "--reg", "2", "--bias-reg", "1", "--sweeps", "3", "--rounds", "4"]
ONE_SWEEP = ["--sweeps", "1", "--rounds", "1"]
RUN = ["run", "--impl", "numpy", "--scale", "full", *MODEL, "--budget", "inf", "--out", "run"]

# Files cannot get longer: what a full disk does, for whoever may not mount a small one.
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@pytest.fixture
def here(tmp_path, monkeypatch, tiny_scales):
    """A call in this process, without figures, in the folder of a test; its exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.commands.run.measure_machine", lambda *_: ())
    monkeypatch.setattr("harness.commands.run.draw_run", lambda *_: None)
    return lambda *arguments: main(arguments)


def _limited(size: int) -> list[str]:
    return [sys.executable, "-c", LIMITED, str(size), *UNDRAWN[1:]]


def _hidden(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*") if path.name.endswith(".part")]


@pytest.mark.parametrize("size", [0, 1_000, 12_000])
def test_a_full_disk_is_one_line_and_the_run_goes_on_once_there_is_room(
    tmp_path, csv_file, here, size
):
    full = call(*RUN, *ONE_SWEEP, "--data", csv_file, cwd=tmp_path, by=_limited(size))
    assert full.returncode == 2
    [line] = [one for one in full.stderr.splitlines() if one.startswith("harness: ")]
    assert "Traceback" not in full.stderr
    assert "File too large" in line or "is the disk full?" in line
    assert not (tmp_path / "run" / ".work").exists()
    assert not _hidden(tmp_path)
    log = tmp_path / "run" / LOG_NAME
    kept = log.read_bytes() if log.exists() else b""
    kept = kept[: kept.rfind(b"\n") + 1]
    again = ["run", "--resume", "run"] if kept else [*RUN, *ONE_SWEEP, "--data", str(csv_file)]
    assert here(*again) == 0
    assert log.read_bytes().startswith(kept)
    assert record_of(read_run(tmp_path / "run"), "numpy").ended.status == "ok"


def test_a_cache_on_a_full_disk_is_one_line_and_no_obstacle(tmp_path, csv_file):
    done = call("data", csv_file, cwd=tmp_path, by=_limited(3_000), ALS_LADDER_CACHE="cache")
    assert done.returncode == 0, done.stderr
    assert "is not cached, and read again next time" in done.stdout
    assert [path.name for path in (tmp_path / "cache" / "columns").iterdir()] == []


def test_no_temporary_file_outlives_a_harness_that_was_killed(tmp_path, csv_file):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    mark = tmp_path / "mark"
    given = {
        "BAD_BACKEND_MOMENT": "sweep 2 of 300 users",
        "BAD_BACKEND_SIGNAL": str(int(SIGKILL)),
        "BAD_BACKEND_MARK": str(mark),
        "TMPDIR": str(temporary),
    }
    options = [*RUN, "--impl", "numpy,bad_backends:Interrupts", "--data", csv_file]
    killed = call(*options, cwd=tmp_path, by=UNDRAWN, **given)
    assert killed.returncode == -SIGKILL
    assert mark.exists()
    _wait_until_empty(temporary)


def _wait_until_empty(folder: Path) -> None:
    start = monotonic()
    while [*folder.iterdir()]:
        assert monotonic() - start < 20, [*folder.iterdir()]
        sleep(0.05)


def test_what_a_killed_writer_left_in_a_run_is_swept_when_it_goes_on(tmp_path, csv_file, here):
    assert here(*RUN, *ONE_SWEEP, "--data", str(csv_file)) == 0
    left = tmp_path / "run" / ".table.csv.99999999-0123abcd.part"
    left.write_text("half a tab")
    assert here("run", "--resume", "run") == 0
    assert not left.exists()


def test_two_runs_at_once_on_a_cold_cache_are_two_runs(tmp_path, csv_file):
    processes = [
        subprocess.Popen(
            [*UNDRAWN, *RUN[:-1], f"run{n}", *ONE_SWEEP, "--data", str(csv_file)],
            cwd=tmp_path,
            env=environment_of_a_user(ALS_LADDER_CACHE=str(tmp_path / "cache")),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for n in range(2)
    ]
    for process in processes:
        assert process.wait(120) == 0, process.stderr.read()
        process.stderr.close()
    one, other = (record_of(read_run(tmp_path / f"run{n}"), "numpy") for n in range(2))
    assert one.qualities == other.qualities
    assert len([*(tmp_path / "cache" / "columns").iterdir()]) == 1
    assert not _hidden(tmp_path)


# Nobody waits two minutes for the one that never answers; the others have all the time there is.
IMPATIENT = """
from harness.measure.engine import LocalProcesses
start = LocalProcesses.start
LocalProcesses.start = lambda self, cell, timeout_s: start(
    self, cell, 3.0 if cell.variant == "ten_kinds:Sleeps" else timeout_s
)
"""

KINDS = {
    "ten_kinds:Sleeps": ("timeout", "no answer for"),
    "ten_kinds:Exits": ("failed", "the worker ended with exit status 0"),
    "ten_kinds:Prints": ("ok", ""),
    "ten_kinds:HalfPrecision": ("failed", "read gave users of shape (300, 5) and float16"),
    "ten_kinds:ChangesTheRatings": ("failed", "read-only"),
    "ten_kinds:ChangesTheFactors": ("ok", ""),
    "ten_kinds:Random": ("parity_failed", ""),
    "broken:Unfinished": ("failed", "returns before its work is done"),
    "ten_kinds:Allocates": ("out_of_memory", "Unable to allocate"),
    "ten_kinds:Raises": ("failed", "the worker ended with exit status 0"),
    "ten_kinds:Recurses": ("failed", ""),
    "raises_on_import:Als": ("failed", "RuntimeError: no licence for this machine"),
    "exits_on_import:Als": ("failed", "the worker ended with exit status 7"),
}


def test_plug_ins_of_all_kinds_that_misbehave_harm_no_other_cell(tmp_path, csv_file):
    names = ["numpy", *KINDS, "numba-serial"]
    options = [*RUN, "--impl", ",".join(names), *ONE_SWEEP, "--data", csv_file]
    done = call(*options, cwd=tmp_path, by=[*DRAWN[:2], IMPATIENT + DRAWN[2]])
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    with (tmp_path / "run" / "table.csv").open(newline="") as file:
        rows = {row["variant"]: row for row in csv.DictReader(file)}
    for name, (state, reason) in KINDS.items():
        ended = record_of(read_run(tmp_path / "run"), name).ended
        found = rows[name]["state"], ended.reason
        assert rows[name]["state"] == state, found
        assert reason in ended.reason, found
    assert (rows["numpy"]["state"], rows["numba-serial"]["state"]) == ("ok", "ok")
    assert rows["numba-serial"]["verdict"] == "ok"
    printed = [line.split()[0] for line in done.stdout.splitlines() if line.strip()]
    assert set(names) <= set(printed)


def test_a_plug_in_that_ends_whoever_imports_it_is_one_line_where_it_is_alone(tmp_path):
    done = call("run", "--impl", "exits_on_import:Als", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "harness: --impl exits_on_import:Als: importing it ends the process with status 7\n"
    )
