"""From the cache of a data set to a judged model: where the seconds of a whole fit go.

    python -m scripts.end_to_end --impl numba-tiled-f32 --scale full --runs 3

Each run is two processes, one after the other, with a folder of compiled code of their own: the
first compiles, the second finds it compiled. A data set that is not cached yet is made before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

START = perf_counter()

from tabulate import tabulate  # noqa: E402 - what follows is what importing takes

from harness.data.datasets import SYNTHETIC, open_dataset  # noqa: E402
from harness.data.ladder.scales import cut  # noqa: E402
from harness.measure.judge import Judge  # noqa: E402
from harness.measure.machine import describe_machine, memory_bytes  # noqa: E402
from implementations.als import start_factors, sweep  # noqa: E402
from implementations.problem import AlsParams  # noqa: E402
from implementations.registry import find, usable_cores  # noqa: E402

KINDS = ("compiled before", "the first time")


class Phases:
    """Seconds of named phases, in the order in which they were begun."""

    def __init__(self) -> None:
        self.seconds = {"import": perf_counter() - START}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start


def fitted(options: argparse.Namespace) -> dict[str, Any]:
    """Fit and judge in this process; what came of it, and the seconds of its phases."""
    phase = Phases()
    with phase("open the data set"):
        dataset = open_dataset(options.data, (options.scale,), _tell)
    with phase("cut the scale, split off the test ratings"):
        rung = cut(dataset, options.scale, split_seed=0)
    params = AlsParams(rank=options.rank)
    backend = find(options.impl).create(params, usable_cores())
    with phase("prepare"):
        backend.prepare(rung.train)
    with phase("draw and load the first factors"):
        backend.load(start_factors(rung.train, params))
    with phase("compile, or read from the cache"):
        backend.warm_up()
    with phase("sweeps"):
        for _ in range(options.sweeps):
            sweep(backend)
    with phase("RMSE on train and test"):
        judgement = Judge(rung, params)(backend.read())
    return {
        "phases": phase.seconds,
        "data": dataset.name,
        "train_ratings": len(rung.train),
        "test_rmse": judgement.test_rmse,
        "peak_bytes": memory_bytes("VmHWM"),
    }


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _child(cache: str) -> dict[str, Any]:
    """The same command in a process of its own, which keeps compiled code in this folder."""
    command = [sys.executable, "-m", "scripts.end_to_end", *sys.argv[1:], "--one"]
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """What was measured, by the kind of run."""
    open_dataset(options.data, (options.scale,), _tell)
    runs: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as cache:
            for kind in reversed(KINDS):
                runs[kind].append(_child(cache))
    about = {name: getattr(options, name) for name in ("impl", "scale", "rank", "sweeps")}
    return {"machine": describe_machine(), **about, "threads": usable_cores(), "runs": runs}


def rows(facts: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each phase and one for their sum, medians over runs; and the headings."""
    columns = []
    for kind in KINDS:
        phases = [run["phases"] for run in facts["runs"][kind]]
        each = {name: median(seconds[name] for seconds in phases) for name in phases[0]}
        columns.append(each | {"all": median(sum(seconds.values()) for seconds in phases)})
    names = {"sweeps": f"{facts['sweeps']} sweeps"}
    lines = [[names.get(name, name), *(f"{c[name]:.2f}" for c in columns)] for name in columns[0]]
    return lines, ["seconds", *KINDS]


def about(facts: dict[str, Any]) -> str:
    """What was fitted."""
    one = facts["runs"][KINDS[0]][0]
    size = f"{one['train_ratings']:,} training ratings, {facts['threads']} threads"
    peak = f"test RMSE {one['test_rmse']:.5f}, peak memory {one['peak_bytes'] / 2**30:.2f} GiB"
    model = f"{facts['impl']}, rank {facts['rank']}, {one['data']} at {facts['scale']}"
    return f"{model}, {size}; {peak}; medians of {len(facts['runs'][KINDS[0]])} runs"


def main() -> int:
    """Measure, print, keep."""
    options = _options()
    if options.one:
        print(json.dumps(fitted(options)))
        return 0
    from scripts._records import keep_facts  # brings what a fit does without

    facts = measured(options)
    keep_facts(facts, options.out)
    print(f"{about(facts)}\n\n{tabulate(*rows(facts), disable_numparse=True)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_HELP)
    parser.add_argument("--impl", default="numba-tiled-f32")
    parser.add_argument("--data", default=SYNTHETIC)
    parser.add_argument("--scale", default="full")
    parser.add_argument("--rank", type=int, default=AlsParams.rank)
    parser.add_argument("--sweeps", type=int, default=10)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="file for what was measured (JSON)")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


_HELP = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    sys.exit(main())
