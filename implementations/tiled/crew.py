"""Threads that solve the rows of one side, each with scratch of its own."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.array_backend import Model, ridge
from implementations.layout import read_only
from implementations.problem import AlsParams
from implementations.ratings import Csr
from implementations.tiled.kernel import COMPILED, solve_chunks
from implementations.tiled.rows import Rows
from implementations.tiled.schedule import ROW_COST, schedule
from implementations.tiled.systems import Systems
from implementations.tiled.task import Scratch, Task

# Vector operations below which another thread costs more than it saves: measured.
_LEAST_WORK = 300_000


class Ordered(NamedTuple):
    """Ratings by row of one side, as `Task` has them: padded for the prefetch, and scheduled."""

    csr: Csr
    tail: NDArray[np.int32]
    chunks: NDArray[np.int64]


class Crew:
    """Some threads, and what they need to solve rows of a plan.

    Parameters
    ----------
    plan : Systems
    params : AlsParams
    threads : int
    """

    def __init__(self, plan: Systems, params: AlsParams, threads: int) -> None:
        self._plan, self._params, self._threads = plan, params, threads
        self._workers = crew_size(threads)
        self.scratch = [Scratch.of(plan) for _ in range(self._workers)]
        self._pool = ThreadPoolExecutor(self._workers)
        self._dtype = np.dtype(plan.dtype)
        self._ridge = ridge(params).astype(self._dtype)

    def order(self, csr: Csr) -> Ordered:
        """Schedule ratings, and pad their end for the prefetch."""
        block = self._plan.block
        tail = np.zeros(2 * block, np.int32)
        last = csr.indices[-block:]
        tail[block - len(last) : block] = last
        chunks = schedule(csr.indptr, self._threads)
        return Ordered(read_only(csr), tail, chunks)

    def task(
        self, ratings: Ordered, mean: float, fixed: Rows, out: Rows, relaxation: float = 1.0
    ) -> Task:
        """What a half-sweep works on."""
        real = self._dtype.type
        model = Model(mean, self._ridge, self._params.count_scaled)
        tolerance = real(self._params.unknowns) * np.finfo(self._dtype).eps
        csr, tail, chunks = ratings
        rank = self._params.rank
        return Task(csr, tail, fixed, out, model, chunks, rank, tolerance, real(relaxation))

    def compile(self, task: Task) -> None:
        """Compile for a task, by taking none of its chunks, and start the threads."""
        self._run(task._replace(chunks=task.chunks[:0]), self._workers)

    def solve(self, task: Task) -> int | None:
        """Solve all rows; gives the lowest that failed, None where none did."""
        n_rows, n_ratings = len(task.csr.indptr) - 1, len(task.csr.indices)
        work = (n_ratings + ROW_COST * n_rows) * self._plan.n_accumulators
        row = self._run(task, min(self._workers, 1 + work // _LEAST_WORK))
        return row if row < n_rows else None

    def _run(self, task: Task, workers: int) -> int:
        """Have this thread and others take chunks; gives the lowest row that failed."""
        counter = np.zeros(1, np.int64)
        others = [
            self._pool.submit(solve_chunks, self._plan, task, counter, scratch)
            for scratch in self.scratch[1:workers]
        ]
        mine = solve_chunks(self._plan, task, counter, self.scratch[0])
        return min([mine, *(other.result() for other in others)])


def crew_size(threads: int) -> int:
    """Threads that solve; without compilation a thread only waits for the others."""
    return threads if COMPILED else 1
