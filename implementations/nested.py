"""A start whose items come from models of some of the users.

What there is to know about items, a tenth of the users mostly know; and sweeps over them cost a
tenth. From there, few sweeps over all are left.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams, Float, Job
from implementations.ratings import ProblemSize, Ratings
from implementations.whole_fit import WholeFit

# Of the users, in models that each start the next; and their sweeps (docs/acceleration.md).
NESTED_SHARES, NESTED_SWEEPS = (0.01, 0.1), 6

Make = Callable[[], AlsBackend]


def nested_start(
    make: Make,
    train: Ratings,
    params: AlsParams,
    start: Factors,
    shares: Sequence[float] = NESTED_SHARES,
    sweeps: int = NESTED_SWEEPS,
) -> Factors:
    """A start whose items come from models of some of the users.

    Parameters
    ----------
    make : callable
        Makes the backend that trains them.
    train : Ratings
    params : AlsParams
        Its seed chooses the users: those of a smaller share are among those of a larger one.
    start : Factors
        Where the first model's items start, and what those without a rating keep.
    shares : sequence of float
        Of the users, in each model.
    sweeps : int
        Of each model.

    Returns
    -------
    Factors
        As `start`, with other items.
    """
    items = start.items
    for share in shares:
        some = _ratings_of_some_users(train, params.seed, share)
        if len(some):
            items = _learned(make(), some, params, items, sweeps)
    return Factors(start.users, items, start.mean)


def _learned(
    backend: AlsBackend, train: Ratings, params: AlsParams, items: NDArray[Float], sweeps: int
) -> NDArray[Float]:
    """Items after so many sweeps over these ratings, those without a rating as they were."""
    backend.prepare(train)
    backend.load(Factors(np.zeros((train.n_users, params.rank + 1)), items, train.mean))
    backend.warm_up()
    for _ in range(sweeps):
        backend.update_users()
        backend.update_items()
    rated = np.bincount(train.items, minlength=train.n_items) > 0
    return np.where(rated[:, None], backend.read().items, items)


def _ratings_of_some_users(train: Ratings, seed: int, share: float) -> Ratings:
    """Ratings of users drawn at random, their rows numbered anew."""
    chosen = np.random.default_rng([seed, 1]).random(train.n_users) < share
    kept = chosen[train.users]
    rows = np.cumsum(chosen, dtype=np.int32) - 1
    users = rows[train.users[kept]]
    return Ratings(users, train.items[kept], train.values[kept], int(chosen.sum()), train.n_items)


def nested_bytes(made_by: type[AlsBackend] | type[WholeFit], job: Job) -> int:
    """Peak bytes of making such a start: the chosen ratings, and the backend that takes them."""
    size = job.size
    n_ratings, n_users = (round(NESTED_SHARES[-1] * n) for n in (size.n_ratings, size.n_users))
    smaller = job._replace(size=ProblemSize(n_ratings, n_users, size.n_items))
    choosing = size.n_ratings + 20 * n_ratings
    return choosing + 2 * smaller.factor_bytes + int(made_by.bytes_needed(smaller))
