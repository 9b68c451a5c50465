"""What a speed is worth nothing without: the results, and how long judging them takes."""

from pathlib import Path

import numpy as np

from benchmarks.common import (
    RANKS,
    SCALES,
    OverRungs,
    OverVariants,
    Timed,
    map_rung,
    ready_backend,
    write_rungs,
)
from harness.data.ladder.rung import Rung
from harness.measure.judge import Judge, Judgement
from implementations.als import ready, start_factors, sweep
from implementations.backend import AlsBackend
from implementations.problem import AlsParams
from implementations.registry import find

SWEEPS = 10
PARITY_SWEEPS = 2  # the second starts from what the first computed, both sides

# The lowest float64 rung that is quick enough for this. It shares no compiled kernel with those
# above it, so a mistake that all of them made would show.
REFERENCE = "numpy"


def judged(backend: AlsBackend, rung: Rung, sweeps: int) -> Judgement:
    """Judgement of a backend after some sweeps."""
    for _ in range(sweeps):
        sweep(backend)
    return Judge(rung, backend.params)(backend.read())


def reference_file(rank: int, scale: str) -> Path:
    """Where the reference's predictions are."""
    return Path(scale, f"reference-{rank}.npy")


class Quality(OverVariants):
    """What a model is worth, and whether it is the model."""

    def setup_cache(self) -> None:
        """Rungs, and what the reference predicts on them."""
        write_rungs()
        for scale in SCALES:
            rung = map_rung(scale)
            for rank in RANKS:
                backend = ready(find(REFERENCE), rung.train, AlsParams(rank=rank))
                predictions = judged(backend, rung, PARITY_SWEEPS).predictions
                np.save(reference_file(rank, scale), predictions)

    def setup(self, implementation, rank, scale):
        if implementation == "naive":
            raise NotImplementedError("so many sweeps take naive too long")
        self.rung = map_rung(scale)
        self.backend = ready_backend(implementation, rank, self.rung)

    def track_test_rmse(self, implementation, rank, scale):
        return judged(self.backend, self.rung, SWEEPS).test_rmse

    track_test_rmse.unit = "rating units"
    track_test_rmse.pretty_name = f"Test RMSE after {SWEEPS} sweeps"

    def track_parity(self, implementation, rank, scale):
        predictions = judged(self.backend, self.rung, PARITY_SWEEPS).predictions
        expected = np.load(reference_file(rank, scale))
        return float(np.abs(predictions - expected).max())

    track_parity.unit = "rating units"
    track_parity.pretty_name = f"Largest difference from {REFERENCE}'s predictions"


class Judging(OverRungs, Timed):
    """Seconds of judging a model, by dtype of its factors."""

    params = (["float64", "float32"], RANKS, SCALES)
    param_names = ("dtype", "rank", "scale")

    def setup(self, dtype, rank, scale):
        rung = map_rung(scale)
        self.factors = start_factors(rung.train, AlsParams(rank=rank)).astype(np.dtype(dtype))
        self.judge = Judge(rung, AlsParams(rank=rank))
        self.judge(self.factors)  # compiles

    def time_evaluate(self, dtype, rank, scale):
        self.spend(lambda: self.judge(self.factors))

    time_evaluate.pretty_name = "Judging a model"
