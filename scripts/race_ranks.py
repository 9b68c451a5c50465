"""numba-tiled against numba-parallel, rank by rank, interleaved in one process.

    python -m scripts.race_ranks --scale 1m

In each round every rank, dtype and implementation has one turn, in an order shuffled anew. Exit
status 1 where numba-tiled is not seen to be the faster one at rank 8 or above.
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.analysis.alignment import Series, contrast
from harness.analysis.inference import shift_of
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.machine import describe_machine
from harness.report.numbers import with_interval
from implementations.als import ready, sweep
from implementations.backend import AlsBackend
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import find, usable_cores
from scripts._records import keep_facts

RACES = {
    "float64": ("numba-parallel", "numba-tiled"),
    "float32": ("numba-parallel-f32", "numba-tiled-f32"),
}
RANKS = "1,3,8,13,16,20,31,32,33,64,100,128"
LEAST_RANK = 8  # from which on numba-tiled is to be faster
Entrant = tuple[int, str, str]  # rank, dtype, implementation


def entrant_of(name: str, rank: int, train: Ratings) -> AlsBackend:
    """A backend that has made a sweep."""
    backend = ready(find(name), train, AlsParams(rank=rank))
    sweep(backend)
    return backend


def race(train: Ratings, ranks: list[int], rounds: int) -> dict[Entrant, Series]:
    """Log seconds of a sweep of every entrant in every round."""
    entrants = [(r, d, name) for r in ranks for d, names in RACES.items() for name in names]
    backends = {entrant: entrant_of(entrant[2], entrant[0], train) for entrant in entrants}
    seconds: dict[Entrant, list[float]] = {entrant: [] for entrant in entrants}
    for number in range(rounds):
        for which in np.random.default_rng(number).permutation(len(entrants)):
            entrant = entrants[which]
            start = perf_counter()
            sweep(backends[entrant])
            seconds[entrant].append(perf_counter() - start)
    one_process = np.zeros(rounds, np.int64)
    return {entrant: Series(np.log(taken), one_process) for entrant, taken in seconds.items()}


def main() -> int:
    options = _options()
    ranks = [int(rank) for rank in options.ranks.split(",")]
    train = cut(open_dataset(SYNTHETIC, (options.scale,), print), options.scale, 0).train
    logs = race(train, ranks, options.rounds)
    found = {
        "machine": describe_machine(),
        "data": SYNTHETIC,
        "scale": options.scale,
        "train_ratings": len(train),
        "threads": usable_cores(),
        "rounds": options.rounds,
        "logs": [[*entrant, series.logs.tolist()] for entrant, series in logs.items()],
    }
    keep_facts(found, options.out)
    lines, headers, beaten = rows(found)
    print(f"\n{SYNTHETIC} at {options.scale}: {len(train):,} training ratings, ", end="")
    print(f"{usable_cores()} threads, {options.rounds} rounds; medians, ratio with 95 % interval\n")
    print(tabulate(lines, headers, disable_numparse=True))
    return int(not beaten)


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str], bool]:
    """A line for each rank, the headings, and whether numba-tiled is the faster one."""
    one_process = np.zeros(found["rounds"], np.int64)
    logs = {(r, d, n): Series(np.array(taken), one_process) for r, d, n, taken in found["logs"]}
    lines, beaten = [], True
    for rank in dict.fromkeys(rank for rank, _, _ in logs):
        line = [str(rank)]
        for dtype, (slow, fast) in RACES.items():
            own, other = (logs[rank, dtype, name] for name in (slow, fast))
            shift = shift_of(contrast(own, [other]))
            beaten &= rank < LEAST_RANK or shift.verdict == "slower"
            medians = [f"{np.exp(np.median(series.logs)):.3g}" for series in (own, other)]
            line += [*medians, with_interval(shift.ratio, *(shift.interval or (None, None)))]
        lines.append(line)
    headers = ["rank", *(h for d in RACES for h in ("parallel, s", "tiled, s", f"{d}: ratio"))]
    return lines, headers, beaten


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="1m")
    parser.add_argument("--ranks", default=RANKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="file for what was measured (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
