"""What is around the benchmarks: the cases, the check of the parts, the comparison of two runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench_cases import cases
from compare_runs import last_two, main, write_common
from kernel_parts import check, parts_of

from implementations.registry import find

IMPLEMENTATIONS = ("numpy",)
ROOT = Path(__file__).parents[2]


def save(storage, interpreter, number, benchmarks=("users",), age=0):
    """A run as pytest-benchmark keeps it."""
    path = storage / interpreter / f"{number:04}_abc.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    stats = dict.fromkeys(("min", "max", "mean", "stddev", "median", "iqr", "ops"), 0.5 + number)
    benches = [
        {"name": f"test_{name}", "fullname": f"file.py::test_{name}", "group": name}
        | {"stats": stats | {"rounds": 5, "iterations": 1, "outliers": "0;0"}}
        for name in benchmarks
    ]
    path.write_text(json.dumps({"benchmarks": benches}))
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def test_parts_are_the_half_sweep(case, backend):
    parts = parts_of(backend)
    parts.solve(*parts.systems())
    rows, solution = parts.solved()
    tolerance = find(case.implementation).row_tolerance
    check((rows, solution), backend, tolerance)
    with pytest.raises(AssertionError, match="RowDifference"):
        check((rows, solution * (1 + 1e-8)), backend, tolerance)


def test_a_first_run_has_nothing_to_be_compared_with(tmp_path, capsys):
    assert last_two(tmp_path) == []
    save(tmp_path, "py313", 1)
    assert main(tmp_path) == 0
    assert "first run" in capsys.readouterr().out


def test_a_run_is_compared_with_the_one_before_it_of_its_interpreter(tmp_path):
    before, now = save(tmp_path, "py312", 9, age=9), save(tmp_path, "py312", 10)
    save(tmp_path, "py312", 8, age=10)
    save(tmp_path, "py313", 1, age=5)
    assert last_two(tmp_path) == [before, now]


def test_only_what_both_runs_have_is_compared(tmp_path, capfd):
    runs = [save(tmp_path, "py", 1, ("users", "gone")), save(tmp_path, "py", 2, ("new", "users"))]
    for copy in write_common(runs, tmp_path):
        names = [bench["name"] for bench in json.loads(copy.read_text())["benchmarks"]]
        assert names == ["test_users"]
    assert main(tmp_path) == 0
    shown = capfd.readouterr().out
    assert "+66.7%" in shown
    assert "ERROR" not in shown


def test_the_suite_does_without_what_takes_long():
    every = ("naive", "numba-tiled", "numba-tiled-f32")
    assert list(map(str, cases(every, timed=False))) == ["numba-tiled-rank20"]
    timed = list(map(str, cases(every, timed=True)))
    assert timed[:3] == ["naive-rank20", "numba-tiled-rank20", "numba-tiled-rank64"]
    assert len(timed) == 5


def test_a_benchmark_that_fails_fails_make(tmp_path):
    """The exit status of the very command of `make bench-quick`, with a file of one benchmark."""
    broken = tmp_path / "test_time_broken.py"
    broken.write_text("def test_wrong(benchmark):\n    assert benchmark(int) == 1\n")
    make = ["make", "-s", "bench-quick", "-o", ".venv/ready", f"BIN={Path(sys.executable).parent}"]
    done = subprocess.run([*make, f"BENCHMARKS={broken}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "1 failed" in done.stdout
