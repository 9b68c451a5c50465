"""Where a sweep of the tiled kernel spends its time, and how near that is to what is possible.

    python -m scripts.tiled_profile --scale full --cells 20:float32,32:float32,20:float64

In each round, in an order shuffled anew, every cell has a turn at three tasks: a whole sweep; one
whose rows are gathered from a few cache lines, so that what is left is arithmetic; and one with a
rating or few a row, so that what is left is the solving of the systems. Beside them take turns a
loop of multiply-adds and a matrix product. *Limit* is the time of the plan's multiply-adds alone,
at the rate of that loop in the same round; shares are medians over the rounds. A cell such as
64:float32:amx is of numba-tiled-amx; its limit is that of the multiply-adds that it does without.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.analysis.roofline import sweep_flops
from harness.cost import Size
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.machine import describe_machine
from harness.measure.rate_kernels import multiply_add_loop
from implementations.als import start_factors, sweep
from implementations.numba_amx import NumbaTiledAmx
from implementations.numba_tiled import NumbaTiled
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import usable_cores
from implementations.tiled.plan import By, Plan
from implementations.tiled.target import host_target
from scripts._records import keep_facts

# Rows that stay in a first-level cache, whatever the rank.
RESIDENT_ROWS = 16
TURNS_OF_LOOP = 2_000_000
MATRIX = 2000
TASKS = ("sweep", "in cache", "solving")
Work = Callable[[], object]


class Cell:
    """A rank and a dtype, and its work for each task."""

    def __init__(self, name: str, train: Ratings) -> None:
        rank, dtype, *unit = name.split(":")
        self.name, self.dtype = name, dtype
        self.made_by = NumbaTiledAmx if unit else NumbaTiled
        self.params = AlsParams(rank=int(rank))
        self.train = train
        whole, single = self._backend(train), self._backend(_single(train))
        few_items = self._backend(replace(train, items=train.items % RESIDENT_ROWS))
        few_users = self._backend(replace(train, users=train.users % RESIDENT_ROWS))
        self.plan = Plan(int(rank), True, dtype, host_target(np.dtype(dtype)))
        self.work: dict[str, Work] = {
            "sweep": lambda: sweep(whole),
            "in cache": lambda: (few_items.update_users(), few_users.update_items()),
            "solving": lambda: sweep(single),
        }

    def _backend(self, ratings: Ratings) -> NumbaTiled:
        backend = self.made_by(self.params, np.dtype(self.dtype), usable_cores())
        backend.prepare(ratings)
        backend.load(start_factors(ratings, self.params))
        backend.warm_up()
        return backend

    @property
    def flops(self) -> float:
        """Of the plan's multiply-adds, which are more than are needed."""
        return 2 * len(self.train) * 2.0 * multiply_adds(self.plan) * self.plan.lanes

    @property
    def useful_flops(self) -> float:
        """The least that the equations take (`harness.analysis.roofline`)."""
        train = self.train
        size = Size(len(train), train.n_users, train.n_items)
        return sweep_flops(size, self.plan.unknowns)


def multiply_adds(plan: Plan) -> int:
    """Vectors that a rating multiplies and adds."""
    terms = (term for terms in plan.passes for term in terms)
    return sum(len(term.vectors) for term in terms if term.by is not By.ONE)


def _single(train: Ratings) -> Ratings:
    """One rating for each row of the longer side; some more for those of the other."""
    count = max(train.n_users, train.n_items)
    rows = np.arange(count, dtype=np.int32)
    ids = rows % train.n_users, rows % train.n_items
    values = np.resize(train.values, count)
    return replace(train, users=ids[0], items=ids[1], values=values)


