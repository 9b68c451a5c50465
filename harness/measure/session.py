"""What a runner can ask of a worker: a method each, called as `Worker.call(Session.method)`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.measure.contestant import contestant
from harness.measure.cores import Cores
from harness.measure.counters import Counters
from harness.measure.exchange import map_ratings, read_factors, write_factors
from harness.measure.machine import process_bytes, threads_in_force
from harness.measure.pairing import Block, Pairing
from harness.measure.rater import Rater
from harness.measure.timing import ReadCounters, Timed, uncounted
from implementations.backend import Side
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import ProblemSize, Ratings
from implementations.registry import find


@dataclass(frozen=True)
class Answers:
    """What an implementation says before it is tried.

    Attributes
    ----------
    bytes_needed : int
    refusal : str or None
        Why it is not to be tried.
    own_objective : str
        What it minimises, where that is not what was asked for.
    """

    bytes_needed: int
    refusal: str | None
    own_objective: str


@dataclass(frozen=True)
class Facts:
    """A worker's memory and threads, as they are.

    Attributes
    ----------
    peak_bytes : int or None
        VmHWM; None where the system does not say.
    process_bytes : tuple of int
        The same of each of its processes, the worker's own first.
    threads_in_force : dict
    """

    peak_bytes: int | None
    threads_in_force: dict[str, Any]
    process_bytes: tuple[int, ...] = ()


def _count() -> ReadCounters:
    """What reads this process's counters; nothing, where there are none."""
    try:
        return Counters().read
    except OSError:
        return uncounted


class Session:
    """One contestant in a process of its own. Seconds are of the whole call."""

    _cores: Cores

    def ask(self, variant: str, params: AlsParams, threads: int, size: ProblemSize) -> Answers:
        """What a variant says of itself, asked for this."""
        found = find(variant)
        job = found.job(params, threads, size)
        refusal = found.made_by.refuses(job)
        needed = found.bytes_needed(job)
        return Answers(needed, refusal, found.own_objective(params) or "")

    def create(
        self, variant: str, params: AlsParams, threads: int, *, core_each: bool = True
    ) -> None:
        """Make the contestant, whose threads are to have a core each, or may have any."""
        self._variant, self._params = find(variant), params
        if "_cores" in vars(self):
            self._cores.release()  # the next one is to have its choice of all
        self._cores = Cores(threads, each=core_each)
        given = self._variant, params, threads, _count(), self._cores.settling
        self._contestant = contestant(*given)

    def open(self, folder: Path) -> None:
        """Map the training ratings."""
        self._train: Ratings = map_ratings(folder)

    def rehearse(self) -> None:
        """Have `prepare` find its code compiled."""
        self._contestant.rehearse(self._train)

    def prepare(self) -> None:
        """Lay out the ratings."""
        self._contestant.prepare(self._train)

    def load(self, folder: Path) -> None:
        """Take factors from a folder."""
        self._contestant.load(read_factors(folder))

    def warm_up(self) -> None:
        """Compile."""
        self._contestant.warm_up()

    def turn(
        self,
        sweeps: int | None,
        judged: int | None,
        warm: bool = False,
        core_of: int | None = None,
    ) -> Timed:
        """Sweep on the clock (`Contestant.turn`), on the cores of this round (`Cores.of_round`)."""
        with self._cores.of_round(core_of):
            return self._contestant.turn(sweeps, judged, warm)

    def half_sweep(self, side: Side) -> None:
        """One half-sweep, off the clock."""
        self._contestant.half_sweep(side)

    def read(self, folder: Path) -> None:
        """Write the factors to a folder."""
        factors = self._contestant.read()
        self._check(factors)
        write_factors(folder, factors)

    def _check(self, factors: Factors) -> None:
        """See to it that the judge gets what its compiled code takes on trust."""
        dtype, width = self._variant.dtype, self._params.rank + 1
        for side, rows in (("users", self._train.n_users), ("items", self._train.n_items)):
            array = getattr(factors, side)
            if array.shape != (rows, width) or array.dtype != dtype:
                raise ValueError(
                    f"read gave {side} of shape {array.shape} and {array.dtype}, "
                    f"not {(rows, width)} and {dtype}"
                )

    def pair(self, variants: tuple[str, str], params: AlsParams, threads: int) -> None:
        """Two variants on the ratings."""
        old, new = (find(name) for name in variants)
        self._pairing = Pairing((old, new), params, threads, self._train)

    def pair_gap(self) -> float:
        """How far a row of the two is apart after a sweep of both."""
        return self._pairing.largest_difference()

    def pair_blocks(self, seconds: float, seed: int) -> list[Block]:
        """Blocks of turns of the two."""
        return self._pairing.blocks(seconds, seed)

    def rates(self, threads: int) -> tuple[dict[str, float], dict[str, float]]:
        """What the machine can do, median and best; asked of a worker without a contestant."""
        return self._rater.rates(threads)

    @cached_property
    def _rater(self) -> Rater:
        return Rater()

    def facts(self) -> Facts:
        """Memory and threads, as they are."""
        parts = process_bytes("VmHWM")
        return Facts(sum(parts) or None, threads_in_force(), tuple(parts))
