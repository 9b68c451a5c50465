"""What a run is to do."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from implementations.problem import AlsParams
from implementations.variant import Variant

SHARE = 0.5
"""Of a rung's seconds on the clock, what one cell may take where no budget was asked for."""

# Processes of a cell, one after another: six at least, and of many rounds one for every five of
# them, up to eighteen. What processes differ by is the greater part of an interval by then.
_FEWEST_PROCESSES, _MOST_PROCESSES, _ROUNDS_EACH = 6, 18, 5
# Where the rounds may end early, they can after each process: these are shorter then.
_PRECISE_PROCESS_ROUNDS = 10


def process_rounds_of(rounds: int, precision: float | None = None) -> int:
    """Rounds after which cells go on in new processes, in a run of so many rounds."""
    if precision is not None:
        return _PRECISE_PROCESS_ROUNDS
    processes = min(max(rounds // _ROUNDS_EACH, _FEWEST_PROCESSES), _MOST_PROCESSES)
    return ceil(rounds / processes)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides what a run does, its data set apart.

    Attributes
    ----------
    implementations : tuple of str
        In the order asked for.
    rungs : tuple of str
        Ascending.
    threads : tuple of int
        Thread counts; a variant that can use fewer gets a cell for what it can use.
    params : AlsParams
    sweeps : int
        First sweeps, after each of which quality is judged.
    rounds : int
        Turns of every cell, so far as its budget goes.
    process_rounds : int
        Rounds after which a cell goes on in a new process: where its code and memory lie makes a
        difference that lasts as long as the process.
    budget_s : float
        Seconds of sweeps that a cell may take; may be infinite.
    share : float or None
        Of all seconds on the clock at a rung, how much a slow cell may take (`Live.wants_a_turn`);
        None: its budget alone decides.
    precision : float or None
        A rung's rounds end early where the half-widths of all intervals, relative to the ratio, are
        at most this; None: all rounds are taken.
    baseline : str
        The implementation that speedups are relative to.
    split_seed, shuffle_seed : int
        Of the holdout, and of the order of turns.
    """

    implementations: tuple[str, ...]
    rungs: tuple[str, ...]
    threads: tuple[int, ...]
    params: AlsParams
    sweeps: int = 10
    rounds: int = 30
    process_rounds: int = 5
    budget_s: float = 90.0
    share: float | None = None
    precision: float | None = None
    baseline: str = ""
    split_seed: int = 0
    shuffle_seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """The plan as the log holds it; an infinite budget as None, which JSON can say."""
        plan = asdict(self)
        plan["budget_s"] = None if self.budget_s == float("inf") else self.budget_s
        for name in ("implementations", "rungs", "threads"):
            plan[name] = list(plan[name])
        return plan


@dataclass(frozen=True)
class Entrant:
    """A variant with a thread count, at every rung."""

    variant: Variant
    threads: int
    ladder: int | None
    hidden: bool = False


def entrants(plan: Plan, unloadable: Collection[str] = ()) -> list[Entrant]:
    """Variants and thread counts of a plan, and a hidden reference where it has none.

    Parameters
    ----------
    plan : Plan
    unloadable : collection of str
        Implementations that must not be imported here: each fails in its worker.

    Raises
    ------
    KeyError, ImportError, AttributeError, TypeError
        As `implementations.registry.find`.
    """
    from implementations.registry import LADDER, find, stand_in

    chosen = [
        _planned(stand_in(name) if name in unloadable else find(name), threads)
        for name in plan.implementations
        for threads in plan.threads
    ]
    if not any(cell.ladder is not None for cell in chosen):
        name = "numba-parallel"
        chosen.append(Entrant(find(name), max(plan.threads), LADDER.index(name), hidden=True))
    unique = {(cell.variant.name, cell.threads): cell for cell in chosen}
    return list(unique.values())


def _planned(variant: Variant, threads: int) -> Entrant:
    from implementations.registry import LADDER

    ladder = LADDER.index(variant.name) if variant.name in LADDER else None
    return Entrant(variant, variant.threads(threads), ladder)
