"""What a sweep over many ratings takes on many machines, by a model, and how far off its parts are.

    python -m scripts.size_cluster --ratings 1e9,1e10,1e11 --rank 32 --out size.json

How many rows of the other side a partition touches is reckoned from how popular each row is, and
held against partitions of the synthetic set that are cut for real. Larger sets are taken to have
its shape: as many ratings a user, and of items as many more as asked for, as unequal as these.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.machine import describe_machine
from implementations.layout import by_user, chunks_of_equal_work, transpose
from implementations.ratings import Csr, Ratings
from implementations.tiled.schedule import ROW_COST
from scripts._records import RECORDS, keep_facts
from scripts.measure_cluster import ITEMSIZE, gflop_of_sweep, thread_rate

BYTES_OF_RATING = 16  # an id and a value in both copies
GIB = 2**30
PARTITIONS = (2, 8, 32, 128, 512)


def touched_rows(
    shares: NDArray[np.float64], part: float, ratings: float, times: float = 1.0
) -> float:
    """Expected rows of one side that occur in a part of the ratings.

    Parameters
    ----------
    shares : ndarray, shape (n_rows,)
        Share of all ratings that each row has.
    part, ratings : float
        Ratings of the part, and all.
    times : float
        Every row stands for so many, which divide its share.

    Notes
    -----
    Of a row with c ratings, each of which is in the part with probability f, none is with
    probability (1 - f)^c.
    """
    counts = shares * ratings / times
    return float(times * np.sum(1 - (1 - part / ratings) ** counts))


def shares_of(ids: NDArray[np.int32], rows: int) -> NDArray[np.float64]:
    """Share of the ratings that each row has."""
    return np.bincount(ids, minlength=rows) / len(ids)


def checked(train: Ratings, counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Rows that partitions touch, counted, and reckoned beside."""
    users = by_user(train)
    sides = (
        ("users", users, shares_of(train.items, train.n_items)),
        ("items", transpose(users, train.n_items), shares_of(train.users, train.n_users)),
    )
    for side, csr, shares in sides:
        for count in counts:
            found = list(_parts(csr, count))
            yield {
                "side": side,
                "partitions": count,
                "others": len(shares),
                "counted": float(np.mean([len(np.unique(one)) for one in found])),
                "reckoned": float(
                    np.mean([touched_rows(shares, len(one), len(train)) for one in found])
                ),
            }


def _parts(csr: Csr, count: int) -> Iterator[NDArray[np.int32]]:
    """Columns of the partitions that a cluster would have."""
    cuts = csr.indptr[chunks_of_equal_work(csr.indptr, count, float(ROW_COST))]
    for first, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        yield csr.indices[first:stop]


@dataclass(frozen=True)
class Machines:
    """A cluster of equal machines.

    Attributes
    ----------
    memory_gib : float
        That ratings and factors may take on each.
    cores : int
    core_gflops : float
        What the kernel does on a core.
    gbit : float
        Of each machine's link, in each direction.
    """

    memory_gib: float
    cores: int
    core_gflops: float
    gbit: float

    def link_s(self, sent: float) -> float:
        """Seconds that so many bytes take."""
        return 8 * sent / (self.gbit * 1e9)


@dataclass(frozen=True)
class Problem:
    """So many ratings, of the shape of a measured set.

    Attributes
    ----------
    ratings : float
    users, items : ndarray
        Shares of the ratings, of the measured set's rows.
    times_users, times_items : float
        Rows that each of these stands for.
    rank : int
    """

    ratings: float
    users: NDArray[np.float64]
    items: NDArray[np.float64]
    times_users: float
    times_items: float
    rank: int

    @property
    def rows(self) -> float:
        """Users and items."""
        return self.times_users * len(self.users) + self.times_items * len(self.items)

    @property
    def row_bytes(self) -> int:
        """Of a row of factors, its bias included."""
        return (self.rank + 1) * ITEMSIZE

    def sized(self, machines: int, each: Machines) -> dict[str, float]:
        """What each of so many machines holds, and what a sweep takes them."""
        ratings = self.ratings / machines
        sides = (self.users, self.times_users), (self.items, self.times_items)
        touched = sum(touched_rows(one, ratings, self.ratings, times) for one, times in sides)
        fetched = touched * (1 - 1 / machines)  # the rest is its own
        held = ratings * BYTES_OF_RATING / GIB
        whole = self.rows * self.row_bytes
        blocks = (touched + self.rows / machines) * self.row_bytes
        gflop = gflop_of_sweep(self.ratings, self.rows, self.rank)
        return {
            "machines": machines,
            "ratings_gib": held,
            "compute_s": gflop / machines / (each.cores * each.core_gflops),
            "whole_gib": held + whole / GIB,
            "whole_s": each.link_s(whole * (machines + 1)),
            "blocks_gib": held + blocks / GIB,
            "blocks_s": each.link_s(fetched * self.row_bytes),
        }

    def fewest(self, each: Machines) -> dict[str, float]:
        """The fewest machines, doubled each time, whose memory does in blocks."""
        machines = 1
        while (found := self.sized(machines, each))["blocks_gib"] > each.memory_gib:
            if machines > self.ratings:
                raise SystemExit(f"size_cluster: {each.memory_gib:g} GiB hold not even a rating")
            machines *= 2
        return found


