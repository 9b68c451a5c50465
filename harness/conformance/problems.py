"""Small problems that bring out what goes wrong, the same at every call."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings

_HEAVY = 5_000
_PER_USER, _BUSY_ITEMS = 50, 199
# Regularisers of about the size of a row's own sums: neither is lost in the other's rounding.
_REG, _BIAS_REG = 2.0, 0.5


@dataclass(frozen=True)
class Problem:
    """Ratings and parameters, with a name for the message that says where something is wrong."""

    name: str
    train: Ratings
    params: AlsParams

    def __str__(self) -> str:
        return f"problem {self.name!r}, rank {self.params.rank}"

    def factors(self, dtype: str, seed: int = 1) -> Factors:
        """Factors and biases of both sides that are far from zero, in this dtype."""
        generator = np.random.default_rng(seed)
        columns = self.params.rank + 1
        users = 0.7 * generator.standard_normal((self.train.n_users, columns))
        items = 0.7 * generator.standard_normal((self.train.n_items, columns))
        if not self.params.biases:
            users[:, -1] = items[:, -1] = 0
        return Factors(users.astype(dtype), items.astype(dtype), self.train.mean)

    def copy_of_ratings(self) -> Ratings:
        """The ratings in new arrays, which a class may spoil; read-only where these are."""
        columns = {}
        for name in ("users", "items", "values"):
            array = getattr(self.train, name)
            columns[name] = array.copy()
            columns[name].flags.writeable = array.flags.writeable
        return replace(self.train, **columns)

    def with_params(self, **changes: Any) -> "Problem":
        """The same ratings under other parameters."""
        return replace(self, params=replace(self.params, **changes))


def shapes() -> Iterator[Problem]:
    """Every shape of ratings that a half-sweep has to get right."""
    yield _problem("plain", np.ones((6, 5)), rank=3)
    yield irregular()
    yield _problem("rank 1", np.ones((4, 5)), rank=1)
    yield _problem("rank above the ratings of a row", np.eye(4, 5) + np.eye(4, 5, 1), rank=13)
    yield _problem("one rating", _only(3, 4, [(1, 2)]), rank=2)
    yield _problem("no rating", np.zeros((2, 3)), rank=2)
    yield _problem("one user", np.ones((1, 9)), rank=3)
    yield _problem("one item", np.ones((9, 1)), rank=3)
    heavy = _only(2, _HEAVY, [(0, 7), (0, 11)])
    heavy[1] = 1
    yield _problem("a heavy user", heavy, rank=2)
    yield _problem("a heavy item", heavy.T, rank=2)
    yield unsorted()
    yield read_only(irregular())


def irregular() -> Problem:
    """Rows of many lengths on both sides; the first, a middle and the last of each are empty."""
    generator = np.random.default_rng(5)
    observed = generator.random((14, 11)) < np.linspace(0.2, 1, 11)
    observed[[0, 6, -1], :] = False
    observed[:, [0, 5, -1]] = False
    return _problem("empty rows", observed, rank=3)


def busy(n_users: int) -> Problem:
    """So many users of 50 ratings each, of 199 items: enough work to be seen on a clock."""
    users = np.repeat(np.arange(n_users, dtype=np.int32), _PER_USER)
    items = (np.tile(np.arange(_PER_USER), n_users) + 17 * users) % _BUSY_ITEMS
    stars = np.random.default_rng(8).integers(1, 11, len(users)) / 2
    train = Ratings(users, items.astype(np.int32), stars.astype(np.float32), n_users, _BUSY_ITEMS)
    return Problem("busy", train, AlsParams(rank=16, reg=_REG, bias_reg=_BIAS_REG))


def unsorted() -> Problem:
    """The irregular ratings in no order."""
    problem = irregular()
    train = problem.train
    order = np.random.default_rng(6).permutation(len(train))
    shuffled = replace(
        train, users=train.users[order], items=train.items[order], values=train.values[order]
    )
    return replace(problem, name="unsorted ratings", train=shuffled)


def read_only(problem: Problem) -> Problem:
    """The same problem in arrays that cannot be written to."""
    for array in (problem.train.users, problem.train.items, problem.train.values):
        array.flags.writeable = False
    return replace(problem, name="read-only arrays")


def _problem(name: str, observed: NDArray[np.generic], rank: int) -> Problem:
    """Half-star ratings wherever `observed` is not 0."""
    users, items = np.nonzero(observed)
    stars = np.random.default_rng(7).integers(1, 11, len(users)) / 2
    n_users, n_items = observed.shape
    train = Ratings(
        users.astype(np.int32), items.astype(np.int32), stars.astype(np.float32), n_users, n_items
    )
    return Problem(name, train, AlsParams(rank=rank, reg=_REG, bias_reg=_BIAS_REG))


def _only(n_users: int, n_items: int, pairs: list[tuple[int, int]]) -> NDArray[np.float64]:
    observed = np.zeros((n_users, n_items))
    observed[tuple(np.transpose(pairs))] = 1
    return observed
