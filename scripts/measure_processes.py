"""What equal processes differ by, though their data lie elsewhere in every turn.

    python -m scripts.measure_processes --out results/processes.json

Several processes of one implementation have turns in an order shuffled each round. Before each turn
a process makes its backend, and with it all arrays, anew; its compiled code stays where it is. So
what is the same for as long as a process lives is not where its data lie. The same again of
processes that are forked from one which had compiled: the code of all lies in the same place. A
fork needs Numba's workqueue for its threads: where there are several, both are measured with it.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.exchange import write_factors, write_ratings
from harness.measure.machine import describe_machine
from implementations.als import start_factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import find, usable_cores
from scripts._processes import OF_THREADS, WAYS, Job, Seconds
from scripts._records import keep_facts

IMPLEMENTATIONS = "numpy,numba-serial,numba-parallel,numba-tiled,numba-tiled-f32"
PARAMS = AlsParams(rank=8)
PARTS = ("users", "items", "sweep")


def measured(
    name: str, threads: int, train: Ratings, processes: int, rounds: int
) -> dict[str, Seconds]:
    """Seconds of all turns, by how the processes came to be."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        write_ratings(folder / "ratings", train)
        write_factors(folder / "start", start_factors(train, PARAMS))
        job = Job(name, PARAMS, threads, folder, processes, rounds)
        ways = [way for way in WAYS if threads > 1 or way != OF_THREADS]
        return {way: WAYS[way](job) for way in ways}


def spreads(seconds: NDArray[np.float64]) -> tuple[float, float]:
    """Standard deviations of log seconds: of rounds within a process, and between processes.

    By the analysis of variance of one factor; where processes differ by less than rounds explain,
    that between them is 0.
    """
    logs = np.log(seconds)
    logs = logs - np.median(logs, axis=1, keepdims=True)
    rounds, processes = logs.shape
    means = logs.mean(axis=0)
    within = float(np.sum((logs - means) ** 2)) / (processes * (rounds - 1))
    between = float(means.var(ddof=1)) - within / rounds
    return float(np.sqrt(within)), float(np.sqrt(max(between, 0.0)))


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each implementation, and the headings."""
    lines = []
    for line in found["lines"]:
        halves = np.array(line["seconds"])
        parts = [halves[..., 0], halves[..., 1], halves.sum(axis=-1)]
        _, processes, _ = halves.shape
        told = [f"{spreads(part)[1]:.1%}" for part in parts]
        within = f"{spreads(parts[-1])[0]:.1%}"
        mean = f"{np.median(parts[-1]) * 1e3:.2f}"
        came = f"{processes} {line.get('way', 'started one by one')}"
        lines.append([line["name"], str(line["threads"]), came, mean, within, *told])
    heads = ["implementation", "threads", "processes", "sweep, ms", "rounds of a process: sd"]
    return lines, [*heads, *(f"between processes: {part}" for part in PARTS)]


def main() -> int:
    """Measure, print, keep."""
    options = _options()
    dataset = open_dataset(SYNTHETIC, (options.scale,), lambda text: print(text, file=sys.stderr))
    train = cut(dataset, options.scale, 0).train
    lines = []
    for name in options.impl.split(","):
        threads = find(name).threads(usable_cores())
        found = measured(name, threads, train, options.processes, options.rounds)
        about = {"name": name, "threads": threads}
        lines += [about | {"way": way, "seconds": seconds} for way, seconds in found.items()]
    size = {"scale": options.scale, "train_ratings": len(train)}
    setting = {"machine": describe_machine(), "data": SYNTHETIC, "rank": PARAMS.rank}
    facts = setting | size | {"lines": lines}
    keep_facts(facts, options.out)
    print(tabulate(*rows(facts), disable_numparse=True))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--impl", default=IMPLEMENTATIONS)
    parser.add_argument("--scale", default="100k")
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("results/processes.json"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
