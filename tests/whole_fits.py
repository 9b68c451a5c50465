"""Libraries that have `fit` only, as a third party would bring them in."""

from time import sleep

from implementations import AlsParams, Factors, Job, Ratings, WholeFit
from implementations.als import start_factors
from implementations.numpy_batched import NumpyBatched


class OtherStart(WholeFit):
    """The same objective, from a start of its own."""

    @classmethod
    def own_objective(cls, params: AlsParams) -> str | None:
        return None

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return 100 * job.size.n_ratings + 4 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        self._train = train

    def fit(self, sweeps: int) -> None:
        params = AlsParams(**{**vars(self.params), "seed": self.params.seed + 1})
        solver = NumpyBatched(params, self.dtype)
        solver.prepare(self._train)
        solver.load(start_factors(self._train, params))
        for _ in range(sweeps):
            solver.update_users()
            solver.update_items()
        self._factors = solver.read()

    def read(self) -> Factors:
        return self._factors


class OwnObjective(OtherStart):
    """Twice the regularisers."""

    @classmethod
    def own_objective(cls, params: AlsParams) -> str | None:
        return "twice the regularisers"

    def fit(self, sweeps: int) -> None:
        given, twice = self.params, {"reg": 2 * self.params.reg, "bias_reg": 2 * self.params.reg}
        self.params = AlsParams(**{**vars(given), **twice})
        try:
            super().fit(sweeps)
        finally:
            self.params = given


class Sleeper(OtherStart):
    """An iteration takes 10 ms, and everything around it 60 ms."""

    fits: list[int]

    def prepare(self, train: Ratings) -> None:
        super().prepare(train)
        self.fits = []

    def fit(self, sweeps: int) -> None:
        self.fits.append(sweeps)
        sleep(0.06 + 0.01 * sweeps)


class Timeless(OtherStart):
    """Iterations take no time."""

    def fit(self, sweeps: int) -> None:
        sleep(0.02 / sweeps)


class FailingFit(OtherStart):
    """Finds no solution."""

    def fit(self, sweeps: int) -> None:
        raise RuntimeError("no convergence")
