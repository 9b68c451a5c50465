"""What a first sweep costs more than the next ones, and what threads have to do with it.

    python -m scripts.measure_turns --scales 100k,320k,1m --out turns.json

Two workers of the same implementation, and two of `numba-serial` beside them, have turns of four
sweeps, in an order shuffled each round, as in `run`; each sweep is timed alone. Where there are
several threads, that is done in three ways: as in `run`, without a core for each thread, and
without waiting until the threads of the turn before have stopped.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

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
NEIGHBOUR, WORKERS, SWEEPS = "numba-serial", 2, 4
PARAMS = AlsParams(rank=8)


class Way(NamedTuple):
    """How threads are treated."""

    name: str
    core_each: bool = True
    rest: bool = True


WAYS = [
    Way("as in a run"),
    Way("threads on any core", core_each=False),
    Way("threads go on spinning", rest=False),
]


def ready(name: str, way: Way, folder: Path, stack: ExitStack) -> Worker:
    """A worker that is ready to sweep."""
    threads = find(name).threads(usable_cores())
    worker = Worker(threads, None)
    stack.callback(worker.stop)
    worker.call(Session.create, name, PARAMS, threads, core_each=way.core_each)
    worker.call(Session.open, folder / "ratings")
    worker.call(Session.prepare)
    worker.call(Session.load, folder / "start")
    worker.call(Session.warm_up)
    return worker


def measured(name: str, way: Way, train: Ratings, rounds: int) -> list[list[float]]:
    """Seconds of the sweeps of all turns, in their order."""
    taken = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_ratings(folder / "ratings", train)
        write_factors(folder / "start", start_factors(train, PARAMS))
        names = [name] * WORKERS + [NEIGHBOUR] * WORKERS
        workers = [ready(one, way, folder, stack) for one in names]
        for number in range(rounds):
            for which in np.random.default_rng(number).permutation(len(workers)):
                seconds = turn(workers[which], way, number)
                taken += [seconds] if which < WORKERS else []
    return taken[WORKERS:]  # in the first round nothing was in the caches


def turn(worker: Worker, way: Way, number: int) -> list[float]:
    """Seconds of each sweep of a turn, on the cores of its round."""
    timed = [worker.call(Session.turn, 1, None, False, number)[1] for _ in range(SWEEPS)]
    if way.rest:
        worker.rest()
    return [one.seconds for one in timed]


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each implementation and scale, and the headings."""
    lines = []
    for line in found["lines"]:
        first, *later = np.median(line["seconds"], axis=0)
        warm = float(np.mean(later))
        more = f"{(first - warm) * 1e3:+.2f} ({first / warm - 1:+.1%})"
        size = line["scale"], f"{line['train_ratings']:,}"
        times = f"{first * 1e3:.2f}", f"{warm * 1e3:.2f}"
        lines.append([line["name"], *size, line["way"], *times, more])
    heads = ["implementation", "scale", "training ratings", "", "first sweep, ms", "next ones, ms"]
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
            for way in WAYS if find(name).threads(usable_cores()) > 1 else WAYS[:1]:
                seconds = measured(name, way, train, options.rounds)
                size = {"scale": scale, "train_ratings": len(train)}
                lines.append({"name": name, **size, "way": way.name, "seconds": seconds})
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
