"""Runs from the command line, as a user calls them."""

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calling import DRAWN, REAL, UNDRAWN, call
from tiny import RUNGS, go, quality_of, record_of

from harness.analysis.frame import cells
from harness.cli import main
from harness.data.ladder.holdout import is_test
from harness.results.log import LOG_NAME, read_run
from harness.results.records import Run

SMALL_MODEL = ["--rank", "4", "--reg", "2", "--bias-reg", "1"]
SHORT = [*SMALL_MODEL, "--sweeps", "1", "--rounds", "1"]

# A run from end to end on a release as users have them, and what can be done with it.


@pytest.fixture(scope="module")
def real_run(release, tmp_path_factory):
    """The folder of a run, and what it said."""
    cwd = tmp_path_factory.mktemp("real")
    options = ["--impl", "numpy,numba-parallel-f32,third_party:MyAls", "--scale", "100k"]
    options += ["--sweeps", "2", "--rounds", "2", "--out", "run", "--data", release]
    return cwd / "run", call("run", *options, cwd=cwd, by=REAL)


def test_a_run_on_a_release(real_run, release):
    folder, done = real_run
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    assert "full takes the place" in done.stdout
    for word in ("reference", "RMSE", "table.csv"):
        assert word in done.stdout
    assert done.stdout.count("\nreference: what the others") == 1
    assert done.stdout.count("\nScale ") == 1
    assert max(map(len, done.stdout.splitlines())) <= 120
    assert not (folder / ".work").exists()
    run = read_run(folder)
    with (release / "ratings.csv").open() as file:
        assert run.started.dataset["ratings"] == sum(1 for _ in file) - 1
    with (folder / "table.csv").open(newline="") as file:
        states = {row["variant"]: row["state"] for row in csv.DictReader(file)}
    assert states == dict.fromkeys(("numpy", "numba-parallel-f32", "third_party:MyAls"), "ok")


def test_a_third_party_that_is_right_shows_in_the_table(real_run):
    lines = real_run[1].stdout.splitlines()
    assert any("same (" in line for line in lines if line.startswith("third_party:MyAls "))


# Whose ratings they are makes no difference to what follows.
made_only = pytest.mark.parametrize("release", ["made_release"], indirect=True)


@made_only
def test_a_run_is_drawn_again_from_its_log(real_run):
    folder, _ = real_run
    before = {path.name for path in folder.iterdir()}
    log = (folder / LOG_NAME).read_bytes()
    again = call("report", "run", "--baseline", "third_party:MyAls", cwd=folder.parent)
    assert again.returncode == 0, again.stderr
    assert {path.name for path in folder.iterdir()} == before
    assert (folder / LOG_NAME).read_bytes() == log
    assert "numba-parallel-f32" in again.stdout
    assert again.stdout.count("\nreference: what the others") == 1
    assert again.stdout.count("\nScale ") == 1


@made_only
def test_a_baseline_that_was_not_run_cannot_be_reported(real_run, refused):
    said = refused("report", real_run[0], "--baseline", "naive")
    assert "--baseline naive was not in this run; numpy" in said


@made_only
def test_a_folder_that_holds_a_run_is_not_written_over(real_run, refused, csv_file):
    folder, _ = real_run
    log = (folder / LOG_NAME).read_bytes()
    said = refused("run", "--data", csv_file, "--impl", "numpy", "--out", folder)
    assert f"--resume {folder}" in said
    assert (folder / LOG_NAME).read_bytes() == log


@made_only
@pytest.mark.parametrize(
    "option",
    [
        ["--rank", "7"],
        ["--only"],
        ["--out", "x"],
        ["--baseline", "numpy"],
        # Given as they are by default, and yet not what the run has.
        ["--rank", "20"],
        ["--sweeps", "10"],
        ["--data", "auto"],
    ],
)
def test_resuming_takes_no_other_options(real_run, refused, option):
    assert f"leave {option[0]} out" in refused("run", "--resume", real_run[0], *option)


@made_only
def test_resuming_what_is_finished_measures_nothing(real_run):
    folder, _ = real_run
    before = quality_of(read_run(folder))
    done = call("run", "--resume", "run", cwd=folder.parent, by=UNDRAWN)
    assert done.returncode == 0, done.stderr
    assert quality_of(read_run(folder)) == before


# Implementations that are wrong.


WRONG = ("BiasForgotten", "RegulariserDoubled", "LastRowSkipped", "RegulariserOff")


def test_third_parties_that_are_wrong_break_parity_after_a_single_sweep(tmp_path, csv_file):
    options = ["--impl", ",".join(["numpy", *(f"broken:{name}" for name in WRONG)])]
    options += ["--scale", "100k", *SHORT, "--out", "run", "--data", str(csv_file)]
    done = call("run", *options, cwd=tmp_path, by=UNDRAWN)
    assert done.returncode == 1, done.stderr
    rows = cells(read_run(tmp_path / "run")).set_index("variant")
    assert rows.loc["numpy", "state"] == "ok"
    for name in WRONG:
        row = rows.loc[f"broken:{name}"]
        assert (row["state"], row["sweeps"]) == ("parity_failed", 1)
        assert "row" in row["reason"]
        assert np.isnan(row["speedup"])
        assert name in done.stdout


