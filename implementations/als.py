"""The driver: start, order and count of half-sweeps, the same for every backend."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from implementations.backend import AlsBackend, Variant
from implementations.ids import checked_ids
from implementations.problem import AlsParams, Factors, ProblemSize, Ratings, whole_number

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
    users = np.zeros((train.n_users, params.rank + 1))
    items = np.zeros((train.n_items, params.rank + 1))
    generator = np.random.default_rng(params.seed)
    items[:, :-1] = _START_SCALE * generator.standard_normal((train.n_items, params.rank))
    return Factors(users, items, train.mean)


def ready(
    variant: Variant, train: Ratings, params: AlsParams | None = None, threads: int | None = None
) -> AlsBackend:
    """Backend that is ready to sweep: prepared, loaded with the common start, and compiled.

    Parameters
    ----------
    variant : Variant
    train : Ratings
    params : AlsParams, optional
    threads : int, optional
        Left out: all usable cores.

    Returns
    -------
    AlsBackend

    Raises
    ------
    ValueError
        Where there are no such threads.
    """
    # The registry imports every backend, and Numba with them: only who trains pays for that.
    from implementations.registry import usable_cores

    params = params or AlsParams()
    backend = variant.create(params, _checked(threads, usable_cores()))
    backend.prepare(train)
    backend.load(start_factors(train, params))
    backend.warm_up()
    return backend


def _checked(threads: int | None, cores: int) -> int:
    """Threads to use where so many are asked for, or all."""
    if threads is None:
        return cores
    if isinstance(threads, bool) or not isinstance(threads, Integral) or not 1 <= threads <= cores:
        raise ValueError(
            f"threads must be a whole number in 1 … {cores} (the cores that this process may use), "
            f"not {threads!r}"
        )
    return int(threads)


def _check_range(params: AlsParams, variant: Variant) -> None:
    """Refuse regularisers that the dtype would make infinite."""
    most = float(np.finfo(variant.dtype).max)
    for name in ("reg", "bias_reg"):
        if getattr(params, name) > most:
            raise ValueError(
                f"{name} must be at most {most:.3g} in {variant.dtype}, not {getattr(params, name)}"
            )


def sweep(backend: AlsBackend) -> None:
    """One sweep: all users, then all items with the new users."""
    backend.update_users()
    backend.update_items()


def fit(
    train: Ratings,
    params: AlsParams | None = None,
    *,
    sweeps: int = 10,
    implementation: str = "numba-parallel",
    threads: int | None = None,
) -> Factors:
    """Train a model.

    Parameters
    ----------
    train : Ratings
    params : AlsParams, optional
    sweeps : int
    implementation : str
        A name that `implementations.registry.find` knows.
    threads : int, optional
        Left out: all usable cores.

    Returns
    -------
    Factors

    Raises
    ------
    SolveError
        Where a row's normal equations cannot be solved.
    KeyError
        Where there is no such implementation.
    ValueError
        Where there are no such threads or sweeps, a regulariser is beyond the range of the dtype,
        or a library refuses these parameters.
    """
    from implementations.registry import find, usable_cores

    if whole_number("sweeps", sweeps) < 0:
        raise ValueError(f"sweeps must not be negative, but is {sweeps}")
    variant = find(implementation)
    _check_range(params or AlsParams(), variant)
    if variant.is_whole_fit:
        threads = _checked(threads, usable_cores())
        return _whole_fit(variant, train, params or AlsParams(), sweeps, threads)
    backend = ready(variant, train, params, threads)
    for _ in range(sweeps):
        sweep(backend)
    return backend.read()


def _whole_fit(
    variant: Variant, train: Ratings, params: AlsParams, sweeps: int, threads: int
) -> Factors:
    job = variant.job(params, threads, ProblemSize.of(train))
    if reason := variant.made_by.refuses(job):
        raise ValueError(f"{variant.name}: {reason}")
    library = variant.create_fit(params, threads)
    library.prepare(train)
    library.warm_up()
    library.fit(sweeps)
    return library.read()


def predict(factors: Factors, users: ArrayLike, items: ArrayLike) -> NDArray[np.float64]:
    """Predict ratings r̂ = μ + b_u + c_i + p_u·q_i, in float64 and never clipped.

    Parameters
    ----------
    factors : Factors
    users, items : array_like of int
        Rows of the factors, from 0. Shapes are broadcast: one user and many items will do.

    Returns
    -------
    ndarray of the common shape, float64

    Raises
    ------
    TypeError
        Where ids are not integers.
    ValueError
        Where an id has no row, or the shapes do not fit together.
    """
    user_ids = checked_ids("users", users, len(factors.users))
    item_ids = checked_ids("items", items, len(factors.items))
    try:
        user_ids, item_ids = np.broadcast_arrays(user_ids, item_ids)
    except ValueError:
        shapes = f"{user_ids.shape} and {item_ids.shape}"
        raise ValueError(f"users and items of shapes {shapes} do not fit together") from None
    user_rows = factors.users[user_ids].astype(np.float64)
    item_rows = factors.items[item_ids].astype(np.float64)
    dots = np.einsum("...k,...k->...", user_rows[..., :-1], item_rows[..., :-1])
    predictions: NDArray[np.float64] = factors.mean + user_rows[..., -1] + item_rows[..., -1] + dots
    return np.asarray(predictions)
