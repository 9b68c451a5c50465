"""A task for the tiled kernels by themselves: one row with ratings, others as its fixed side."""

import numpy as np

from implementations.array_backend import Model, ridge
from implementations.problem import AlsParams
from implementations.ratings import Csr
from implementations.tiled.systems import Systems
from implementations.tiled.target import Rotation, host_target
from implementations.tiled.task import Scratch, Task

_N_OTHERS = 60


def rotation(dtype: str, lanes: int) -> Rotation:
    """How this machine rotates vectors of so many lanes; AVX-512 includes what AVX2 has."""
    own = host_target(np.dtype(dtype))
    if lanes == own.lanes:
        return own.rotation
    has_avx2 = own.rotation in (Rotation.VALIGN, Rotation.HALVES)
    return Rotation.HALVES if has_avx2 and (lanes, dtype) == (8, "float32") else Rotation.SHUFFLE


def one_row(plan: Systems, n_ratings: int) -> tuple[Task, Scratch, np.ndarray]:
    """Task whose row 0 has this many ratings, scratch, and its v_j = [q_j; 1; t_j] by themselves.

    The one is left out where the plan has no biases. Sums that are not written are NaN.
    """
    rng = np.random.default_rng(plan.rank)
    dtype = np.dtype(plan.dtype)
    indices = rng.integers(0, _N_OTHERS, n_ratings).astype(np.int32)
    values = (rng.integers(1, 11, n_ratings) / 2).astype(np.float32)
    fixed = rng.normal(size=(_N_OTHERS, plan.rank + 1)).astype(dtype)
    model = Model(3.5, ridge(AlsParams(rank=plan.rank, biases=plan.biases)), False)
    tail = np.zeros(2 * plan.block, np.int32)
    tail[: plan.block][-n_ratings:] = indices[-plan.block :]
    task = Task(
        Csr(np.array([0, n_ratings]), indices, values),
        tail,
        plan.layout.pack(fixed, dtype),
        plan.layout.pack(np.zeros((20, plan.rank + 1)), dtype),
        model,
        np.array([[0, 1]]),
        plan.rank,
        dtype.type(1e-6),
        dtype.type(1),
    )
    scratch = Scratch.of(plan)
    scratch.sums[:-1] = np.nan
    target = values.astype(dtype) - dtype.type(3.5) - fixed[indices, -1]
    ones = np.ones((n_ratings, int(plan.biases)), dtype)
    return task, scratch, np.column_stack([fixed[indices, :-1], ones, target])
