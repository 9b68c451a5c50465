"""Whether a cluster gives the bits of one machine, however it is cut.

    python -m scripts.compare_bits --scale full --out bits.json

`dask` and `dask-f32` with some numbers of local workers and partitions, two sweeps each, beside the
same sweeps of `numba-tiled` and `numba-tiled-f32`. Exit status 1 where a bit differs.
"""

import argparse
import os
import sys
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from tabulate import tabulate

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.machine import describe_machine
from implementations.als import start_factors, sweep
from implementations.backend import SIDES
from implementations.cluster.workers import PARTITIONS
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import find, usable_cores
from scripts._records import keep_facts

TWINS = {"dask-f32": "numba-tiled-f32", "dask": "numba-tiled"}


def trained(name: str, train: Ratings, rank: int, sweeps: int, threads: int) -> Factors:
    """Factors after some sweeps."""
    params = AlsParams(rank=rank)
    backend: Any = find(name).create(params, threads)  # of more workers than there are cores, too
    backend.prepare(train)
    backend.load(start_factors(train, params))
    for _ in range(sweeps):
        sweep(backend)
    factors: Factors = backend.read()
    return factors


def differing(one: Factors, other: Factors) -> int:
    """Numbers of which a bit differs."""
    pairs = [(getattr(one, side), getattr(other, side)) for side in SIDES]
    return sum(int(np.sum(a.view(f"u{a.itemsize}") != b.view(f"u{b.itemsize}"))) for a, b in pairs)


def compared(train: Ratings, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every way to cut, beside one machine."""
    lines = []
    counts = (map(int, text.split(",")) for text in (options.workers, options.partitions))
    ways = list(product(*counts))
    for name, twin in TWINS.items():
        alone = trained(twin, train, options.rank, options.sweeps, usable_cores())
        for workers, partitions in ways:
            with patch.dict(os.environ, {PARTITIONS: str(partitions)}):
                found = trained(name, train, options.rank, options.sweeps, workers)
            differ = differing(found, alone)
            cut_so = {"name": name, "workers": workers, "partitions": partitions}
            lines.append(
                {**cut_so, "numbers": found.users.size + found.items.size, "differ": differ}
            )
            print(f"{name}, {workers} workers, {partitions} partitions: {differ}", file=sys.stderr)
    return lines


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each implementation and number of workers, a column for each of partitions."""
    lines = found["lines"]
    partitions = list(dict.fromkeys(line["partitions"] for line in lines))
    told: dict[tuple[str, int], list[str]] = {}
    for line in lines:
        said = "same" if not line["differ"] else f"{line['differ']:,} DIFFER"
        told.setdefault((line["name"], line["workers"]), []).append(said)
    heads = [f"{count} partition{'s' * (count > 1)} a side" for count in partitions]
    return [[name, str(n), *said] for (name, n), said in told.items()], [
        "implementation",
        "workers",
        *heads,
    ]


def main() -> int:
    """Compare, print, keep."""
    options = _options()
    try:
        find(next(iter(TWINS)))
    except ImportError as error:
        print(error, file=sys.stderr)
        return 2
    dataset = open_dataset(SYNTHETIC, (options.scale,), lambda text: print(text, file=sys.stderr))
    train = cut(dataset, options.scale, 0).train
    found = {
        "machine": describe_machine(),
        "data": SYNTHETIC,
        "scale": options.scale,
        "train_ratings": len(train),
        "rank": options.rank,
        "sweeps": options.sweeps,
        "lines": compared(train, options),
    }
    keep_facts(found, options.out)
    print(tabulate(*rows(found), disable_numparse=True))
    return int(any(line["differ"] for line in found["lines"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="full")
    parser.add_argument("--workers", default="1,2,3,4")
    parser.add_argument("--partitions", default="1,7,64", help="of each side")
    parser.add_argument("--rank", type=int, default=20)
    parser.add_argument("--sweeps", type=int, default=2)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
