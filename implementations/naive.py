"""Rung 1: plain Python loops over lists of floats, like the formulas: it defines the result.

For one row with ratings r_j of other-side rows [q_j; c_j], and x = [p; b] the row to be solved:

    A = Σ_j z_j z_jᵀ + w·diag(ridge),  y = Σ_j z_j t_j,  A x = y,
    with z_j = [q_j; 1] and t_j = r_j - μ - c_j

(Koren, Bell, Volinsky 2009, with the bias as one more unknown.)
"""

from collections.abc import Sequence
from math import isfinite, sqrt
from sys import float_info

import numpy as np

from implementations.array_backend import ridge
from implementations.backend import AlsBackend, Side, SolveError
from implementations.factors import Factors
from implementations.problem import Job
from implementations.ratings import Ratings

Vector = list[float]
Matrix = list[Vector]
Row = list[tuple[int, float]]  # the ratings of one user or item: (id of the other, rating)

# Seen in CPython: a float object with its place in a list, and a tuple of two with its own.
_FLOAT_BYTES, _RATING_BYTES = 32, 96


class Naive(AlsBackend):
    """Plain Python. NumPy appears at the door only, where arrays become lists and back."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Python objects: every rating twice, every factor once and in the array of `read`."""
        size = job.size
        numbers = (size.n_users + size.n_items) * (job.params.rank + 1)
        return 2 * _RATING_BYTES * size.n_ratings + 2 * _FLOAT_BYTES * numbers

    def prepare(self, train: Ratings) -> None:
        """List each user's and each item's ratings, the other ids ascending."""
        self._by_user: list[Row] = [[] for _ in range(train.n_users)]
        self._by_item: list[Row] = [[] for _ in range(train.n_items)]
        columns = (train.users.tolist(), train.items.tolist(), train.values.tolist())
        for user, item, rating in zip(*columns):
            self._by_user[user].append((item, rating))
            self._by_item[item].append((user, rating))
        for row in self._by_user + self._by_item:
            row.sort()

    def load(self, factors: Factors) -> None:
        """Take these factors as lists."""
        self._users: Matrix = factors.users.tolist()
        self._items: Matrix = factors.items.tolist()
        self._mean = factors.mean

    def update_users(self) -> None:
        """Solve the users for the present items."""
        self._users = self._solve("users", self._by_user, self._items)

    def update_items(self) -> None:
        """Solve the items for the present users."""
        self._items = self._solve("items", self._by_item, self._users)

    def read(self) -> Factors:
        """Copy the present factors into arrays."""
        shape = (-1, self.params.rank + 1)
        users = np.array(self._users, self.dtype).reshape(shape)
        items = np.array(self._items, self.dtype).reshape(shape)
        return Factors(users, items, self._mean)

    def _solve(self, side: Side, rows: list[Row], fixed: Matrix) -> Matrix:
        rank, biases = self.params.rank, self.params.biases
        diagonal: Vector = ridge(self.params).tolist()
        solved = []
        for number, row in enumerate(rows):
            x = [0.0] * (rank + 1)
            if row:
                matrix, rhs = normal_equations(row, fixed, self._mean, biases)
                weight = len(row) if self.params.count_scaled else 1
                for i, value in enumerate(diagonal):
                    matrix[i][i] += weight * value
                solution = solve(matrix, rhs)
                if solution is None:
                    raise SolveError(side, number)
                x[: len(solution)] = solution
            solved.append(x)
        return solved


def normal_equations(row: Row, fixed: Matrix, mean: float, biases: bool) -> tuple[Matrix, Vector]:
    """Lower triangle of Σ z zᵀ, and Σ z t, over the ratings of one row."""
    z, t = [], []
    for other, rating in row:
        *q, c = fixed[other]
        z.append([*q, 1.0] if biases else q)
        t.append(rating - mean - c)
    # Entry by entry: with the loop over ratings outside, it takes half as long again (measured).
    columns = list(zip(*z))
    matrix = [[dot(a, b) for b in columns[: i + 1]] for i, a in enumerate(columns)]
    return matrix, [dot(a, t) for a in columns]


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    """Σ a b, in this order."""
    total = 0.0
    for x, y in zip(a, b):
        total += x * y
    return total


def solve(matrix: Matrix, rhs: Vector) -> Vector | None:
    """Solve A x = rhs by A = L Lᵀ (Cholesky), A given as its lower triangle; None where it fails.

    A pivot is not usable at (unknowns)·eps·(its diagonal entry before elimination) or below.
    """
    n = len(rhs)
    lower: Matrix = []
    forward: Vector = []
    for i in range(n):
        row: Vector = []
        for j in range(i):
            total = matrix[i][j]
            for l_ik, l_jk in zip(row, lower[j]):  # row ends before column j
                total -= l_ik * l_jk
            row.append(total / lower[j][j])
        pivot, total = matrix[i][i], rhs[i]
        for l_ik, y_k in zip(row, forward):
            pivot -= l_ik * l_ik
            total -= y_k * l_ik
        if not pivot > n * float_info.epsilon * matrix[i][i]:  # catches NaN, too
            return None
        row.append(sqrt(pivot))
        lower.append(row)
        forward.append(total / row[i])
    x = forward
    for i in reversed(range(n)):
        x[i] /= lower[i][i]
        for k in range(i):
            x[k] -= lower[i][k] * x[i]
    return x if all(map(isfinite, x)) else None
