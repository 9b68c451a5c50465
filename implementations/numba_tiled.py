"""Rung 5, the machine: register tiles, prefetch, and one system to a lane of a vector.

How it works, with pictures: docs/kernels.md.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.array_backend import ridge
from implementations.backend import AlsBackend, Side, SolveError
from implementations.factors import Factors
from implementations.kernels import Model
from implementations.layout import by_user, csr_bytes, transpose
from implementations.problem import AlsParams, Job
from implementations.ratings import Csr, Ratings
from implementations.tiled.kernel import COMPILED, solve_chunks
from implementations.tiled.plan import Plan
from implementations.tiled.rows import Rows
from implementations.tiled.schedule import ROW_COST, schedule
from implementations.tiled.target import Target, host_target
from implementations.tiled.task import Scratch, Task

# Vector operations below which another thread costs more than it saves: measured.
_LEAST_WORK = 300_000


class NumbaTiled(AlsBackend):
    """Both sides row by row in explicit vector instructions, chunks of rows spread over threads.

    Parameters
    ----------
    params, dtype, threads
        As of `AlsBackend`.
    target : Target, optional
        The processor to compile for; left out, this machine's.
    """

    relaxes = True

    def __init__(
        self,
        params: AlsParams,
        dtype: np.dtype[Any],
        threads: int = 1,
        target: Target | None = None,
    ) -> None:
        super().__init__(params, dtype, threads)
        target = target or host_target(self.dtype)
        self.plan = Plan(params.rank, params.biases, self.dtype.name, target)
        self._workers = _workers(threads)
        self._scratch = [Scratch.of(self.plan) for _ in range(self._workers)]
        self._pool = ThreadPoolExecutor(self._workers)

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Both CSRs, the row numbers that the transposition needs, the rows, the scratch."""
        params, dtype, threads, size = job
        plan = Plan(params.rank, params.biases, dtype.name, host_target(dtype))
        ratings = 2 * csr_bytes(size) + 4 * size.n_ratings + 2 * 8 * plan.block
        sides = (size.n_users, size.n_items)
        rows = sum(plan.layout.bytes_needed(n, dtype.itemsize) for n in sides)
        scratch = _workers(threads) * sum(array.nbytes for array in Scratch.of(plan))
        return ratings + rows + scratch

    def prepare(self, train: Ratings) -> None:
        """Compress by user and by item, and cut both into chunks, heaviest first."""
        users = by_user(train, self.threads)
        self._by_user = self._ordered(users)
        self._by_item = self._ordered(transpose(users, train.n_items, self.threads))

    def load(self, factors: Factors) -> None:
        """Copy these factors into the layout that the kernel gathers from."""
        self._mean = float(factors.mean)
        self._users = self.plan.layout.pack(factors.users, self.dtype)
        self._items = self.plan.layout.pack(factors.items, self.dtype)

    def read(self) -> Factors:
        """Copy of the present factors."""
        layout = self.plan.layout
        return Factors(layout.unpack(self._users), layout.unpack(self._items), self._mean)

    def warm_up(self) -> None:
        """Compile, by taking no chunk; both sides have the same types. Start the threads."""
        task = self._task(self._by_user, self._items, self._users)
        self._run(task._replace(chunks=task.chunks[:0]), self._workers)

    def update_users(self) -> None:
        """Solve each user from its row of the first copy."""
        self._solve("users", self._task(self._by_user, self._items, self._users))

    def update_items(self) -> None:
        """Solve each item from its row of the second copy."""
        self._solve("items", self._task(self._by_item, self._users, self._items))

    def _ordered(self, csr: Csr) -> "_Ordered":
        """Schedule one copy of the ratings, and pad its end for the prefetch.

        As views that cannot be written, arrays have one type, whatever they were made from: a
        read-only memory map, for one.
        """
        block = self.plan.block
        tail = np.zeros(2 * block, np.int32)
        last = csr.indices[-block:]
        tail[block - len(last) : block] = last
        return _Ordered(
            Csr(*(_read_only(array) for array in csr)), tail, schedule(csr.indptr, self.threads)
        )

    def _task(self, ratings: "_Ordered", fixed: Rows, out: Rows) -> Task:
        real = self.dtype.type
        diagonal = ridge(self.params).astype(self.dtype)
        model = Model(self._mean, diagonal, self.params.count_scaled)
        csr, tail, chunks = ratings
        tolerance = real(self.params.unknowns) * np.finfo(self.dtype).eps
        relaxation = real(self.relaxation)
        return Task(csr, tail, fixed, out, model, chunks, self.params.rank, tolerance, relaxation)

    def _solve(self, side: Side, task: Task) -> None:
        n_rows, n_ratings = len(task.csr.indptr) - 1, len(task.csr.indices)
        work = (n_ratings + ROW_COST * n_rows) * len(self.plan.accumulators)
        row = self._run(task, min(self._workers, 1 + work // _LEAST_WORK))
        if row < n_rows:
            raise SolveError(side, row)

    def _run(self, task: Task, workers: int) -> int:
        """Have this thread and others take chunks; gives the lowest row that failed."""
        counter = np.zeros(1, np.int64)
        others = [
            self._pool.submit(solve_chunks, self.plan, task, counter, scratch)
            for scratch in self._scratch[1:workers]
        ]
        mine = solve_chunks(self.plan, task, counter, self._scratch[0])
        return min([mine, *(other.result() for other in others)])


def _workers(threads: int) -> int:
    """Threads that solve; without compilation a thread only waits for the others."""
    return threads if COMPILED else 1


class _Ordered(NamedTuple):
    """The ratings by row of one side, as `Task` has them."""

    csr: Csr
    tail: NDArray[np.int32]
    chunks: NDArray[np.int64]


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view that cannot be written; a copy only of what is not contiguous and aligned."""
    view = np.require(array, requirements=["C", "A"]).view(np.ndarray)
    view.flags.writeable = False
    return view
