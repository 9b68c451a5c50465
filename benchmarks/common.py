"""What the suites share: data made once, backends that are ready to sweep, and a steady clock.

ALS_LADDER_ASV_SCALES names other scales than 100k, comma-separated; ALS_LADDER_ASV_DATA another
data set than the synthetic one: a name or a path, as `python -m harness run --data` takes it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np

from harness.data.dataset import Dataset
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.rung import Rung, cold_mask
from harness.data.ladder.scales import cut
from harness.measure.exchange import map_ratings, write_ratings
from implementations.als import ready
from implementations.backend import AlsBackend
from implementations.problem import AlsParams
from implementations.registry import find, names
from implementations.variant import Variant

SOURCE = os.environ.get("ALS_LADDER_ASV_DATA", SYNTHETIC)
SCALES = os.environ.get("ALS_LADDER_ASV_SCALES", "100k").split(",")
RANKS = [20, 64]
VARIANTS = names()  # the dtype is part of a variant's name
SPLIT_SEED = 0

# Too slow for a second rank; above this many training ratings too slow for any.
_INTERPRETED = {"naive": 100_000, "numpy": 10_000_000}

_MOST_CALLS, _ENOUGH_S = 30, 0.4


class OverRungs:
    """Data of a suite: a rung for each scale, as files that every benchmark maps."""

    timeout = 600

    def setup_cache(self) -> None:
        """Make the rungs, in asv's own folder: it is removed after the run."""
        write_rungs()


class OverVariants(OverRungs):
    """A benchmark for each variant, rank and scale."""

    params = (VARIANTS, RANKS, SCALES)
    param_names = ("implementation", "rank", "scale")


class Timed:
    """How seconds are measured: few samples, one a round, and each the fastest of some calls.

    What else runs on a machine can only make a call slower, so the fastest is the steady one. A
    machine also drifts over minutes: samples of one round resemble each other, and asv's test for
    a difference takes samples for independent. Hence one a round, and rounds that take turns.
    """

    rounds = 8
    repeat = 1
    number = 1
    warmup_time = 0  # it is up to `setup`

    elapsed = 0.0

    def timer(self) -> float:
        """Clock that asv reads: it goes on by the fastest call, whatever the others took."""
        return self.elapsed

    def spend(self, call: Callable[[], object]) -> None:
        """Make calls that can be repeated; let the clock go on by the fastest of them."""
        self.elapsed += fastest(call)


def fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest of some calls: of one alone where that takes long."""
    seconds: list[float] = []
    while not seconds or (len(seconds) < _MOST_CALLS and sum(seconds) < _ENOUGH_S):
        start = perf_counter()
        call()
        seconds.append(perf_counter() - start)
    return min(seconds)


def open_scale(scale: str) -> Dataset:
    """Data set that a scale is cut from; the user's cache keeps it, as for every command."""
    return open_dataset(SOURCE, [scale], print)


def write_rungs() -> None:
    """Write a rung for each scale into the working directory."""
    for scale in SCALES:
        rung = cut(open_scale(scale), scale, SPLIT_SEED)
        for part in ("train", "test"):
            write_ratings(Path(scale, part), getattr(rung, part))
        np.savez(Path(scale, "ids.npz"), users=rung.user_ids, movies=rung.movie_ids)


def map_rung(scale: str) -> Rung:
    """Rung of a scale, its ratings as maps of the files in the working directory."""
    train, test = (map_ratings(Path(scale, part)) for part in ("train", "test"))
    n_cold = int(np.count_nonzero(cold_mask(train, test)))
    with np.load(Path(scale, "ids.npz")) as ids:
        return Rung(scale, train, test, ids["users"], ids["movies"], n_cold)


def variant_for(name: str, rank: int, rung: Rung) -> Variant:
    """Variant that is to be run.

    Raises
    ------
    NotImplementedError
        Where it would take too long or there is none at this commit: asv then shows "n/a".
    """
    if name in _INTERPRETED and (rank > min(RANKS) or len(rung.train) > _INTERPRETED[name]):
        raise NotImplementedError(f"{name} takes too long here")
    try:
        return find(name)
    except KeyError as error:
        raise NotImplementedError(f"{name} is not here at this commit") from error


def ready_backend(name: str, rank: int, rung: Rung) -> AlsBackend:
    """Backend of a variant, prepared, loaded and warm. Raises as `variant_for` does."""
    return ready(variant_for(name, rank, rung), rung.train, AlsParams(rank=rank))
