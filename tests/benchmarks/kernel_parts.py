"""The parts of a half-sweep of users by themselves: each implementation's own, over all rows.

One thread. Gathering is copying the factor rows of all ratings: what memory makes everybody pay.
A Gram pass gathers, too. Only the loops over rows are written here, for compiled parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from harness.measure.judge import row_difference
from implementations import kernels, numpy_batched
from implementations.array_backend import model_of, ridge
from implementations.backend import AlsBackend
from implementations.numba_serial import NumbaSerial
from implementations.numba_tiled import NumbaTiled
from implementations.numpy_batched import NumpyBatched
from implementations.problem import Float
from implementations.tiled import kernel
from implementations.tiled.task import Scratch

Solved = tuple[NDArray[np.int64], NDArray[Float]]


@dataclass(frozen=True)
class Parts:
    """Parts of a backend; calling one again does the same work again.

    Attributes
    ----------
    gather : callable or None
        None where it cannot be had without the Gram pass.
    gram : callable
        Systems of all users; gives how many.
    systems : callable
        Arguments of `solve`; not timed, because a solve may work in place.
    solve : callable
        Solves as many systems as there are users.
    solved : callable
        Numbers and solutions of users that `solve` left, one or more.
    """

    gather: Callable[[], object] | None
    gram: Callable[[], int]
    systems: Callable[[], tuple]
    solve: Callable[..., object]
    solved: Callable[[], Solved]


def parts_of(backend: AlsBackend) -> Parts:
    """Parts of a backend that is ready."""
    if isinstance(backend, NumpyBatched):
        return _numpy(backend)
    return _tiled(backend) if isinstance(backend, NumbaTiled) else _numba(backend)


def check(solved: Solved, backend: AlsBackend, tolerance: float) -> None:
    """Parts put together are the half-sweep, or something else was timed."""
    rows, solution = solved
    backend.update_users()
    difference = row_difference(solution, backend.read().users[rows])
    assert difference.relative <= tolerance, difference


def _numpy(backend: NumpyBatched) -> Parts:
    batches, factors = backend._by_user, backend._factors
    table, diagonal = backend._table(factors.items), ridge(backend.params)
    mean, out = factors.mean, np.zeros_like(factors.users)

    def gathered(batch):
        return numpy_batched.gather(table, batch, mean)

    def systems(batch):
        return numpy_batched.normal_equations(gathered(batch), 1, diagonal)

    def gather() -> None:
        for batch in batches:
            gathered(batch)

    def solve(made) -> None:
        for batch, system in zip(batches, made, strict=True):
            out[batch.rows], usable = numpy_batched.solve(*system)
            assert usable.all()

    return Parts(
        gather=gather,
        gram=lambda: sum(len(systems(batch)[0]) for batch in batches),
        systems=lambda: ([systems(batch) for batch in batches],),
        solve=solve,
        solved=lambda: (np.arange(len(out)), out),
    )


@numba.njit(error_model="numpy")
def _gather_all(csr, fixed, model, v):
    for entry in range(len(csr.indices)):
        kernels._gather(csr, fixed, model, entry, v[entry % len(v)])


@numba.njit(error_model="numpy")
def _sum_all(csr, fixed, model, v, systems):
    for row in range(len(csr.indptr) - 1):
        start, end, system = csr.indptr[row], csr.indptr[row + 1], systems[row % len(systems)]
        kernels._sum_ratings(csr, fixed, model, start, end, v, system)
        kernels._add_ridge(system, model, end - start)
    return len(csr.indptr) - 1


@numba.njit(error_model="numpy")
def _solve_all(systems, unknowns, scratch, out):
    usable = True
    for row in range(len(out)):
        usable &= kernels._solve(systems[row], unknowns, scratch, out[row])
    return usable


def _numba(backend: NumbaSerial) -> Parts:
    """Of `kernels`; `numba-parallel` solves both sides with the same."""
    factors, unknowns = backend._factors, backend.params.unknowns
    out, model = np.zeros_like(factors.users), model_of(backend.params, factors)
    width = kernels._width(unknowns)
    v = np.zeros((kernels._AT_ONCE, width), backend.dtype)
    system = np.zeros((unknowns + 1, width), backend.dtype)
    every = np.zeros((len(out), *system.shape), backend.dtype)
    scratch = np.zeros((2, width), backend.dtype)
    ratings = (backend._csr, factors.items, model, v)
    _sum_all(*ratings, every)

    def solve(systems) -> None:
        assert _solve_all(systems, unknowns, scratch, out)

    return Parts(
        gather=lambda: _gather_all(*ratings),
        gram=lambda: _sum_all(*ratings, system[None]),
        systems=lambda: (every.copy(),),
        solve=solve,
        solved=lambda: (np.arange(len(out)), out),
    )


@numba.njit(error_model="numpy")
def _fill(plan, task, counter, scratch, most):
    """Fill so many batches, one after the other in the same place; gives their rows."""
    counter[0] = scratch.position[0] = scratch.position[1] = 0
    total = 0
    for _ in range(most):
        total += kernel._fill_batch(plan, task, counter, scratch)
    return total


@numba.njit(error_model="numpy")
def _solve_again(plan, task, filled, scratch, times):
    """Solve a batch so many times: its sums are not touched."""
    failed = len(task.csr.indptr) - 1
    for _ in range(times):
        failed = min(failed, kernel._solve_batch(plan, task, filled, scratch))
    return failed


def _tiled(backend: NumbaTiled) -> Parts:
    """The ridge is added where the systems are solved."""
    plan, n_users = backend.plan, len(backend.read().users)
    out = plan.layout.pack(np.zeros((n_users, plan.rank + 1)), backend.dtype)
    task = backend._task("users")._replace(out=out)
    scratch, counter = Scratch.of(plan), np.zeros(1, np.int64)
    batches = -(-n_users // plan.lanes)

    def solve(filled: int) -> None:
        assert _solve_again(plan, task, filled, scratch, batches) == n_users

    def solved() -> tuple[NDArray[Any], NDArray[Any]]:
        rows = scratch.rows[scratch.rows < n_users]  # a lane without a row has another number
        return rows, plan.layout.unpack(out)[rows]

    return Parts(
        gather=None,
        gram=lambda: _fill(plan, task, counter, scratch, batches),
        systems=lambda: (_fill(plan, task, counter, scratch, 1),),
        solve=solve,
        solved=solved,
    )
