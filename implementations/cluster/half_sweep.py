"""A half-sweep of partitions on workers: what is sent, what comes back, and which row failed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.backend import Side, SolveError
from implementations.cluster.part import Part
from implementations.cluster.workers import Placed, Workers
from implementations.problem import Float


def solve_side(
    workers: Workers,
    side: Side,
    placed: Sequence[Placed],
    mine: NDArray[Float],
    fixed: NDArray[Float],
    mean: float,
    relaxation: float = 1.0,
) -> NDArray[Float]:
    """Solve all rows of a side.

    Parameters
    ----------
    workers : Workers
    side : {"users", "items"}
    placed : sequence of Placed
        Its partitions.
    mine : ndarray, shape (n_rows, rank + 1)
        The side as it is.
    fixed : ndarray, shape (n_other, rank + 1)
        The other side.
    mean : float
    relaxation : float

    Returns
    -------
    ndarray, shape (n_rows, rank + 1)

    Raises
    ------
    SolveError
        With the lowest row whose system failed.
    ClusterError
        Where the scheduler is gone, or a partition was lost too often.
    """
    ask = asking(
        workers, fixed, Part.solve, lambda one: _given(workers, one, mine, mean, relaxation)
    )
    solved = workers.solve_all(placed, ask)
    failed = [one.failed for one in solved if one.failed is not None]
    if failed:
        raise SolveError(side, min(failed))
    rows = np.zeros_like(mine)
    for one, found in zip(placed, solved, strict=True):
        rows[one.rows] = found.rows
    return rows


def _given(
    workers: Workers, one: Placed, mine: NDArray[Float], mean: float, relaxation: float
) -> tuple[Any, ...]:
    """What a partition is given beside the other side."""
    old = None if relaxation == 1 else workers.send(mine[one.rows], one.worker)
    return mean, old, relaxation


def asking(
    workers: Workers,
    fixed: NDArray[Float],
    method: Callable[..., Any],
    more: Callable[[Placed], tuple[Any, ...]],
) -> Callable[[Placed], Any]:
    """How a method of a partition is called: with all of the other side, or the rows it touches.

    Parameters
    ----------
    workers : Workers
    fixed : ndarray, shape (n_other, rank + 1)
    method : callable
        Takes a partition, rows of the other side, and `more`.
    more : callable
        Gives the further arguments of a placed partition.
    """
    whole: dict[int, Any] = {}  # by the number of losses: sent again after each

    def ask(one: Placed) -> Any:
        if one.needed is not None:
            given = workers.send(fixed[one.needed], one.worker)
        else:
            if workers.lost not in whole:
                whole[workers.lost] = workers.send_to_all(fixed)
            given = whole[workers.lost]
        return workers.call(method, one.future, given, *more(one), worker=one.worker)

    return ask
