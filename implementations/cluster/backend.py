"""Partitions of both sides on the workers of a Dask cluster, to the bits of `numba-tiled`."""

import os
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.backend import AlsBackend, Side
from implementations.cluster.clients import SCHEDULER
from implementations.cluster.half_sweep import solve_side
from implementations.cluster.part import Part, parts_of
from implementations.cluster.workers import Placed, Workers
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
        call = self.workers.call
        self.workers.results(
            self._parts["users"], lambda one: call(Part.compile, one.future, worker=one.worker)
        )

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
        sides = self._rows[side], self._rows[other]
        given = self._parts[side], *sides, self._mean, self.relaxation
        self._rows[side] = solve_side(self.workers, side, *given)
