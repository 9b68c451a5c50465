"""Training as a protocol says, judging the result, and timing sweeps for a speed-up."""

import dataclasses
from collections.abc import Callable
from statistics import median
from time import perf_counter

from harness.cost import worker_bytes
from harness.data.ladder.rung import Rung
from harness.measure.judge import Judge
from harness.reproduce.biases import fit_biases, rmse
from harness.reproduce.protocol import Als, Biases, Model, Quantity
from implementations.als import start_factors, sweep
from implementations.backend import AlsBackend
from implementations.ratings import ProblemSize, Ratings
from implementations.registry import usable_cores
from implementations.variant import Variant

Tick = Callable[[int, int, float], None]
"""Takes the sweeps done, the sweeps in all, and the seconds since the first began."""

Measured = dict[Quantity, float]

# Enough for a factor between implementations; what takes longer than this is timed once.
_TIMED_SWEEPS, _TIMED_S = 5, 30.0


class NoRoomError(Exception):
    """An implementation would need more memory than there is."""


@dataclasses.dataclass(frozen=True)
class Trainer:
    """Trains and judges models.

    Attributes
    ----------
    variant : Variant
    free_bytes : int
        Memory that it may take.
    tick : callable
        Told after every sweep.
    """

    variant: Variant
    free_bytes: int
    tick: Tick

    def measure(self, rung: Rung, model: Model) -> Measured:
        """RMSE and counts of a model trained on a rung.

        Raises
        ------
        NoRoomError
            Where there is too little memory.
        SolveError
            Where a row cannot be solved.
        """
        train, test = self._judged(rung, model)
        return {
            "train RMSE": train,
            "test RMSE": test,
            "training ratings": len(rung.train),
            "test ratings": len(rung.test),
        }

    def sweep_s(self, train: Ratings, model: Als) -> float:
        """Median seconds of a few sweeps; of one, where that takes long.

        Raises
        ------
        NoRoomError, SolveError
            As `measure` does.
        """
        backend, times = self._ready(train, model), list[float]()
        while not times or (len(times) < _TIMED_SWEEPS and sum(times) < _TIMED_S):
            begun = perf_counter()
            sweep(backend)
            times.append(perf_counter() - begun)
            self.tick(len(times), _TIMED_SWEEPS, sum(times))
        return median(times)

    def _judged(self, rung: Rung, model: Model) -> tuple[float, float]:
        if isinstance(model, Biases):
            biases, mean = fit_biases(rung.train, model), rung.train.mean
            sides = (rung.train, rung.test)
            train, test = (rmse(side, mean, biases, model) for side in sides)
            return train, test
        backend, begun = self._ready(rung.train, model), perf_counter()
        for number in range(1, model.sweeps + 1):
            sweep(backend)
            self.tick(number, model.sweeps, perf_counter() - begun)
        judgement = Judge(rung, model.params)(backend.read())
        return judgement.train_rmse, judgement.test_rmse or float("nan")

    def _ready(self, train: Ratings, model: Als) -> AlsBackend:
        job = self.variant.job(model.params, usable_cores(), ProblemSize.of(train))
        needed = worker_bytes(self.variant.made_by.bytes_needed(job), len(train))
        if needed > self.free_bytes:
            raise NoRoomError(
                f"{self.variant.name} needs about {needed / 2**30:.1f} GiB of memory, and "
                f"{self.free_bytes / 2**30:.1f} are free"
            )
        backend = self.variant.create(model.params, usable_cores())
        start = start_factors(train, model.params)
        backend.prepare(train)
        backend.load(start if model.centred else dataclasses.replace(start, mean=0.0))
        backend.warm_up()
        return backend
