"""asv: seconds and quality of every implementation over the history of the code.

ALS_LADDER_ASV_SCALES names other scales than the default, comma-separated.
"""

import os
import pickle
from pathlib import Path

from harness.data.datasets import open_dataset
from harness.data.ladder import cut
from harness.measure.judge import Judge
from implementations.als import start_factors, sweep
from implementations.problem import AlsParams
from implementations.registry import find, names, usable_cores

SCALES = os.environ.get("ALS_LADDER_ASV_SCALES", "100k").split(",")
SWEEPS = 10


class Ladder:
    """One implementation at one scale of the synthetic data set."""

    params = (names(), SCALES)
    param_names = ("implementation", "scale")
    timeout = 600

    def setup_cache(self):
        dataset = open_dataset("synthetic-32m", SCALES, print)
        for scale in SCALES:
            rung = cut(dataset, scale, split_seed=0)
            Path(f"{scale}.pickle").write_bytes(pickle.dumps(rung))

    def setup(self, implementation, scale):
        self.rung = pickle.loads(Path(f"{scale}.pickle").read_bytes())  # noqa: S301 - our own
        params = AlsParams()
        self.backend = find(implementation).create(params, usable_cores())
        self.backend.prepare(self.rung.train)
        self.backend.load(start_factors(self.rung.train, params))
        self.backend.warm_up()


class Time(Ladder):
    """Seconds of half-sweeps and of preparing."""

    def time_users(self, implementation, scale):
        self.backend.update_users()

    def time_items(self, implementation, scale):
        self.backend.update_items()

    def time_prepare(self, implementation, scale):
        self.backend.prepare(self.rung.train)


class Quality(Ladder):
    """RMSE after ten sweeps: a speed without it is worth nothing."""

    def track_test_rmse(self, implementation, scale):
        for _ in range(SWEEPS):
            sweep(self.backend)
        return Judge(self.rung)(self.backend.read()).test_rmse

    track_test_rmse.unit = "rating units"
