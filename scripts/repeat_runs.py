"""How often `compare` is wrong: equal runs, and runs of which one implementation is slowed down.

    python -m scripts.repeat_runs --runs 8 --slowed 4 --out /tmp/repeated

Every run is a whole `python -m harness run` of its own, equal ones and slowed ones in turn; a
folder that holds some already is gone on with. All pairs of equal runs are compared, and each
equal run with each slowed one. The comparisons of one run are not independent of each other, so
their shares have no interval. `--loaded all` makes them beside a background load that comes and
goes, `--loaded some` every other two of them.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.analysis.compare import compare_runs
from harness.measure.background import background_load
from harness.measure.machine import describe_machine
from harness.results.log import read_run
from harness.results.records import Run
from harness.study.backends import Plain, Slowed
from implementations.registry import find
from scripts._records import HARNESS, keep_facts

_SLOWED = "ALS_LADDER_REPEAT_RUNS_SLOWED"
# One row in so many solved twice takes a tenth longer, with all that a second call costs.
_ONE_IN = 10
_VARIANT = find("numba-parallel")
Mine = type(
    "Mine",
    (Slowed if os.environ.get(_SLOWED) else Plain,),
    {
        "__doc__": "numba-parallel, slowed down where the environment says so.",
        "variant": _VARIANT,
        "one_in": _ONE_IN,
        "dtype_name": _VARIANT.dtype,
        "most_threads": _VARIANT.most_threads,
    },
)
MINE = "scripts.repeat_runs:Mine"
OTHERS = "numpy,numba-serial,numba-parallel"


def main() -> int:
    """Make the runs that are missing, compare all pairs, and print what was seen."""
    options = _options()
    folders = list(_names(options.runs, options.slowed))
    for number, name in enumerate(folders):
        if not (options.out / name / "table.csv").exists():
            print(f"run {number + 1} of {len(folders)}: {name}", flush=True)
            with background_load(number) if _is_loaded(options, number) else nullcontext():
                _make(options.out / name, options.scale, options.rounds)
    runs = {name: read_run(options.out / name) for name in folders}
    equal = [run for name, run in runs.items() if name.startswith("equal")]
    slowed = [run for name, run in runs.items() if name.startswith("slowed")]
    found = {
        "machine": describe_machine(),
        "scale": options.scale,
        "rounds": options.rounds,
        "loaded": options.loaded,
        "equal": _facts(combinations(equal, 2)),
        "slowed": _facts(product(equal, slowed)),
    }
    keep_facts(found, options.keep)
    table, headers = rows(found)
    print(f"\n{len(equal)} equal runs at {options.scale}, {len(slowed)} with {MINE} slowed down\n")
    print(tabulate(table, headers, disable_numparse=True))
    return 0


def _is_loaded(options: argparse.Namespace, number: int) -> bool:
    """Whether a run is made beside a background load: all of them, or every other pair."""
    return options.loaded == "all" or (options.loaded == "some" and number % 4 >= 2)


def _names(equal: int, slowed: int) -> Iterator[str]:
    """Names of the runs in the order in which they are made: slowed ones spread among the rest."""
    done = 0
    for number in range(equal):
        yield f"equal-{number}"
        while done * equal < slowed * (number + 1):
            yield f"slowed-{done}"
            done += 1


def _make(out: Path, scale: str, rounds: int) -> None:
    environment = dict(os.environ) | ({_SLOWED: "1"} if out.name.startswith("slowed") else {})
    what = ["--impl", f"{OTHERS},{MINE}", "--scale", scale, "--only", "--sweeps", "1"]
    what += ["--rounds", str(rounds)]
    command = [*HARNESS, "run", *what, "--out", str(out)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _facts(pairs: Iterable[tuple[Run, Run]]) -> dict[str, Any]:
    """How many comparisons there were, how many were withheld, and each cell's shifts."""
    found: dict[str, Any] = {"pairs": 0, "withheld": 0, "cells": {}}
    for first, second in pairs:
        comparison = compare_runs([first], [second])
        found["pairs"] += 1
        found["withheld"] += comparison.withheld is not None
        for change in comparison.changes:
            shift = change.shift
            verdict = "withheld" if comparison.withheld else shift.verdict
            of_cell = found["cells"].setdefault(change.cell.variant, [])
            of_cell.append({"ratio": shift.ratio, "verdict": verdict, "unheld": shift.verdict})
    return found


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each implementation, in equal runs and in slowed ones; and the headers."""
    table = []
    for what in ("equal", "slowed"):
        facts = found[what]
        for name, lines in facts["cells"].items():
            verdicts = [line["verdict"] for line in lines]
            ratios = [line["ratio"] for line in lines]
            spread = (np.exp(np.mean(np.log(ratios))), min(ratios), max(ratios))
            counts = (verdicts.count(word) for word in ("faster", "slower", "withheld"))
            row = [what, name, str(len(lines)), *map(str, counts)]
            table.append([*row, *(f"{ratio:.3f}" for ratio in spread)])
    heads = ["runs", "implementation", "pairs", "faster", "slower", "withheld"]
    return table, [*heads, "seconds B/A: mean", "least", "most"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=8, help="equal runs")
    parser.add_argument("--slowed", type=int, default=4, help="runs with one slowed down")
    parser.add_argument("--scale", default="100k")
    parser.add_argument("--rounds", type=int, default=180, help="of each run")
    words = "which runs are made beside a background load"
    parser.add_argument("--loaded", choices=("none", "some", "all"), default="none", help=words)
    parser.add_argument("--keep", type=Path, help="file that the outcome is written to, as JSON")
    parser.add_argument("--out", type=Path, required=True, help="folder that the runs go to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
