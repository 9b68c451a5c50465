"""Scripts run, at a small scale, in the environment that a newcomer has: without extras."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

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
    "docs": ("--check", "texts checked"),
    "measure_cluster": (
        "--scales 100k --workers 1 --sweeps 1",
        "same" if find_spec("distributed") else "distributed is not installed",
    ),
    "measure_network": (
        "--scales 100k --rates 1000 --workers 1 --sweeps 1",
        missing() or "1,000 Mbit/s",
    ),
    "measure_turns": ("--scales 100k --impl numba-serial --rounds 2", "first takes longer by"),
    "race_paths": ("--scale 100k --sweeps 3 --out {out}/paths.jsonl", "relaxed 1.5"),
    "race_ranks": ("--scale 100k --ranks 3 --rounds 2", "2 rounds; medians"),
    "record": ("--scale 100k --impl numba-serial --rounds 1 --out {out}", "recorded "),
    "report_pdf": ("--out {out}/report.pdf", "report"),
    "repeat_runs": ("--runs 1 --slowed 0 --rounds 3 --out {out}", "1 equal runs at 100k, 0 with"),
    "try_pair": ("--trials 1 --seconds 3 --out {out}/pair.jsonl", "one row in 36"),
    "size_cluster": ("--scale 100k --ratings 1e6,1e9", "rows of the other side touched"),
    "tiled_profile": ("--scale 100k --cells 4:float32 --rounds 2", "4:float32"),
}


def run(script: str, options: str) -> subprocess.CompletedProcess[str]:
    """Run a script."""
    command = [sys.executable, "-m", f"scripts.{script}", *options.split()]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_every_script_is_tried():
    assert {*SMALL, "tour"} == set(SCRIPTS)  # test_tour.py executes what `tour` does


@pytest.mark.parametrize("script", SMALL)
def test_a_script_runs(script, tmp_path):
    options, words = SMALL[script]
    done = run(script, options.format(out=tmp_path))
    assert words in done.stdout + done.stderr, done.stderr
    assert "Traceback" not in done.stderr
