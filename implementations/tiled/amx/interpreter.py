"""The sums of the matrix unit in NumPy: of the same bfloat16 parts, in an order of NumPy's own."""

import numpy as np
from numpy.typing import NDArray

from implementations.problem import Float
from implementations.tiled.amx.halves import TILE, rounded
from implementations.tiled.amx.plan import PARTS, SIDES, AmxPlan
from implementations.tiled.systems import packed_index
from implementations.tiled.task import Task


def add_ratings(
    plan: AmxPlan, task: Task, start: int, stop: int, sums: NDArray[Float], lane: int
) -> None:
    """As `tiled.interpreter.add_ratings`."""
    indices = task.csr.indices[start:stop]
    upper, lower = plan.layout.read_halves(task.fixed.halves[indices])
    centred = task.csr.values[start:stop].astype(np.float64) - task.model.mean
    target = centred.astype(np.float32) - task.fixed.biases[indices]
    sides = np.vstack([*parts_of(target), np.ones_like(target)])
    n = plan.tiles
    with np.errstate(all="ignore"):  # what is not finite is found by `solve`
        square = (upper + lower).T @ (upper + lower)
        beside = sides @ upper + sides @ lower
        turns = np.zeros(-(-len(target) // TILE) * TILE, np.float32)
        turns[: len(target)] = target
        sums[lane, -1] = turns.reshape(-1, TILE).sum(axis=0)
    squares = square.reshape(n, TILE, n, TILE).swapaxes(1, 2)[np.tril_indices(n)]
    sums[lane, : plan.first_side] = squares.reshape(-1, TILE)
    sums[lane, plan.first_side : -1] = (
        beside.reshape(SIDES, n, TILE).swapaxes(0, 1).reshape(-1, TILE)
    )


def parts_of(target: NDArray[Float]) -> list[NDArray[Float]]:
    """Numbers as a sum of three that are bfloat16."""
    parts, rest = [], target
    with np.errstate(invalid="ignore"):
        for _ in range(PARTS):
            parts.append(rounded(rest))
            rest = rest - parts[-1]
    return parts


def gather_systems(plan: AmxPlan, sums: NDArray[Float], packed: NDArray[Float]) -> None:
    """As `tiled.interpreter.gather_systems`."""
    moved = np.moveaxis(sums[:-1], 0, -1)
    packed[packed_index(plan.unknowns, plan.rank)] = 0
    packed[plan.destinations[~plan.added]] = moved[~plan.added]
    with np.errstate(all="ignore"):
        np.add.at(packed, plan.destinations[plan.added], moved[plan.added])
