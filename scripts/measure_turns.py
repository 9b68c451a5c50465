"""What the first sweep of a turn costs more than the next ones, whose data lie in the caches.

    python -m scripts.measure_turns --scales 100k,320k,1m --out turns.json

Two workers of the same implementation have turns of four sweeps, in an order shuffled each round,
as in `run`; each sweep is timed alone.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.exchange import write_factors, write_ratings
from harness.measure.handle import Worker
from harness.measure.machine import describe_machine
from harness.measure.session import Session
from implementations.als import start_factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import find, usable_cores
from scripts._records import keep_facts

IMPLEMENTATIONS = "numba-serial,numba-parallel,numba-tiled-f32"
WORKERS, SWEEPS = 2, 4
PARAMS = AlsParams(rank=8)


def ready(name: str, folder: Path, stack: ExitStack) -> Worker:
    """A worker that is ready to sweep."""
    threads = find(name).threads(usable_cores())
    worker = Worker(threads, None)
    stack.callback(worker.stop)
    worker.call(Session.create, name, PARAMS, threads)
    worker.call(Session.open, folder / "ratings")
    worker.call(Session.prepare)
    worker.call(Session.load, folder / "start")
    worker.call(Session.warm_up)
    return worker


def turn(worker: Worker) -> list[float]:
    """Seconds of each sweep of a turn."""
    timed = [worker.call(Session.turn, 1, None)[1] for _ in range(SWEEPS)]
    worker.rest()
    return [one.seconds for one in timed]


def measured(name: str, train: Ratings, rounds: int) -> list[list[float]]:
    """Seconds of the sweeps of all turns, in their order."""
    taken = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_ratings(folder / "ratings", train)
        write_factors(folder / "start", start_factors(train, PARAMS))
        workers = [ready(name, folder, stack) for _ in range(WORKERS)]
        for number in range(rounds):
            order = np.random.default_rng(number).permutation(WORKERS)
            taken += [turn(workers[which]) for which in order]
    return taken[WORKERS:]  # in the first round nothing was in the caches


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each implementation and scale, and the headings."""
    lines = []
    for line in found["lines"]:
        first, *later = np.median(line["seconds"], axis=0)
        warm = float(np.mean(later))
        more = f"{(first - warm) * 1e3:+.2f} ({first / warm - 1:+.1%})"
        size = line["scale"], f"{line['train_ratings']:,}"
        lines.append([line["name"], *size, f"{first * 1e3:.2f}", f"{warm * 1e3:.2f}", more])
    heads = ["implementation", "scale", "training ratings", "first sweep, ms", "next ones, ms"]
    return lines, [*heads, "first takes longer by, ms"]


def main() -> int:
    """Measure, print, keep."""
    options = _options()
    scales = options.scales.split(",")
    dataset = open_dataset(SYNTHETIC, scales, lambda text: print(text, file=sys.stderr))
    lines = []
    for scale in scales:
        train = cut(dataset, scale, 0).train
        for name in options.impl.split(","):
            seconds = measured(name, train, options.rounds)
            size = {"scale": scale, "train_ratings": len(train)}
            lines.append({"name": name, **size, "seconds": seconds})
    found = {"machine": describe_machine(), "data": SYNTHETIC, "rank": PARAMS.rank, "lines": lines}
    keep_facts(found, options.out)
    print(tabulate(*rows(found), disable_numparse=True))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scales", default="100k,320k,1m")
    parser.add_argument("--impl", default=IMPLEMENTATIONS, help="comma-separated names")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--out", type=Path, help="file for what was measured (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
