"""Implementations under other names, as they are and slowed down: what the study compares.

A worker looks an implementation up by its name, `harness.study.backends:CLASS`. Classes
are made when they are asked for: ``plain_1_numba_serial`` is numba-serial itself,
``slowed_1_numba_serial`` does a known share of its work twice; the number tells aliases apart.
``slowed90_1_numba_serial`` solves one row in 90 twice.
"""

import re
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings
from implementations.registry import find, names
from implementations.variant import Variant

# One row in so many is solved twice, in each half-sweep. Called by itself and with a cold copy of
# the other side's factors, the second time takes longer than the first: one in 40 took 4.3 % of a
# sweep in `study` on one machine, one in 34 5.6 % on another, so this is to take 5 %.
REPEATED_ROWS = 36
PLAIN, SLOWED = "plain", "slowed"


def alias(kind: str, number: int, implementation: str) -> str:
    """Name of an alias, as `implementations.registry.find` takes it."""
    return f"{__name__}:{kind}_{number}_{_identifier(implementation)}"


class Plain(AlsBackend):
    """Another name for an implementation."""

    variant: ClassVar[Variant]

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(params, dtype, threads)
        self._all = self._another()

    def _another(self) -> AlsBackend:
        return self.variant.create(self.params, self.threads)

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        """As the implementation does."""
        return cls.variant.made_by.refuses(job)

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """As the implementation does."""
        return cls.variant.made_by.bytes_needed(job)

    def prepare(self, train: Ratings) -> None:
        """Lay out the ratings."""
        self._all.prepare(train)

    def load(self, factors: Factors) -> None:
        """Take a copy of these factors."""
        self._all.load(factors)

    def warm_up(self) -> None:
        """Compile."""
        self._all.warm_up()

    def update_users(self) -> None:
        """Solve all users."""
        self._all.update_users()

    def update_items(self) -> None:
        """Solve all items."""
        self._all.update_items()

    def read(self) -> Factors:
        """Copy of the present factors."""
        return self._all.read()


class Slowed(Plain):
    """An implementation that solves some rows twice, the second time for nothing.

    The second time is done by instances of their own, which hold the ratings of those rows alone
    and the factors that were loaded: what is timed is work of the same kind, and no copy.

    Attributes
    ----------
    one_in : int
        One row in so many is solved twice.
    """

    one_in: ClassVar[int] = REPEATED_ROWS

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(params, dtype, threads)
        self._again_users, self._again_items = self._another(), self._another()

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """With those of the two small ones, which have the factors of the other side, too."""
        few = job.size._replace(n_ratings=job.size.n_ratings // cls.one_in * 2)
        small = cls.variant.made_by.bytes_needed(job._replace(size=few))
        return super().bytes_needed(job) + 2 * small

    def prepare(self, train: Ratings) -> None:
        """Lay out the ratings, and those of the rows that are solved twice."""
        super().prepare(train)
        self._users, self._items = repeated_rows(train, self.one_in)
        self._again_users.prepare(_of_users(train, self._users))
        self._again_items.prepare(_of_items(train, self._items))

    def load(self, factors: Factors) -> None:
        """Take copies of these factors."""
        super().load(factors)
        users, items, mean = factors.users, factors.items, factors.mean
        self._again_users.load(Factors(users[self._users], items, mean))
        self._again_items.load(Factors(users, items[self._items], mean))

    def warm_up(self) -> None:
        """Compile."""
        super().warm_up()
        self._again_users.warm_up()
        self._again_items.warm_up()

    def update_users(self) -> None:
        """Solve all users, and some of them again."""
        super().update_users()
        self._again_users.update_users()

    def update_items(self) -> None:
        """Solve all items, and some of them again."""
        super().update_items()
        self._again_items.update_items()


def repeated_rows(
    train: Ratings, one_in: int = REPEATED_ROWS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Users and items that are solved twice: one in so many in the order of their counts.

    Of as many places to begin at, the one that comes nearest to that share of the ratings.
    """
    sides = ((train.users, train.n_users), (train.items, train.n_items))
    counts = (np.bincount(ids, minlength=rows) for ids, rows in sides)
    users, items = (_one_in_so_many(of_side, one_in) for of_side in counts)
    return users, items


def _one_in_so_many(counts: NDArray[np.int64], one_in: int) -> NDArray[np.int64]:
    order = np.argsort(counts, kind="stable")
    choices = [order[first::one_in] for first in range(one_in)]
    wanted = counts.sum() / one_in
    return np.sort(min(choices, key=lambda rows: abs(counts[rows].sum() - wanted)))


def _of_users(train: Ratings, rows: NDArray[np.int64]) -> Ratings:
    keep, ids = _renumbered(train.users, rows, train.n_users)
    return Ratings(ids, train.items[keep], train.values[keep], len(rows), train.n_items)


def _of_items(train: Ratings, rows: NDArray[np.int64]) -> Ratings:
    keep, ids = _renumbered(train.items, rows, train.n_items)
    return Ratings(train.users[keep], ids, train.values[keep], train.n_users, len(rows))


def _renumbered(
    ids: NDArray[np.int32], rows: NDArray[np.int64], count: int
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Which ratings are in these rows, and their rows' places among these."""
    place = np.full(count, -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    keep = place[ids] >= 0
    return keep, place[ids[keep]]


def __getattr__(name: str) -> type[Plain]:
    """Class of an alias."""
    found = re.fullmatch(rf"({PLAIN}|{SLOWED}([1-9]\d*)?)_\d+_(\w+)", name)
    known = {_identifier(one): one for one in names()}
    if found is None or found[3] not in known:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    variant = find(known[found[3]])
    given = {
        "__doc__": f"{variant.name} under another name.",
        "variant": variant,
        "dtype_name": variant.dtype,
        "most_threads": variant.most_threads,
    }
    if found[1] == PLAIN:
        return type(name, (Plain,), given)
    return type(name, (Slowed,), given | {"one_in": int(found[2] or REPEATED_ROWS)})


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)
