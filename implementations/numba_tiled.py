"""Rung 5, the machine: register tiles, prefetch, and one system to a lane of a vector.

How it works, with pictures: docs/kernels.md.
"""

from typing import Any

import numpy as np

from implementations.backend import AlsBackend, Side, SolveError
from implementations.factors import Factors
from implementations.layout import by_user, csr_bytes, transpose
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings
from implementations.tiled.crew import Crew, crew_size
from implementations.tiled.plan import Plan
from implementations.tiled.systems import Systems
from implementations.tiled.target import Target, host_target
from implementations.tiled.task import Scratch, Task


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
        self.plan = self._plan_for(params, self.dtype, target)
        self._crew = Crew(self.plan, params, threads)

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Both CSRs, the row numbers that the transposition needs, the rows, the scratch."""
        params, dtype, threads, size = job
        plan = cls._plan_for(params, dtype)
        ratings = 2 * csr_bytes(size) + 4 * size.n_ratings + 2 * 8 * plan.block
        sides = (size.n_users, size.n_items)
        rows = sum(plan.layout.bytes_needed(n, dtype.itemsize) for n in sides)
        scratch = crew_size(threads) * sum(array.nbytes for array in Scratch.of(plan))
        return ratings + rows + scratch

    @classmethod
    def _plan_for(
        cls, params: AlsParams, dtype: np.dtype[Any], target: Target | None = None
    ) -> Systems:
        target = target or host_target(dtype)
        return Plan(params.rank, params.biases, dtype.name, target)

    def prepare(self, train: Ratings) -> None:
        """Compress by user and by item, and cut both into chunks, heaviest first."""
        users = by_user(train, self.threads)
        self._by_user = self._crew.order(users)
        self._by_item = self._crew.order(transpose(users, train.n_items, self.threads))

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
        self._crew.compile(self._task("users"))

    def update_users(self) -> None:
        """Solve each user from its row of the first copy."""
        self._solve("users")

    def update_items(self) -> None:
        """Solve each item from its row of the second copy."""
        self._solve("items")

    def _task(self, side: Side) -> Task:
        if side == "users":
            parts = self._by_user, self._mean, self._items, self._users
        else:
            parts = self._by_item, self._mean, self._users, self._items
        return self._crew.task(*parts, self.relaxation)

    def _solve(self, side: Side) -> None:
        row = self._crew.solve(self._task(side))
        if row is not None:
            raise SolveError(side, row)
