"""Partitions of both sides on the workers of a Dask cluster, to the bits of `numba-tiled`."""

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.backend import AlsBackend, Side, SolveError
from implementations.cluster.part import Part, parts_of
from implementations.cluster.workers import SCHEDULER, Placed, Workers
from implementations.factors import Factors
from implementations.layout import by_user, csr_bytes, transpose
from implementations.problem import AlsParams, Float, Job
from implementations.ratings import Csr, Ratings

# An interpreter with Dask and Numba in it.
_WORKER_BYTES = 220 << 20


class DaskTiled(AlsBackend):
    """Partitions of both sides on the workers of a cluster, which are sent the factors they need.

    Each worker holds its partitions of both CSRs. In a half-sweep it is sent the other side, whole
    or the rows that it touches, and gives back its own. What is lost with a worker is sent to
    another one and solved anew, to the same bits: a row depends on its own ratings alone.

    Parameters
    ----------
    params, dtype
        As of `AlsBackend`.
    threads : int
        Workers of a local cluster, one thread each; `workers.SCHEDULER` names another cluster.
    """

    relaxes = True

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(params, dtype, threads)
        self._parts: dict[Side, list[Placed]] = {}

    @cached_property
    def workers(self) -> Workers:
        """The workers, started when they are first needed."""
        return Workers(self.threads)

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Both CSRs here, for what may be lost; on local workers, both again, and factors."""
        both = 2 * csr_bytes(job.size)
        here = 3 * both + 4 * job.size.n_ratings + 4 * job.factor_bytes
        if os.environ.get(SCHEDULER):
            return here
        return here + both + job.threads * (_WORKER_BYTES + 2 * job.factor_bytes)

    def prepare(self, train: Ratings) -> None:
        """Compress by user and by item, cut both into partitions, and send them to workers."""
        self._sizes: dict[Side, int] = {"users": train.n_users, "items": train.n_items}
        users = by_user(train, self.threads)
        items = transpose(users, train.n_items, self.threads)
        self._parts = {
            "users": self._placed(users, train.n_items),
            "items": self._placed(items, train.n_users),
        }

    def load(self, factors: Factors) -> None:
        """Keep a copy of these factors; workers are sent what they need in each half-sweep."""
        self._mean = float(factors.mean)
        copy = factors.astype(self.dtype)
        self._rows: dict[Side, NDArray[Float]] = {"users": copy.users, "items": copy.items}

    def warm_up(self) -> None:
        """Have every worker compile."""
        placed = self._parts["users"]
        calls = [self.workers.call(Part.compile, p.future, worker=p.worker) for p in placed]
        for call in calls:
            call.result()

    def update_users(self) -> None:
        """Solve all partitions of users."""
        self._update("users", "items")

    def update_items(self) -> None:
        """Solve all partitions of items."""
        self._update("items", "users")

    def read(self) -> Factors:
        """Copy of the present factors."""
        return Factors(self._rows["users"].copy(), self._rows["items"].copy(), self._mean)

    def _placed(self, csr: Csr, n_other: int) -> list[Placed]:
        workers = self.workers
        name = self.dtype.name
        return workers.place(parts_of(csr, n_other, workers.partitions, self.params, name))

    def _update(self, side: Side, other: Side) -> None:
        placed = self._parts[side]
        solved = self.workers.solve_all(placed, self._asking(side, self._rows[other]))
        failed = [one.failed for one in solved if one.failed is not None]
        if failed:
            raise SolveError(side, min(failed))
        rows = np.zeros((self._sizes[side], self.params.rank + 1), self.dtype)
        for one, found in zip(placed, solved, strict=True):
            rows[one.part.first : one.part.first + one.part.n_rows] = found.rows
        self._rows[side] = rows

    def _asking(self, side: Side, fixed: NDArray[Float]) -> Callable[[Placed], Any]:
        """How a partition is asked to be solved: with all of the other side, or a part of it."""
        workers, mine, relaxation = self.workers, self._rows[side], self.relaxation
        whole: dict[int, Any] = {}  # by the number of losses: sent again after each

        def ask(one: Placed) -> Any:
            if one.part.needed is not None:
                given = workers.send(fixed[one.part.needed], one.worker)
            else:
                if workers.lost not in whole:
                    whole[workers.lost] = workers.send_to_all(fixed)
                given = whole[workers.lost]
            old = None
            if relaxation != 1:
                stop = one.part.first + one.part.n_rows
                old = workers.send(mine[one.part.first : stop], one.worker)
            asked: Sequence[Any] = (one.future, given, self._mean, old, relaxation)
            return workers.call(Part.solve, *asked, worker=one.worker)

        return ask