@pytest.fixture(scope="module")
def two_rungs(tiny_scales, tmp_path_factory):
    """Folder in which there is a run of two scales."""
    folder = tmp_path_factory.mktemp("two")
    go(folder / "run", ("numpy", "numba-serial"), RUNGS, budget_s=60.0)
    return folder


@pytest.mark.parametrize("width", [72, 120])
def test_tables_are_as_wide_as_the_terminal_and_explained_once(
    two_rungs, monkeypatch, capsys, width
):
    monkeypatch.chdir(two_rungs)
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["report", "run"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= width
    assert said.count("\nScale ") == 2
    for word in ("reference", "same (x)", "warm"):
        assert said.count(f"\n{word}: ") == 1
    assert said.rindex("\nScale ") < said.index("\nreference: ")


# Folders that cannot be written, interrupts, and kills.


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, csv_file, refused):
    (tmp_path / "file").write_text("")
    options = ["--data", csv_file, "--impl", "numpy", "--scale", "full", "--only"]
    assert "file: File exists" in refused("run", *options, "--out", "file")


def test_ratings_that_are_all_held_out_are_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.commands.run.measure_machine", lambda *_: ())
    ids = np.arange(1, 200, dtype=np.int64)
    places = np.arange(len(ids), dtype=np.int32)
    test = is_test(ids, np.array([3]), places, np.zeros_like(places), 0)
    rows = "".join(f"{user},3,4.0,0\n" for user in ids[test])
    (tmp_path / "held_out.csv").write_text("userId,movieId,rating,timestamp\n" + rows)
    options = ["--data", "held_out.csv", "--impl", "numpy", "--scale", "full", "--only"]
    assert main(["run", *options, "--out", "run"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "harness: held_out: the holdout leaves no training rating at full"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_one_line(tmp_path, csv_file, refused):
    (tmp_path / "closed").mkdir(mode=0o500)
    options = ["--data", csv_file, "--impl", "numpy", "--scale", "full", "--only"]
    assert "Permission denied" in refused("run", *options, "--out", "closed/run")


RUN = ["run", "--impl", "numpy,bad_backends:Interrupts", "--scale", "full", *SMALL_MODEL]
RUN += ["--budget", "inf", "--sweeps", "3", "--rounds", "3", "--out", "run", "--data"]


def _interrupt(cwd: Path, csv_file: Path, moment: str, which: signal.Signals, *more: str):
    given = {"BAD_BACKEND_MOMENT": moment, "BAD_BACKEND_SIGNAL": str(int(which))}
    return call(*RUN, csv_file, *more, cwd=cwd, by=DRAWN, BAD_BACKEND_MARK="mark", **given)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> Run:
    """What `numpy` comes to in a run that nothing happens to."""
    return go(tmp_path_factory.mktemp("uninterrupted"), ["numpy"], rounds=3)


def _resume(cwd: Path, uninterrupted: Run) -> None:
    """Go on with a run: in the end it has what an uninterrupted one has, to the last bit."""
    kept = read_run(cwd / "run").rungs["100k"]
    resumed = call("run", "--resume", "run", cwd=cwd, by=UNDRAWN)
    assert resumed.returncode == 0, resumed.stderr
    assert not (cwd / "run" / ".work").exists()
    run = read_run(cwd / "run")
    assert run.rungs["100k"] == kept
    expected = record_of(uninterrupted, "numpy")
    for variant in ("numpy", "bad_backends:Interrupts"):  # which is numpy, too
        judged = record_of(run, variant).qualities
        assert [replace(quality, cell=expected.cell) for quality in judged] == expected.qualities


def test_a_run_whose_harness_was_killed_goes_on_to_the_same_bits(tmp_path, csv_file, uninterrupted):
    killed = _interrupt(tmp_path, csv_file, "sweep 2 of 300 users", signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    worker = int((tmp_path / "mark").read_text())
    with (tmp_path / "run" / LOG_NAME).open("a") as log:
        log.write('{"event": "Turn", "cell": ["fu')  # as if it had died while writing
    _resume(tmp_path, uninterrupted)
    assert not Path(f"/proc/{worker}/exe").exists()


@pytest.mark.parametrize(("which", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_reports_what_was_measured(tmp_path, csv_file, which, status):
    done = _interrupt(tmp_path, csv_file, "read 4 of 300 users", which, "--only")
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "interrupted" in done.stdout
    assert "\nScale full: " in done.stdout  # the table of the scale that was broken off
    assert (tmp_path / "run" / "table.csv").exists()
    assert not (tmp_path / "run" / ".work").exists()
