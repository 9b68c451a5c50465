"""Scripts run, at a small scale, in the environment that a newcomer has: without extras."""

import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from scripts import _records
from scripts.measure_network import missing

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("[!_]*.py"))
# What each is tried with, and a word of what it prints.
SMALL = {
    "compare_bits": (
        "--scale 100k --workers 2 --partitions 3 --rank 4",
        "3 partitions a side" if find_spec("distributed") else "distributed is not installed",
    ),
    "end_to_end": ("--scale 100k --sweeps 1", "peak memory"),
    "measure_cluster": (
        "--scales 100k --workers 1 --sweeps 1",
        "same" if find_spec("distributed") else "distributed is not installed",
    ),
    "measure_network": (
        "--scales 100k --rates 1000 --workers 1 --sweeps 1",
        missing() or "1,000 Mbit/s",
    ),
    "measure_processes": (
        "--impl numba-serial --processes 2 --rounds 2 --out {out}/processes.json",
        "between processes: sweep",
    ),
    "measure_turns": (
        "--scales 100k --impl numba-serial,numba-tiled --rounds 2",
        "first takes longer by",
    ),
    "race_paths": ("--scale 100k --sweeps 3 --out {out}/paths.jsonl", "relaxed 1.5"),
    "race_ranks": ("--scale 100k --ranks 3 --rounds 2", "2 rounds; medians"),
    "record": ("--scale 100k --impl numba-serial --rounds 12 --out {out}", "recorded "),
    "report_pdf": ("--out {out}/report.pdf", "report"),
    "repeat_runs": ("--runs 1 --slowed 0 --rounds 1 --out {out}", "1 equal runs at 100k, 0 with"),
    "try_duet": ("--processes 2 --rounds 2 --out {out}/duet.json", "a round: sd"),
    "try_pair": ("--trials 1 --seconds 0.5 --out {out}/pair.jsonl", "one row in 36"),
    "size_cluster": ("--scale 100k --ratings 1e6,1e9", "rows of the other side touched"),
    "tiled_profile": ("--scale 100k --cells 4:float32 --rounds 2", "4:float32"),
}
# What the machine can do, and figures that scripts do not keep, are for the tests of the command.
LOG_ONLY = """
import sys
from harness.commands import run
from harness.cli import main
run.measure_machine = run.draw_run = lambda *_: ()
sys.exit(main(sys.argv[1:]))
"""


def test_every_script_is_tried():
    # `docs` is tried by test_docs_of_records.py; what `tour` does, by test_tour.py.
    assert {*SMALL, "docs", "tour"} == set(SCRIPTS)


def test_they_call_the_command():
    assert (sys.executable, "-m", "harness") == _records.HARNESS


def _run(script: str) -> object:
    """Run a script as the main module of this process; its exit status."""
    try:
        runpy.run_path(str(ROOT / "scripts" / f"{script}.py"), run_name="__main__")
    except SystemExit as end:
        return end.code or 0
    return 0


@pytest.mark.parametrize("script", SMALL)
def test_a_script_runs(script, tmp_path, monkeypatch, capfd):
    options, words = SMALL[script]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(_records, "HARNESS", (sys.executable, "-c", LOG_ONLY))
    monkeypatch.setattr(sys, "argv", [script, *options.format(out=tmp_path).split()])
    # 1: what is to be faster was not seen to be; 2: what it needs is not here.
    assert _run(script) in (0, 1, 2)
    said = "".join(capfd.readouterr())
    assert words in said
    assert "Traceback" not in said
