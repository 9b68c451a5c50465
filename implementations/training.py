"""Train a model: what a library's user calls."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from implementations.acceleration import Acceleration
from implementations.als import ready, start_factors, sweep, usable_threads
from implementations.arguments import number_from_0, of_kind, whole_number
from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.ids import IdMap
from implementations.problem import AlsParams, Float
from implementations.ratings import ProblemSize, Ratings
from implementations.variant import Variant

# Predictions that the factors change by less than this part of the ratings' standard deviation
# are biases alone, to anybody's eye.
_VANISHED = 1e-3


class Progress:
    """What a callback of `fit` is told after a sweep; to be looked at during the call.

    Attributes
    ----------
    sweep : int
        Sweeps made, from 1.
    seconds : float
        Of this sweep's two half-sweeps.
    """

    def __init__(self, sweep: int, seconds: float, model: "_Model") -> None:
        self.sweep = sweep
        self.seconds = seconds
        self._model = model

    def __repr__(self) -> str:
        return f"Progress(sweep={self.sweep}, seconds={self.seconds:.3g})"

    @cached_property
    def factors(self) -> Factors:
        """Copy of the present model, made when it is asked for."""
        return self._model.read()

    @cached_property
    def objective(self) -> float:
        """J after this sweep, computed when it is asked for: about as long as a sweep."""
        return self._model.objective(self.factors)


def fit(
    train: Ratings,
    params: AlsParams | None = None,
    *,
    sweeps: int = 10,
    implementation: str = "numba-parallel",
    threads: int | None = None,
    start: Factors | Literal["nested"] | None = None,
    relaxation: float = 1.0,
    callback: Callable[[Progress], object] | None = None,
    tolerance: float | None = None,
) -> Factors:
    """Train a model.

    Parameters
    ----------
    train : Ratings
    params : AlsParams, optional
    sweeps : int
        The most that are made.
    implementation : str
        A name that `implementations.registry.find` knows.
    threads : int, optional
        Left out: all usable cores. The result does not depend on them.
    start : Factors or "nested", optional
        Go on from these instead of the common start: two calls of 5 sweeps give the bits of one
        of 10. Where ratings have ids, rows are matched by them; new users and items start as
        always. "nested": items start from a model of a tenth of the users, which pays from some
        millions of ratings on (docs/acceleration.md).
    relaxation : float
        How far half-sweeps go from the old rows to their exact solutions, from the second sweep
        on: above 0 and below 2, and J never rises. 1.4 needs about half as many sweeps as 1.
    callback : callable, optional
        Called with a `Progress` after every sweep; if it returns True, that sweep was the last.
    tolerance : float, optional
        Stop when a sweep lowers the objective J by less than this part of itself. J costs about a
        sweep each time.

    Returns
    -------
    Factors
        With the ids of the ratings, and the parameters.

    Raises
    ------
    SolveError
        Where a row's normal equations cannot be solved.
    KeyError
        Where there is no such implementation.
    TypeError, ValueError
        Where an argument is none of its kind, which is named; a regulariser is beyond the range of
        the dtype; `start` has another rank or other rows; or a library that has `fit` only refuses
        the parameters, or is given `start`, `callback` or `tolerance`.

    Warns
    -----
    UserWarning
        Where the factors have vanished beside the ratings: the regularisers are too high for them.
    """
    from implementations.registry import find

    params = _checked(train, params, sweeps, callback, tolerance)
    if not isinstance(implementation, str):
        raise TypeError(f"implementation must be a name, not {implementation!r}")
    variant = _driven(find(implementation), start, relaxation)
    _check_range(params, variant)
    threads = usable_threads(threads)
    if variant.is_whole_fit:
        relaxed = None if relaxation == 1 else relaxation
        given = {"start": start, "relaxation": relaxed, "callback": callback}
        given["tolerance"] = tolerance
        return _labelled(_whole_fit(variant, train, params, sweeps, threads, given), train, params)
    factors = None
    if start is not None and not isinstance(start, str):
        factors = _aligned(start, train, params)
    backend = ready(variant, train, params, threads, factors)
    _sweep_until(_Model(backend, train, params), sweeps, callback, tolerance)
    factors = _labelled(backend.read(), train, params)
    if sweeps:
        _hint_where_vanished(factors, train)
    return factors


def _checked(
    train: Ratings,
    params: AlsParams | None,
    sweeps: int,
    callback: object,
    tolerance: float | None,
) -> AlsParams:
    """The parameters, or the usual ones; refuses by name what is none of its kind."""
    of_kind("train", train, Ratings)
    if params is not None:
        of_kind("params", params, AlsParams)
    whole_number("sweeps", sweeps, least=0)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable, not {type(callback).__name__}")
    if tolerance is not None:
        number_from_0("tolerance", tolerance)
    return params or AlsParams()


def _driven(variant: Variant, start: object, relaxation: float) -> Variant:
    """The variant with the accelerations that are asked for, by its name or by arguments."""
    if isinstance(start, str) and start != "nested":
        raise ValueError(f'start must be Factors or "nested", not {start!r}')
    number_from_0("relaxation", relaxation)
    if variant.is_whole_fit:
        return variant
    own = variant.acceleration
    omega = own.relaxation if relaxation == 1 else float(relaxation)
    acceleration = Acceleration(omega, own.nested or isinstance(start, str))
    return replace(variant, acceleration=acceleration)


def _check_range(params: AlsParams, variant: Variant) -> None:
    """Refuse regularisers that the dtype would make infinite."""
    most = float(np.finfo(variant.dtype).max)
    for name in ("reg", "bias_reg"):
        if getattr(params, name) > most:
            raise ValueError(
                f"{name} must be at most {most:.3g} in {variant.dtype}, not {getattr(params, name)}"
            )


class _Model:
    """A backend, and what its factors are of."""

    def __init__(self, backend: AlsBackend, train: Ratings, params: AlsParams) -> None:
        self.backend = backend
        self._train = train
        self._params = params

    def read(self) -> Factors:
        return _labelled(self.backend.read(), self._train, self._params)

    def objective(self, factors: Factors) -> float:
        from implementations.objective import objective

        return objective(self._train, self._params, factors)


def _sweep_until(
    model: _Model,
    sweeps: int,
    callback: Callable[[Progress], object] | None,
    tolerance: float | None,
) -> None:
    """Sweep so many times, or until the callback or the tolerance ends it."""
    before = np.inf
    for number in range(1, sweeps + 1):
        began = perf_counter()
        sweep(model.backend)
        progress = Progress(number, perf_counter() - began, model)
        if callback is not None and callback(progress) is True:
            return
        if tolerance is not None:
            if before - progress.objective < tolerance * before:
                return
            before = progress.objective


def _whole_fit(
    variant: Variant,
    train: Ratings,
    params: AlsParams,
    sweeps: int,
    threads: int,
    given: Mapping[str, object],
) -> Factors:
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{variant.name} trains in one call of its own: it takes no {name}")
    job = variant.job(params, threads, ProblemSize.of(train))
    if reason := variant.made_by.refuses(job):
        raise ValueError(f"{variant.name}: {reason}")
    library = variant.create_fit(params, threads)
    library.prepare(train)
    library.warm_up()
    library.fit(sweeps)
    return library.read()


def _labelled(factors: Factors, train: Ratings, params: AlsParams) -> Factors:
    return replace(factors, user_ids=train.user_ids, item_ids=train.item_ids, params=params)


def _aligned(start: Factors, train: Ratings, params: AlsParams) -> Factors:
    """Start factors for the rows of these ratings, and with their mean."""
    of_kind("start", start, Factors)
    if start.rank != params.rank:
        raise ValueError(f"start must be of rank {params.rank}, not {start.rank}")
    fresh = start_factors(train, params)
    users = _rows_from("users", start.users, start.user_ids, fresh.users, train.user_ids)
    items = _rows_from("items", start.items, start.item_ids, fresh.items, train.item_ids)
    return Factors(users, items, train.mean)


def _rows_from(
    name: str,
    old: NDArray[Float],
    old_ids: IdMap | None,
    fresh: NDArray[Float],
    ids: IdMap | None,
) -> NDArray[Float]:
    if (old_ids is None) != (ids is None):
        raise ValueError(f"start and train must both have ids of their own for {name}, or neither")
    if old_ids is None or ids is None or old_ids == ids:
        if len(old) != len(fresh):
            raise ValueError(f"start must have {len(fresh)} {name}, not {len(old)}")
        return old
    rows = old_ids.rows(name, ids.ids)
    fresh[rows >= 0] = old[rows[rows >= 0]]
    return fresh


def _hint_where_vanished(factors: Factors, train: Ratings) -> None:
    """Say so where regularisation has left nothing of the factors: a frequent surprise."""
    if not len(train):
        return
    spread = float(train.values.std(dtype=np.float64))
    users, items = (_longest(rows) for rows in (factors.users, factors.items))
    if spread > 0 and users * items < _VANISHED * spread:
        warnings.warn(
            "the factors have vanished, so predictions are biases alone: "
            "there are few ratings a row for these regularisers; lower reg, or set count_scaled",
            stacklevel=3,
        )


def _longest(rows: NDArray[Float]) -> float:
    """Length of the longest factor."""
    squares = np.einsum("rk,rk->r", rows[:, :-1], rows[:, :-1], dtype=np.float64)
    return float(np.sqrt(squares.max(initial=0.0)))