def machine(pool: ThreadPoolExecutor) -> Iterator[tuple[str, Work, float]]:
    """What the machine can do: name, work, and its operations."""
    threads = usable_cores()
    for dtype in ("float32", "float64"):
        loop = multiply_add_loop(dtype)
        loop.run(1)
        turns = [TURNS_OF_LOOP] * threads
        flops = 2.0 * loop.lanes * loop.accumulators * sum(turns)
        yield f"fma {dtype}", lambda run=loop.run, turns=turns: list(pool.map(run, turns)), flops
        one = np.ones((MATRIX, MATRIX), dtype)
        yield f"gemm {dtype}", lambda one=one: one @ one, 2.0 * MATRIX**3


def timed(work: Work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    options = _options()
    rung = cut(open_dataset(SYNTHETIC, (options.scale,), print), options.scale, split_seed=0)
    cells = [Cell(name, rung.train) for name in options.cells.split(",")]
    seconds: dict[str, list[float]] = {}
    with ThreadPoolExecutor(usable_cores()) as pool:
        flops = {name: (work, amount) for name, work, amount in machine(pool)}
        works = {name: work for name, (work, _) in flops.items()}
        works |= {f"{c.name} {task}": work for c in cells for task, work in c.work.items()}
        names = list(works)
        for number in range(options.rounds):
            for which in np.random.default_rng(number).permutation(len(names)):
                name = names[which]
                seconds.setdefault(name, []).append(timed(works[name]))
    found = {
        "machine": describe_machine(),
        "data": SYNTHETIC,
        "scale": options.scale,
        "train_ratings": len(rung.train),
        "threads": usable_cores(),
        "lanes": {cell.dtype: cell.plan.lanes for cell in cells},
        "cells": {
            cell.name: {"flops": cell.flops, "useful_flops": cell.useful_flops} for cell in cells
        },
        "rates": {
            name: (amount / np.array(seconds[name])).tolist() for name, (_, amount) in flops.items()
        },
        "seconds": {name: taken for name, taken in seconds.items() if name not in flops},
    }
    keep_facts(found, options.out)
    print(f"\n{about(found)}\n")
    print(tabulate(*rows(found), tablefmt="simple", disable_numparse=True))


def about(found: dict[str, Any]) -> str:
    """On what it was measured, and what the machine could do meanwhile."""
    rounds = len(next(iter(found["seconds"].values())))
    widths = ", ".join(f"{count} lanes of {dtype}" for dtype, count in found["lanes"].items())
    rates = ", ".join(
        f"{name} {_spread(np.array(rate) / 1e9)}" for name, rate in found["rates"].items()
    )
    return (
        f"{found['data']} at {found['scale']}: {found['train_ratings']:,} training ratings; "
        f"{found['threads']} threads, {widths}; {rounds} rounds; GFLOP/s: {rates}"
    )


def rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each cell, and the headings."""
    rates, lines = found["rates"], []
    for name, cell in found["cells"].items():
        dtype = name.partition(":")[2]
        whole, near, solving = (np.array(found["seconds"][f"{name} {task}"]) for task in TASKS)
        limit = cell["flops"] / np.array(rates[f"fma {dtype}"])
        useful = cell["useful_flops"] / whole
        shares = limit / whole, useful / np.array(rates[f"gemm {dtype}"])
        lines.append(
            [
                name,
                *(_spread(values) for values in (whole, near, solving, limit)),
                *(f"{np.median(share):.0%}".replace("%", " %") for share in shares),
                f"{np.median(useful) / 1e9:.0f}",
            ]
        )
    return lines, [
        "rank:dtype",
        "sweep, s",
        "rows in cache, s",
        "solving, s",
        "limit, s",
        "limit / sweep",
        "useful / gemm",
        "useful GFLOP/s",
    ]


def _spread(values: np.ndarray) -> str:
    low, middle, high = np.quantile(values, (0, 0.5, 1))
    return f"{middle:.3g} ({low:.3g}–{high:.3g})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="full")
    parser.add_argument("--cells", default="20:float32,32:float32,64:float32,20:float64")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, help="file for what was measured (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