def problem_of(train: Ratings, ratings: float, rank: int, times_items: float) -> Problem:
    """So many ratings, of the shape of these."""
    users, items = shares_of(train.users, train.n_users), shares_of(train.items, train.n_items)
    return Problem(ratings, users, items, ratings / len(train), times_items, rank)


def check_rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each way to cut a side, and the headings."""
    lines = [
        [
            line["side"],
            str(line["partitions"]),
            f"{line['counted']:,.0f} of {line['others']:,}",
            f"{line['reckoned']:,.0f} ({line['reckoned'] / line['counted'] - 1:+.1%})",
        ]
        for line in found["checked"]
    ]
    return lines, ["partitions of", "number", "rows of the other side touched", "reckoned"]


def size_rows(found: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each number of ratings, and the headings."""
    lines = []
    for line in found["sized"]:
        both = ((line[f"{way}_gib"], line[f"{way}_s"]) for way in ("whole", "blocks"))
        ways = [text for gib, seconds in both for text in (f"{gib:,.1f}", f"{seconds:,.3g}")]
        rows = (f"{line[name]:,.3g}" for name in ("ratings", "users", "items"))
        lines.append([*rows, f"{line['machines']:,}", f"{line['compute_s']:,.3g}", *ways])
    whole, blocks = ("whole: GiB each", "s to send"), ("blocks: GiB each", "s to send")
    heads = ["ratings", "users", "items", "machines", "s to solve"]
    return lines, [*heads, *whole, *blocks]


def main() -> int:
    """Reckon, print, keep."""
    options = _options()
    rate, machine = thread_rate(RECORDS) if options.gflops is None else (options.gflops, "given")
    each = Machines(options.memory, options.cores, rate, options.gbit)
    dataset = open_dataset(SYNTHETIC, (options.scale,), lambda text: print(text, file=sys.stderr))
    train = cut(dataset, options.scale, 0).train
    sized = []
    for ratings in map(float, options.ratings.split(",")):
        times = max(1.0, (ratings / len(train)) ** options.growth)
        problem = problem_of(train, ratings, options.rank, times)
        rows = {"users": problem.times_users * train.n_users, "items": times * train.n_items}
        sized.append({"ratings": ratings, **rows, **problem.fewest(each)})
    found = {
        "machine": describe_machine(),
        "data": SYNTHETIC,
        "scale": options.scale,
        "rank": options.rank,
        "growth": options.growth,
        "each": asdict(each) | {"measured_on": machine},
        "checked": list(checked(train, PARTITIONS)),
        "sized": sized,
    }
    keep_facts(found, options.out)
    for table in (check_rows(found), size_rows(found)):
        print(tabulate(*table, disable_numparse=True), end="\n\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ratings", default="3.2e7,1e9,1e10,1e11", help="comma-separated")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--scale", default="full", help="whose shape is taken, and checked")
    parser.add_argument(
        "--growth", type=float, default=0.5, help="items grow as ratings to this power"
    )
    parser.add_argument("--memory", type=float, default=64, help="GiB of each machine")
    parser.add_argument("--cores", type=int, default=32, help="of each machine")
    parser.add_argument("--gbit", type=float, default=10, help="Gbit/s of each machine's link")
    parser.add_argument("--gflops", type=float, help="of the kernel on a core [as recorded]")
    parser.add_argument("--out", type=Path, help="file for what was found (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
