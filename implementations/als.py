"""The driver: start, order and count of half-sweeps, the same for every backend."""

from functools import partial

import numpy as np

from implementations.arguments import of_kind, whole_number
from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.nested import nested_start
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.variant import Variant

_START_SCALE = 0.01


def start_factors(train: Ratings, params: AlsParams) -> Factors:
    """Start that every backend gets: items 0.01·N(0, 1), everything else zero, in float64.

    Parameters
    ----------
    train : Ratings
    params : AlsParams
        Gives rank and seed.

    Returns
    -------
    Factors
        float64; a backend casts them once, in `load`.
    """
    of_kind("train", train, Ratings)
    of_kind("params", params, AlsParams)
    return start_of(train.n_users, train.n_items, train.mean, params)


def start_of(n_users: int, n_items: int, mean: float, params: AlsParams) -> Factors:
    """The same start, of ratings that are elsewhere.

    Parameters
    ----------
    n_users, n_items : int
    mean : float
        Of the training ratings.
    params : AlsParams
    """
    users = np.zeros((n_users, params.rank + 1))
    items = np.zeros((n_items, params.rank + 1))
    generator = np.random.default_rng(params.seed)
    items[:, :-1] = _START_SCALE * generator.standard_normal((n_items, params.rank))
    return Factors(users, items, mean)


def ready(
    variant: Variant,
    train: Ratings,
    params: AlsParams | None = None,
    threads: int | None = None,
    factors: Factors | None = None,
) -> AlsBackend:
    """Backend that is ready to sweep: prepared, loaded, and compiled.

    Parameters
    ----------
    variant : Variant
    train : Ratings
    params : AlsParams, optional
    threads : int, optional
        Left out: all usable cores.
    factors : Factors, optional
        To go on from; left out: the start of this variant, the common one or a nested one.

    Returns
    -------
    AlsBackend

    Raises
    ------
    ValueError
        Where there are no such threads.
    """
    params = params or AlsParams()
    make = partial(variant.create, params, usable_threads(threads))
    if factors is None:
        factors = start_factors(train, params)
        if variant.acceleration.nested:
            factors = nested_start(make, train, params, factors)
    backend = make()
    backend.prepare(train)
    backend.load(factors)
    backend.warm_up()
    return backend


def usable_threads(asked: int | None) -> int:
    """Threads to use where so many are asked for, or all.

    Raises
    ------
    TypeError, ValueError
        Where there are no such threads.
    """
    # The registry imports every backend, and Numba with them: only who trains pays for that.
    from implementations.registry import usable_cores

    cores = usable_cores()
    if asked is None:
        return cores
    if whole_number("threads", asked) > cores or asked < 1:
        raise ValueError(
            f"threads must lie in 1 … {cores} (the cores that this process may use), not {asked}"
        )
    return int(asked)


def sweep(backend: AlsBackend) -> None:
    """One sweep: all users, then all items with the new users."""
    of_kind("backend", backend, AlsBackend)
    backend.update_users()
    backend.update_items()
