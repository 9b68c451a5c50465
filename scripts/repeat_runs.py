"""How often `compare` is wrong: equal runs, and runs of which one implementation is slowed down.

    python -m scripts.repeat_runs --runs 8 --slowed 4 --out /tmp/repeated

Every run is a whole `python -m harness run` of its own, equal ones and slowed ones in turn; a
folder that holds some already is gone on with. All pairs of equal runs are compared, and each
equal run with each slowed one. The comparisons of one run are not independent of each other, so
their shares have no interval. `--loaded` makes them beside a background load that comes and goes.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import combinations, product
from pathlib import Path

import numpy as np
from tabulate import tabulate

from harness.analysis.compare import compare_runs
from harness.analysis.inference import Shift
from harness.measure.background import background_load
from harness.results.log import read_run
from harness.results.records import Run
from harness.study.backends import Plain, Slowed
from implementations.registry import find

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
Named = dict[str, list[Shift]]


def main() -> int:
    options = _options()
    folders = list(_names(options.runs, options.slowed))
    for number, name in enumerate(folders):
        if not (options.out / name / "table.csv").exists():
            print(f"run {number + 1} of {len(folders)}: {name}", flush=True)
            with background_load(number) if options.loaded else nullcontext():
                _make(options.out / name, options.scale, options.rounds)
    runs = {name: read_run(options.out / name) for name in folders}
    equal = [run for name, run in runs.items() if name.startswith("equal")]
    slowed = [run for name, run in runs.items() if name.startswith("slowed")]
    rows = [
        *_rows("equal", _shifts(combinations(equal, 2))),
        *_rows("slowed", _shifts(product(equal, slowed))),
    ]
    headers = ("runs", "implementation", "faster", "slower", "of", "B/A: mean", "least", "most")
    print(f"\n{len(equal)} equal runs at {options.scale}, {len(slowed)} with {MINE} slowed down\n")
    print(tabulate(rows, headers, disable_numparse=True))
    return 0


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
    command = [sys.executable, "-m", "harness", "run", *what, "--out", str(out)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _shifts(pairs: Iterator[tuple[Run, Run]]) -> Named:
    found: Named = {}
    for first, second in pairs:
        for change in compare_runs(first, second).changes:
            found.setdefault(change.cell.variant, []).append(change.shift)
    return found


def _rows(what: str, found: Named) -> Iterator[tuple[str, ...]]:
    for name, shifts in found.items():
        verdicts = [shift.verdict for shift in shifts]
        counts = (verdicts.count("faster"), verdicts.count("slower"), len(shifts))
        ratios = [shift.ratio for shift in shifts]
        summary = (np.exp(np.mean(np.log(ratios))), min(ratios), max(ratios))
        yield what, name, *map(str, counts), *(f"{ratio:.3f}" for ratio in summary)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=8, help="equal runs")
    parser.add_argument("--slowed", type=int, default=4, help="runs with one slowed down")
    parser.add_argument("--scale", default="100k")
    parser.add_argument("--rounds", type=int, default=180, help="of each run")
    parser.add_argument("--loaded", action="store_true", help="beside a background load")
    parser.add_argument("--out", type=Path, required=True, help="folder that the runs go to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
