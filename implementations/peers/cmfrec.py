"""cmfrec (github.com/david-cortes/cmfrec): the same objective, from a start of its own."""

from typing import Any, ClassVar

import numpy as np

from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings
from implementations.whole_fit import WholeFit


class Cmfrec(WholeFit):
    """cmfrec, Cholesky: the same objective, its own start.

    Its `lambda_` is our ridge: biases of users and items, factors of both. `scale_lam` multiplies
    all of it by a row's count, as `count_scaled` does.
    """

    dtype_name = "float32"
    requires = "cmfrec"
    use_cg: ClassVar[bool] = False

    @classmethod
    def own_objective(cls, params: AlsParams) -> str | None:  # noqa: ARG003
        """None: each of the four modes is ours."""
        return None

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """The triplets that it takes, both its compressed copies, and the factors, twice."""
        return (16 + 2 * 16) * job.size.n_ratings + 4 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        """Make the sparse matrix that it takes."""
        from scipy.sparse import coo_array, coo_matrix

        shape = (train.n_users, train.n_items)
        self._shape = shape
        self._ratings = coo_matrix(coo_array((train.values, (train.users, train.items)), shape))

    def warm_up(self) -> None:
        """Import it."""
        import cmfrec  # noqa: F401

    def fit(self, sweeps: int) -> None:
        """Train anew with so many iterations."""
        import cmfrec

        params = self.params
        biases = params.bias_reg if params.biases else 0.0
        self._model = cmfrec.CMF(
            method="als",
            k=params.rank,
            lambda_=[biases, biases, *[params.reg] * 4],
            user_bias=params.biases,
            item_bias=params.biases,
            scale_lam=params.count_scaled,
            use_cg=self.use_cg,
            finalize_chol=False,
            niter=sweeps,
            use_float=True,
            nthreads=self.threads,
            precompute_for_predictions=False,
            random_state=params.seed + 1,
            verbose=False,
        ).fit(self._ratings)

    def read(self) -> Factors:
        """The model trained last; rows without ratings are zero, as cmfrec never writes them."""
        model = self._model
        users = self._rows(model.A_, model.user_bias_, self._ratings.row, self._shape[0])
        items = self._rows(model.B_, model.item_bias_, self._ratings.col, self._shape[1])
        return Factors(users, items, float(model.glob_mean_))

    def _rows(self, factors: Any, biases: Any, rated: Any, n_rows: int) -> Any:
        """Rows [factor; bias] of what has ratings; a bias that is not there is zero."""
        rows = np.zeros((n_rows, self.params.rank + 1), self.dtype)
        rated = np.unique(rated)
        rows[rated, :-1] = factors[rated]
        if self.params.biases:
            rows[rated, -1] = biases[rated]
        return rows


class CmfrecCg(Cmfrec):
    """cmfrec, conjugate gradient: a few steps towards each row's solution."""

    use_cg = True
