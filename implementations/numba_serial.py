"""Rung 3, compilation: the loops compiled, one thread, one copy of the ratings, sorted by user."""

from implementations.array_backend import ArrayBackend, Model, model_of
from implementations.backend import SolveError
from implementations.kernels import solve_columns, solve_rows
from implementations.layout import by_user, csr_bytes
from implementations.problem import Job
from implementations.ratings import Ratings

# Item systems held at a time. Measured at rank 20: a block of some megabytes is
# worth the passes over the users that it costs.
_BLOCK_BYTES = 4 << 20


class NumbaSerial(ArrayBackend):
    """Users row by row; items by scattering each user's ratings into the systems of the items."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Sorting unsorted ratings takes two copies at a time; a `read` copies the factors."""
        return 2 * csr_bytes(job.size) + 2 * job.factor_bytes + 2 * _BLOCK_BYTES

    def prepare(self, train: Ratings) -> None:
        """Compress by user."""
        self._csr = by_user(train)

    def warm_up(self) -> None:
        """Compile for these very types, by solving no row."""
        no_users, no_items = self._factors.users[:0], self._factors.items[:0]
        no_ratings = self._csr._replace(indptr=self._csr.indptr[:1])
        solve_rows(no_ratings, no_items, self._model, 0, 0, no_users)
        solve_columns(no_ratings, no_users, self._model, 1, no_items)

    def update_users(self) -> None:
        """Solve each user from its own row."""
        users, items = self._factors.users, self._factors.items
        row = solve_rows(self._csr, items, self._model, 0, len(users), users)
        if row >= 0:
            raise SolveError("users", row)

    def update_items(self) -> None:
        """Solve the items, a block of them at a time."""
        users, items = self._factors.users, self._factors.items
        system_bytes = (self.params.unknowns + 1) ** 2 // 2 * self.dtype.itemsize
        row = solve_columns(
            self._csr, users, self._model, max(1, _BLOCK_BYTES // system_bytes), items
        )
        if row >= 0:
            raise SolveError("items", row)

    @property
    def _model(self) -> Model:
        return model_of(self.params, self._factors)
