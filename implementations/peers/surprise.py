"""scikit-surprise (surpriselib.com): biases alone, a line of quality that factors have to pass."""

from collections import defaultdict
from typing import Any

import numpy as np

from implementations.factors import Factors
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings
from implementations.whole_fit import WholeFit

# A tuple, a float and two references, once for each side, in lists that grow.
_BYTES_PER_RATING = 250


class SurpriseBaseline(WholeFit):
    """scikit-surprise's BaselineOnly: biases by ALS, no factors."""

    dtype_name = "float64"
    most_threads = 1
    requires = "scikit-surprise"

    @classmethod
    def own_objective(cls, params: AlsParams) -> str | None:  # noqa: ARG003
        """Our ridge of the biases; there is no factor."""
        return "biases alone, no factors"

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        """Models without biases, and ridges that it does not know."""
        if not job.params.biases:
            return "it fits biases alone, and this model has none"
        return "its ridge cannot be scaled by counts" if job.params.count_scaled else None

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Python lists of tuples, of either side."""
        return _BYTES_PER_RATING * job.size.n_ratings + 4 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        """Make its training set, of ids that are its inner ones already."""
        from surprise.trainset import Trainset

        by_user, by_item = defaultdict(list), defaultdict(list)
        columns = (train.users.tolist(), train.items.tolist(), train.values.tolist())
        for user, item, rating in zip(*columns, strict=True):
            by_user[user].append((item, rating))
            by_item[item].append((user, rating))
        scale = (float(train.values.min()), float(train.values.max()))
        shape = (train.n_users, train.n_items)
        self._train = Trainset(by_user, by_item, *shape, len(train), scale, {}, {})

    def warm_up(self) -> None:
        """Import it."""
        import surprise  # noqa: F401

    def fit(self, sweeps: int) -> None:
        """Train anew with so many iterations."""
        from surprise import BaselineOnly

        ridge = self.params.bias_reg
        options = {"method": "als", "n_epochs": sweeps, "reg_u": ridge, "reg_i": ridge}
        self._model = BaselineOnly(bsl_options=options, verbose=False)
        self._model.fit(self._train)

    def read(self) -> Factors:
        """The model trained last; its factors are zero."""
        users, items = self._rows(self._model.bu), self._rows(self._model.bi)
        return Factors(users, items, float(self._train.global_mean))

    def _rows(self, biases: Any) -> Any:
        rows = np.zeros((len(biases), self.params.rank + 1), self.dtype)
        rows[:, -1] = biases
        return rows
