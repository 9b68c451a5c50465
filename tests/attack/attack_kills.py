"""kill -9 at fifty moments of a run, and of the making of a cache: nothing finished is lost.

Not part of the suite: `make attack` runs it, for some minutes.
"""

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import psutil
import pytest

sys.path.append(str(Path(__file__).parents[1] / "harness"))

from calling import UNDRAWN, environment_of_a_user
from tiny import record_of, tiny_dataset, write_csv

from harness.results.log import LOG_NAME, holds_run, read_run

MOMENTS = 50
MODEL = ["--rank", "4", "--reg", "2", "--bias-reg", "1", "--sweeps", "3", "--rounds", "3"]
RUN = ["run", "--impl", "numpy", "--scale", "full", *MODEL, "--budget", "inf"]


@pytest.fixture
def csv_file(tmp_path) -> Path:
    write_csv(tiny_dataset(), tmp_path / "ratings.csv")
    return tmp_path / "ratings.csv"


def _call(arguments: list[str], cwd: Path, kill_after_s: float | None = None) -> int:
    """Status of a call; of one that was killed, -9."""
    temporary = cwd / "temporary"
    temporary.mkdir(exist_ok=True)
    given = {"TMPDIR": str(temporary), "ALS_LADDER_CACHE": str(cwd / "cache")}
    process = subprocess.Popen(
        [*UNDRAWN, *arguments],
        cwd=cwd,
        env=environment_of_a_user(**given),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(kill_after_s or 120)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()
    finally:
        _wait_until_gone(temporary)


def _wait_until_gone(temporary: Path) -> None:
    """No process that has this folder for its temporary files, and none of these, is left."""
    start = time.monotonic()
    while left := [*temporary.iterdir(), *_processes_of(temporary)]:
        assert time.monotonic() - start < 20, left
        time.sleep(0.02)


def _processes_of(temporary: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("TMPDIR", "").startswith(str(temporary))
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue  # it is gone, or another user's
    return found


def _hidden(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*") if path.name.endswith(".part")]


def test_a_run_that_is_killed_at_any_moment_goes_on_to_the_same_bits(tmp_path, csv_file, counts):
    options = [*RUN, "--data", str(csv_file), "--out", "run"]
    for whole in (tmp_path / "first", tmp_path / "whole"):
        whole.mkdir()
        start = time.monotonic()
        assert _call(options, whole) == 0
    seconds = time.monotonic() - start
    wanted = record_of(read_run(whole / "run"), "numpy").qualities
    random = Random(0)

    def kill_and_go_on(kill_after_s: float) -> None:
        cwd = tmp_path / f"{kill_after_s:.6f}"
        cwd.mkdir()
        status = _call(options, cwd, kill_after_s)
        counts["runs killed" if status == -signal.SIGKILL else "runs that were quicker"] += 1
        log = cwd / "run" / LOG_NAME
        kept = log.read_bytes() if holds_run(cwd / "run") else b""
        assert _call(["run", "--resume", "run"] if kept else options, cwd) == 0
        counts["runs gone on with" if kept else "runs begun anew"] += 1
        assert log.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])
        assert not (cwd / "run" / ".work").exists()
        record = record_of(read_run(cwd / "run"), "numpy")
        assert (record.qualities, record.ended.status) == (wanted, "ok")
        assert not _hidden(cwd)

    with ThreadPoolExecutor(2) as pool:
        moments = [random.uniform(0.05, 1.2 * seconds) for _ in range(MOMENTS)]
        list(pool.map(kill_and_go_on, moments))


def test_a_cache_whose_making_is_killed_at_any_moment_is_whole_or_made_again(
    tmp_path, csv_file, counts
):
    describe = ["data", str(csv_file)]
    start = time.monotonic()
    assert _call(describe, tmp_path) == 0
    seconds = time.monotonic() - start
    columns = tmp_path / "cache" / "columns"
    [whole] = columns.iterdir()
    wanted = {path.name: path.read_bytes() for path in whole.iterdir()}
    random = Random(1)
    for _ in range(MOMENTS):
        for path in whole.iterdir():
            path.unlink()
        whole.rmdir()
        status = _call(describe, tmp_path, random.uniform(seconds / 2, seconds))
        counts["makings killed" if status == -signal.SIGKILL else "makings that were quicker"] += 1
        assert _call(describe, tmp_path) == 0
        assert {path.name: path.read_bytes() for path in whole.iterdir()} == wanted
        assert [path.name for path in columns.iterdir()] == [whole.name]
