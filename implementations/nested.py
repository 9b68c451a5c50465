"""A start whose items come from a model of some of the users.

What there is to know about items, a tenth of the users mostly know; and sweeps over them cost a
tenth. From there, few sweeps over all are left.
"""

from collections.abc import Callable

import numpy as np

from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import ProblemSize, Ratings
from implementations.whole_fit import WholeFit

# Of the users, in the model that items start from; and its sweeps.
NESTED_SHARE, NESTED_SWEEPS = 0.1, 8

Make = Callable[[], AlsBackend]


def nested_start(
    make: Make,
    train: Ratings,
    params: AlsParams,
    start: Factors,
    share: float = NESTED_SHARE,
    sweeps: int = NESTED_SWEEPS,
) -> Factors:
    """A start whose items come from a model of some of the users.

    Parameters
    ----------
    make : callable
        Makes the backend that trains it.
    train : Ratings
    params : AlsParams
        Its seed chooses the users.
    start : Factors
        Where that model's items start, and what those without a rating by its users keep.
    share : float
        Of the users.
    sweeps : int
        Of that model.

    Returns
    -------
    Factors
        As `start`, with other items.
    """
    some = _ratings_of_some_users(train, params.seed, share)
    if not len(some):
        return start
    backend = make()
    backend.prepare(some)
    backend.load(Factors(np.zeros((some.n_users, params.rank + 1)), start.items, some.mean))
    backend.warm_up()
    for _ in range(sweeps):
        backend.update_users()
        backend.update_items()
    learned = backend.read().items
    rated = np.bincount(some.items, minlength=some.n_items) > 0
    items = np.where(rated[:, None], learned, start.items)
    return Factors(start.users, items, start.mean)


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
    n_ratings, n_users = (round(NESTED_SHARE * n) for n in (size.n_ratings, size.n_users))
    smaller = job._replace(size=ProblemSize(n_ratings, n_users, size.n_items))
    choosing = size.n_ratings + 20 * n_ratings
    return choosing + 2 * smaller.factor_bytes + int(made_by.bytes_needed(smaller))
