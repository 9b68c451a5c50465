"""Train a model: what a library's user calls."""

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from implementations.acceleration import Acceleration
from implementations.als import ready, start_factors, sweep, usable_threads
from implementations.arguments import number_from_0, of_kind, whole_number
from implementations.checkpoint import Checkpoint, identity_of
from implementations.factors import Factors
from implementations.ids import IdMap
from implementations.problem import AlsParams, Float
from implementations.progress import Model, Progress, labelled
from implementations.ratings import ProblemSize, Ratings
from implementations.stopping import Stopping
from implementations.variant import Variant

# Predictions that the factors change by less than this part of the ratings' standard deviation
# are biases alone, to anybody's eye.
_VANISHED = 1e-3


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
    validation: Ratings | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 5,
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
    validation : Ratings, optional
        Ratings that are not trained on, matched by their ids. Stop when two sweeps in a row have
        not lowered their RMSE, and give the model that had the lowest.
    checkpoint : path_like, optional
        Folder in which factors are kept every `checkpoint_every` sweeps and after the last. A later
        call with the same arguments goes on from there, to the same bits.
    checkpoint_every : int

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
        the dtype; `start` has another rank or other rows; the implementation refuses the job, or
        this machine; or a library that has `fit` only is given what only sweeps can heed.

    Warns
    -----
    UserWarning
        Where the factors have vanished beside the ratings: the regularisers are too high for them.
    """
    from implementations.registry import find

    _check_kinds(train, params, sweeps, implementation)
    stopping = Stopping(callback, tolerance, validation)
    whole_number("checkpoint_every", checkpoint_every, least=1)
    if checkpoint is not None and validation is not None:
        raise ValueError("checkpoint does not keep which model was best: leave out validation")
    params = params or AlsParams()
    variant = _driven(find(implementation), start, relaxation)
    _check_range(params, variant)
    threads = usable_threads(threads)
    if variant.is_whole_fit:
        relaxed = None if relaxation == 1 else relaxation
        given = {"start": start, "relaxation": relaxed, "checkpoint": checkpoint}
        given |= vars(stopping.asked)
        return labelled(_whole_fit(variant, train, params, sweeps, threads, given), train, params)
    _check_refusal(variant, train, params, threads)
    own = start is not None and not isinstance(start, str)
    begin = _aligned(cast("Factors", start), train, params) if own else None
    kept, done = None, 0
    if checkpoint is not None:
        identity = identity_of(train, params, f"{implementation} {variant.acceleration}", begin)
        kept = Checkpoint(checkpoint, identity, checkpoint_every)
        done, found = kept.latest(sweeps)
        begin = found or begin
    model = Model(ready(variant, train, params, threads, begin), train, params)
    factors = _sweep_until(model, range(done + 1, sweeps + 1), stopping, kept)
    if sweeps:
        _hint_where_vanished(factors, train)
    return factors


def _check_kinds(
    train: Ratings, params: AlsParams | None, sweeps: int, implementation: str
) -> None:
    of_kind("train", train, Ratings)
    if params is not None:
        of_kind("params", params, AlsParams)
    whole_number("sweeps", sweeps, least=0)
    if not isinstance(implementation, str):
        raise TypeError(f"implementation must be a name, not {implementation!r}")


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


def _check_refusal(variant: Variant, train: Ratings, params: AlsParams, threads: int) -> None:
    """Refuse what an implementation says that it does not do, or not on this machine."""
    reason = variant.made_by.refuses(variant.job(params, threads, ProblemSize.of(train)))
    if reason is not None:
        raise ValueError(f"{variant.name}: {reason}")


def _sweep_until(
    model: Model, sweeps: range, stopping: Stopping, kept: Checkpoint | None
) -> Factors:
    """Make these sweeps, or stop when it is time to; gives the model that is kept."""
    for number in sweeps:
        began = perf_counter()
        sweep(model.backend)
        progress = Progress(number, perf_counter() - began, model)
        if kept is not None and kept.is_due(number, sweeps[-1]):
            kept.keep(number, progress.factors)
        if stopping.ends(progress):
            break
    return stopping.best or model.read()


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
    _check_refusal(variant, train, params, threads)
    library = variant.create_fit(params, threads)
    library.prepare(train)
    library.warm_up()
    library.fit(sweeps)
    return library.read()


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
