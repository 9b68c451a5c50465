"""Hand-made runs of many rounds, of which two are to be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from made_runs import planned, rung_started, turns

from harness.results.events import Ended, Event, Quality, RungEnded, RunStarted, Turn
from harness.results.records import Run, fold

Seconds = Mapping[str, Sequence[float]]
NAMES = ("naive", "numpy", "numba-serial", "numba-parallel", "numba-parallel-f32")
PLAN = {"params": {"rank": 20, "reg": 25.0}, "split_seed": 0, "sweeps": 10, "baseline": "naive"}
MACHINE = {"cpu": "a", "usable_cores": 2, "vector": "AVX2", "packages": {"numpy": "2.0"}}
DATA = {"name": "made", "synthetic": False, "sha256": "5a"}
STARTED = RunStarted("2026-01-01T00:00:00+00:00", PLAN, DATA, MACHINE)


def seconds(seed: int, names: Sequence[str] = NAMES, rounds: int = 20, **slowed: float) -> Seconds:
    """Seconds with 2 % of noise and a drift that all share; some are slowed by a factor."""
    random = np.random.default_rng(seed)
    drift = np.exp(random.normal(0.0, 0.2) + 0.3 * random.standard_normal(rounds))
    made = {}
    for number, name in enumerate(names):
        noise = np.exp(0.02 * random.standard_normal(rounds))
        made[name] = (
            slowed.get(name.replace("-", "_"), 1.0) * 4.0**-number * drift * noise
        ).tolist()
    return made


def events(of: Seconds, started: RunStarted = STARTED, off: float = 0.0) -> list[Event]:
    """A run's log: all these cells are well."""
    made: list[Event] = [started, rung_started()]
    made += [planned(name) for name in of]
    for name, values in of.items():
        cell = planned(name).cell
        made += in_processes(turns(cell, values))
        made.append(Quality(cell, 1, 0.8 + off, 0.9, None))
        made.append(Ended(cell, "ok", "", 1))
    return [*made, RungEnded("100k", 1.0)]


def in_processes(of: Sequence[Turn]) -> list[Turn]:
    """The same turns, taken in two processes."""
    half = len(of) // 2
    return [replace(turn, process=1 + (n >= half)) for n, turn in enumerate(of)]


def run_of(of: Seconds, started: RunStarted = STARTED, off: float = 0.0) -> Run:
    return fold(events(of, started, off))
