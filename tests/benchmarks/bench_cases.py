"""What the benchmarks are run for: implementations and ranks, at one scale."""

from collections.abc import Iterable
from typing import NamedTuple

SCALE = "100k"
RANKS = (20, 64)
SLOW = ("naive",)


class Case(NamedTuple):
    """An implementation at a rank."""

    implementation: str
    rank: int

    def __str__(self) -> str:
        return f"{self.implementation}-rank{self.rank}"


def cases(implementations: Iterable[str], timed: bool) -> list[Case]:
    """Every implementation at every rank, slow ones at the lowest.

    The suite, which only sees that benchmarks run, does with little: no slow ones, no high ranks,
    no float32, which would all be compiled once more.
    """
    if timed:
        ranks = {name: RANKS[:1] if name in SLOW else RANKS for name in implementations}
    else:
        fast = [name for name in implementations if name not in SLOW]
        ranks = {name: RANKS[:1] for name in fast if not name.endswith("-f32")}
    return [Case(name, rank) for name in ranks for rank in ranks[name]]
