"""Somebody else's implementation: dense, small, and right."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations import AlsBackend, Factors, Job, Ratings, SolveError
from implementations.backend import Side

Array = NDArray[np.float64]


class MyAls(AlsBackend):
    """Dense matrices and a general solver."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return 16 * job.size.n_users * job.size.n_items + 2 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        shape = (train.n_users, train.n_items)
        self._observed = np.zeros(shape, bool)
        self._values = np.zeros(shape)
        self._observed[train.users, train.items] = True
        self._values[train.users, train.items] = train.values

    def load(self, factors: Factors) -> None:
        self._users, self._items = np.array(factors.users, float), np.array(factors.items, float)
        self._mean = factors.mean

    def update_users(self) -> None:
        self._users = self._solve("users", self._observed, self._values, self._items)

    def update_items(self) -> None:
        self._items = self._solve("items", self._observed.T, self._values.T, self._users)

    def read(self) -> Factors:
        return Factors(self._users.copy(), self._items.copy(), self._mean)

    def _solve(self, side: Side, observed: NDArray[np.bool_], values: Array, fixed: Array) -> Array:
        params = self.params
        solved = np.zeros((len(observed), params.rank + 1))
        z = np.hstack([fixed[:, :-1], np.ones((len(fixed), 1))])[:, : params.unknowns]
        penalty = np.append(np.full(params.rank, params.reg), params.bias_reg)[: params.unknowns]
        for row, (mask, rated) in enumerate(zip(observed, values, strict=True)):
            if not mask.any():
                continue
            weight = mask.sum() if params.count_scaled else 1
            gram = z[mask].T @ z[mask] + weight * np.diag(penalty)
            right = z[mask].T @ (rated[mask] - self._mean - fixed[mask, -1])
            solved[row, : params.unknowns] = x = _solution(gram, right)
            if not np.isfinite(x).all():
                raise SolveError(side, row)
        return solved


def _solution(gram: Array, right: Array) -> NDArray[Any]:
    try:
        return np.linalg.solve(gram, right)
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
