"""The command that compares two runs: what it prints, refuses, and returns."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from compared_runs import DATA, MACHINE, NAMES, STARTED, Seconds, events, seconds

from harness.cli import main
from harness.results.events import RunStarted
from harness.results.log import EventLog


@pytest.fixture
def folder_of(tmp_path):
    """Writes a run's log; its folder."""

    def write(name: str, of: Seconds, started: RunStarted = STARTED, off: float = 0.0) -> str:
        log = EventLog(tmp_path / name, started)
        with log:
            for event in events(of, started, off)[1:]:
                log.write(event)
        return str(tmp_path / name)

    return write


def test_the_command_prints_a_table_that_fits_a_line(folder_of, tmp_path):
    slow = {name: [1.31 * s for s in values] for name, values in seconds(1, numpy=1.2).items()}
    long = {"a_package.of_somebody.else_entirely:WithALongName": seconds(1)["naive"]}
    a, b = folder_of("a", {**seconds(0), **long}), folder_of("b", {**slow, **long})
    done = subprocess.run(
        [sys.executable, "-m", "harness", "compare", a, b, "--fail-if-slower", "5%"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 120 + len(str(tmp_path))
    for words in ("everything: ", "slower", "no difference seen", "FAILED   numpy at 100k"):
        assert words in done.stdout
    assert done.stdout.count("FAILED") == 1


def test_a_run_with_itself_has_ratio_one_and_status_0(folder_of, capsys):
    a = folder_of("a", seconds(0))
    assert main(["compare", a, a, "--fail-if-slower", "0"]) == 0
    said = capsys.readouterr().out
    assert said.count("no difference seen") == len(NAMES)
    assert "everything: 1.00x" in said


def test_several_runs_a_side_are_named_and_none_counts_twice(folder_of, capsys):
    a, b = (
        [folder_of(f"{side}{n}", seconds(10 * i + n)) for n in (1, 2)]
        for i, side in enumerate("ab")
    )
    assert main(["compare", ",".join(a), ",".join(b)]) == 0
    said = capsys.readouterr().out
    for name, folder in zip(("A1", "A2", "B1", "B2"), (*a, *b), strict=True):
        assert f"{name}  {folder}: made" in said
    assert main(["compare", f"{a[0]},{a[0]}", b[0]]) == 2
    assert "a run stands there twice" in capsys.readouterr().err


def test_verdicts_that_are_withheld_fail_nothing(folder_of, capsys):
    slowed = {"numpy": 1.4, "naive": 1.5, "numba_serial": 1.6}
    a, b = folder_of("a", seconds(1)), folder_of("b", seconds(2, **slowed))
    assert main(["compare", a, b, "--fail-if-slower", "5%"]) == 0
    said = capsys.readouterr().out
    assert "VERDICTS ARE WITHHELD: " in said
    assert said.count("withheld") == len(NAMES)


def test_runs_of_few_rounds_are_said_to_need_more(folder_of, capsys):
    a, b = folder_of("a", seconds(0, rounds=30)), folder_of("b", seconds(1, rounds=60))
    main(["compare", a, b])
    said = capsys.readouterr().out
    assert "* run A has 30 rounds; comparing runs by their quick rounds takes 60 or more" in said
    assert "make both runs with --rounds 180" in said
    assert "run B has" not in said


@pytest.mark.parametrize(("limit", "status"), [("2%", 1), ("5%", 1), ("17%", 0), ("50", 0)])
def test_failing_takes_an_interval_above_the_limit(folder_of, capsys, limit, status):
    a, b = folder_of("a", seconds(1)), folder_of("b", seconds(2, numpy=1.15))
    assert main(["compare", a, b]) == 0
    assert main(["compare", a, b, "--fail-if-slower", limit]) == status


def test_failing_takes_another_rmse_too(folder_of, capsys):
    a, b = folder_of("a", seconds(1)), folder_of("b", seconds(1), off=1e-3)
    assert main(["compare", a, b]) == 0
    assert "RMSE DIFFERS" in capsys.readouterr().out
    assert main(["compare", a, b, "--fail-if-slower", "5%"]) == 1


def test_runs_that_are_not_comparable_are_refused_in_one_line(folder_of, capsys):
    other = replace(STARTED, environment=MACHINE | {"cpu": "b"}, dataset=DATA | {"sha256": "77"})
    a, b = folder_of("a", seconds(1)), folder_of("b", seconds(1), other)
    assert main(["compare", a, b]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert "data sha256 was 5a and is 77; machine cpu was a and is b" in said.err
    assert main(["compare", a, b, "--force"]) == 0
    forced = capsys.readouterr().out
    assert forced.startswith("*** FORCED")
    assert "machine cpu was a and is b" in forced


def test_runs_without_a_common_cell_are_refused(folder_of, capsys):
    a, b = folder_of("a", seconds(1, ["naive"])), folder_of("b", seconds(1, ["numpy"]))
    assert main(["compare", a, b]) == 2
    assert "no measured cell in common" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "words"), [(NAMES[:1], "* WARNING: 100k has no other cell"), (NAMES[:2], "only two")]
)
def test_a_weak_yardstick_is_said(folder_of, capsys, names, words):
    a, b = folder_of("a", seconds(1, names)), folder_of("b", seconds(2, names))
    assert main(["compare", a, b]) == 0
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("limit", ["-1%", "much", "inf", "nan"])
def test_a_limit_that_is_no_percentage_is_refused(capsys, limit):
    with pytest.raises(SystemExit) as end:
        main(["compare", "a", "b", f"--fail-if-slower={limit}"])
    assert end.value.code == 2
    assert "is not a percentage" in capsys.readouterr().err
