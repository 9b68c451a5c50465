"""What a sweep on a Dask cluster costs, beside the model of docs/scale.md.

    python -m scripts.measure_cluster --scales 1m,3.2m,10m --workers 1,2 --out cluster.json

For each scale and number of workers of a local cluster: seconds and bytes of a sweep, and whether
the factors have the bits of numba-tiled. The model's constants are fitted to all scales but the
last, whose seconds are then predicted.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from scipy.optimize import nnls
from tabulate import tabulate

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.machine import describe_machine
from implementations.als import ready, sweep
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import find
from scripts._records import keep_facts

IMPLEMENTATION, TWIN = "dask-f32", "numba-tiled-f32"
ITEMSIZE = 4


def bytes_of_sweep(users: int, items: int, rank: int, workers: int) -> int:
    """Bytes that a sweep sends where factors are sent whole: to every worker, and back once.

    Each side is fixed once and solved once: (users + items) (rank + 1) numbers to each worker, and
    as many back to whoever drives.
    """
    return (users + items) * (rank + 1) * ITEMSIZE * (workers + 1)


def gflop_of_sweep(ratings: float, rows: float, rank: int) -> float:
    """10⁹ operations that the sums and factorisations of a sweep take."""
    k = rank + 1
    return (2 * ratings * k**2 + rows * k**3 / 3) / 1e9


def measured(train: Ratings, workers: int, sweeps: int, rank: int) -> dict[str, Any]:
    """Seconds and bytes of a sweep, and whether the bits are those of one machine."""
    params = AlsParams(rank=rank)
    start = perf_counter()
    backend: Any = ready(find(IMPLEMENTATION), train, params, workers)
    prepared_s = perf_counter() - start
    twin = ready(find(TWIN), train, params, 1)
    before, seconds, alone = backend.workers.bytes_sent, [], []
    for _ in range(sweeps):
        for one, into in ((backend, seconds), (twin, alone)):
            start = perf_counter()
            sweep(one)
            into.append(perf_counter() - start)
    sent = (backend.workers.bytes_sent - before) / sweeps
    mine, theirs = backend.read(), twin.read()
    same = all(np.array_equal(getattr(mine, s), getattr(theirs, s)) for s in ("users", "items"))
    return {
        "train_ratings": len(train),
        "users": train.n_users,
        "items": train.n_items,
        "rank": rank,
        "workers": workers,
        "prepared_s": prepared_s,
        "seconds": seconds,
        "alone_s": alone,
        "bytes": sent,
        "same_bits": same,
    }


def terms(line: dict[str, Any]) -> list[float]:
    """What the seconds of a sweep are proportional to: work of a worker, bytes, and nothing."""
    work = gflop_of_sweep(line["train_ratings"], line["users"] + line["items"], line["rank"])
    return [work / line["workers"], line["bytes"] / 1e9, 1.0]


def thread_rate(records: Path) -> tuple[float, str]:
    """GFLOP/s of the kernel on one thread, at the largest scale of the newest record, and whose.

    Raises
    ------
    SystemExit
        Where nothing is recorded.
    """
    for file in sorted(records.glob("*/cluster.json"), reverse=True):
        lines = json.loads(file.read_text(encoding="utf-8"))["lines"]
        largest = max(lines, key=lambda line: int(line["train_ratings"]))
        alone_s = float(np.median(largest["alone_s"]))
        return terms(largest)[0] * largest["workers"] / alone_s, file.parent.name
    raise SystemExit(f"{records} has no cluster.json: say how quick a core is")


def rows(found: list[dict[str, Any]]) -> tuple[list[list[str]], list[str]]:
    """A line for each measurement, and the headings; the largest scale is predicted."""
    largest = max(line["train_ratings"] for line in found)
    fitted = [line for line in found if line["train_ratings"] < largest] or found
    seconds = np.array([np.median(line["seconds"]) for line in fitted])
    weights = 1 / seconds  # least relative error
    constants, _ = nnls(
        np.array([terms(line) for line in fitted]) * weights[:, None], seconds * weights
    )
    lines = []
    for line in found:
        took = float(np.median(line["seconds"]))
        model_s = float(np.dot(terms(line), constants))
        sides = line["users"], line["items"], line["rank"], line["workers"]
        model = bytes_of_sweep(*sides)
        held_out = "" if line in fitted else ", not fitted"
        lines.append(
            [
                f"{line['train_ratings']:,}",
                str(line["workers"]),
                f"{np.median(line['alone_s']):.3g}",
                f"{took:.3g}",
                f"{model_s:.3g} ({model_s / took - 1:+.0%}{held_out})",
                f"{line['bytes'] / 1e6:.1f}",
                f"{model / 1e6:.1f}",
                "same" if line["same_bits"] else "DIFFERENT",
            ]
        )
    heads = [
        "training ratings",
        "workers",
        "numba-tiled-f32, 1 thread, s/sweep",
        "s/sweep",
        "model",
    ]
    return lines, [*heads, "MB a sweep", "model", "bits"]


def main() -> int:
    """Measure, and print beside the model; exit status 1 where bits differ."""
    options = _options()
    try:
        find(IMPLEMENTATION)
    except ImportError as error:
        print(error, file=sys.stderr)
        return 2
    scales = options.scales.split(",")
    dataset = open_dataset(SYNTHETIC, scales, lambda text: print(text, file=sys.stderr))
    found = []
    for scale in scales:
        train = cut(dataset, scale, 0).train
        for workers in map(int, options.workers.split(",")):
            found.append(measured(train, workers, options.sweeps, options.rank))
            print(f"{scale}, {workers} workers", file=sys.stderr, flush=True)
    return told(found, rows(found), options.out)


def told(
    found: list[dict[str, Any]], table: tuple[list[list[str]], list[str]], out: Path | None
) -> int:
    """Keep what was measured, and print its table; exit status 1 where bits differ."""
    keep_facts({"machine": describe_machine(), "data": SYNTHETIC, "lines": found}, out)
    print(tabulate(*table, disable_numparse=True))
    return 0 if all(line["same_bits"] for line in found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scales", default="1m,3.2m,10m")
    parser.add_argument("--workers", default=",".join(map(str, sorted({1, os.cpu_count() or 1}))))
    parser.add_argument("--rank", type=int, default=20)
    parser.add_argument("--sweeps", type=int, default=5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
