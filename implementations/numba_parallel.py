"""Rung 4, the dual CSR: a second copy sorted by item, hence independent rows, hence threads."""

import numpy as np
from numpy.typing import NDArray

from implementations.array_backend import ArrayBackend, model_of
from implementations.backend import Side, SolveError
from implementations.jit import numba_threads
from implementations.kernels import solve_chunks
from implementations.layout import by_user, chunks_of_equal_work, csr_bytes, transpose
from implementations.problem import Float, Job
from implementations.ratings import Csr, Ratings

# Chunks per thread: enough that the last ones to finish leave little idle.
_CHUNKS_PER_THREAD = 32


class NumbaParallel(ArrayBackend):
    """Both sides row by row, chunks of rows with equal numbers of ratings spread over threads."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Both CSRs, three times one where ratings come unsorted; a `read` copies the factors."""
        counts = 8 * job.threads * max(job.size.n_users, job.size.n_items)
        return 3 * csr_bytes(job.size) + counts + 2 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        """Compress by user and by item, and cut both into chunks."""
        self._by_user = by_user(train, self.threads)
        self._by_item = transpose(self._by_user, train.n_items, self.threads)
        # One more row costs a factorisation: about as many operations as unknowns / 3 ratings.
        cut = (_CHUNKS_PER_THREAD * self.threads, self.params.unknowns / 3)
        self._user_chunks = chunks_of_equal_work(self._by_user.indptr, *cut)
        self._item_chunks = chunks_of_equal_work(self._by_item.indptr, *cut)

    def warm_up(self) -> None:
        """Compile for these very types, by solving no row; wake the threads."""
        no_rows = np.zeros(1, np.int64)
        self._solve("users", self._by_user, no_rows, self._factors.items, self._factors.users)
        self._solve("items", self._by_item, no_rows, self._factors.users, self._factors.items)

    def update_users(self) -> None:
        """Solve each user from its row of the first copy."""
        factors = self._factors
        self._solve("users", self._by_user, self._user_chunks, factors.items, factors.users)

    def update_items(self) -> None:
        """Solve each item from its row of the second copy."""
        factors = self._factors
        self._solve("items", self._by_item, self._item_chunks, factors.users, factors.items)

    def _solve(
        self,
        side: Side,
        csr: Csr,
        chunks: NDArray[np.int64],
        fixed: NDArray[Float],
        out: NDArray[Float],
    ) -> None:
        with numba_threads(self.threads):
            row = solve_chunks(csr, fixed, model_of(self.params, self._factors), chunks, out)
        if row >= 0:
            raise SolveError(side, row)
