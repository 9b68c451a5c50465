"""Events: the lines of a run's log. Facts only; every verdict is computed from them.

Units: seconds are wall-clock time of what the field names, bytes are bytes, RMSE and differences
are in rating units.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import msgspec

# Raised where a reader of older logs would misread new ones. 1: first. 2: turns without halves.
SCHEMA = 2

Status = Literal[
    "ok",
    "over_budget",
    "skipped",
    "refused",
    "timeout",
    "out_of_memory",
    "failed",
    "diverged",
    "interrupted",
]

When = Literal["start", "end"]

Kind = Literal["half-sweeps", "whole-fits"]
"""How a contestant is driven: half-sweeps from our start, or as a library that has `fit` only."""


class Cell(NamedTuple):
    """One variant at one rung with one thread count."""

    rung: str
    variant: str
    threads: int


@dataclass(frozen=True)
class RunStarted:
    """What was asked for, of which data, on what machine."""

    started: str  # ISO 8601, UTC
    plan: dict[str, Any]
    dataset: dict[str, Any]
    environment: dict[str, Any]
    schema: int = SCHEMA


@dataclass(frozen=True)
class Machine:
    """What so many threads of the machine can do, before the first rung or after the last.

    By name: fma_float32_gflops and fma_float64_gflops of a loop of nothing but multiply-adds,
    gemm_float32_gflops and gemm_float64_gflops of NumPy's matrix product (10⁹ operations a second),
    and bandwidth_gbs of reading from memory (10⁹ bytes a second).
    """

    when: When
    threads: int
    median: dict[str, float]  # over some repetitions
    best: dict[str, float]
    reason: str = ""  # why nothing was measured


@dataclass(frozen=True)
class RungStarted:
    """A rung was cut. A second one of the same name starts it over: what came before is void."""

    rung: str
    train: int  # ratings
    test: int  # ratings
    users: int
    items: int
    cold: int  # test ratings whose user or item has no training rating


@dataclass(frozen=True)
class CellPlanned:
    """A cell is to be measured; what its variant says of itself."""

    cell: Cell
    dtype: str
    idea: str
    ladder: int | None  # place in the ladder of references; None for all others
    hidden: bool  # there as a reference only
    group: int  # workers of one group were alive together
    anchor: bool  # takes part in every group; ratios across groups go through it
    bytes_needed: int  # what the backend says it allocates
    worker_bytes: int  # with the interpreter and the mapped ratings: what admission reckons with
    rmse_tolerance: float
    prediction_tolerance: float
    row_tolerance: float
    kind: Kind = "half-sweeps"
    own_objective: str = ""  # what it minimises where that is not what the run asks for
    driven: str = ""  # how, where not by plain sweeps from the common start


@dataclass(frozen=True)
class GroupPlaced:
    """A group ran on another machine than the one that the run was started on.

    A second one of the same group takes the place of the first.
    """

    rung: str
    group: int
    host: str
    environment: dict[str, Any]  # that machine, as the group began
    after: dict[str, Any] = field(default_factory=dict)  # how busy it was then; empty: it broke off


@dataclass(frozen=True)
class Phase:
    """Something done once, off the sweeps' clock: open, prepare, load, compile, evaluate."""

    cell: Cell
    phase: str
    seconds: float


@dataclass(frozen=True)
class Turn:
    """One turn of a cell in one round: so many whole sweeps, each half on the clock alone.

    Of a library that has `fit` only, the sweeps are those that a long fit takes more than a short
    one; then there are no halves, and `whole_s` are the seconds that it takes longer.
    """

    cell: Cell
    round: int  # from 1
    position: int  # place in the round's shuffled order, from 0
    sweeps: int
    users_s: float | None  # sum over the turn's sweeps
    items_s: float | None
    process: int = 1  # which of the cell's processes in its group, one after another, took it
    whole_s: float | None = None
    instructions: float | None = None  # of all its sweeps, where the processor counts them
    cycles: float | None = None
    warm_ups: int = 0  # sweeps right before these, off the clock

    @property
    def seconds(self) -> float:
        """Seconds of all its sweeps."""
        if self.whole_s is not None:
            return self.whole_s
        return (self.users_s or 0.0) + (self.items_s or 0.0)

    @property
    def warm(self) -> bool:
        """Whether its sweeps, or all but the first, found their data in the caches."""
        return self.whole_s is None and (self.sweeps > 1 or self.warm_ups > 0)

    @property
    def sweep_s(self) -> float:
        """Seconds of one of its sweeps."""
        return self.seconds / self.sweeps


@dataclass(frozen=True)
class Fit:
    """A whole fit of a library, on the clock: its set-up, so many iterations, and its end."""

    cell: Cell
    sweeps: int
    seconds: float


@dataclass(frozen=True)
class Quality:
    """What the judge says after a sweep; None where there is no such rating."""

    cell: Cell
    sweep: int  # from 1
    train_rmse: float
    test_rmse: float | None
    warm_test_rmse: float | None  # without the cold ones
    objective: float | None = None  # J of docs/method-details.md, by the parameters of the run


@dataclass(frozen=True)
class Difference:
    """Largest difference between two cells' predictions of one fixed sample, after a sweep."""

    cell: Cell
    against: Cell
    sweep: int
    largest: float


@dataclass(frozen=True)
class HalfSweep:
    """One half-sweep from the same factors, compared row by row with another cell's."""

    cell: Cell
    against: Cell
    side: str
    relative: float  # of the row that differs most
    row: int
    value: float  # where that row differs most
    expected: float


@dataclass(frozen=True)
class Ended:
    """What became of a cell."""

    cell: Cell
    status: Status
    reason: str
    sweeps: int
    peak_bytes: int | None = None  # VmHWM of its worker, the largest of several
    threads_in_force: dict[str, Any] = field(default_factory=dict)
    process_bytes: list[int] = field(default_factory=list)  # of each of the worker's processes


@dataclass(frozen=True)
class RungEnded:
    """Everything planned for a rung was done or given up."""

    rung: str
    seconds: float


@dataclass(frozen=True)
class RunEnded:
    """The run ended by itself or was interrupted."""

    seconds: float
    interrupted: bool
    environment: dict[str, Any]


Event = (
    RunStarted
    | Machine
    | RungStarted
    | CellPlanned
    | GroupPlaced
    | Phase
    | Turn
    | Fit
    | Quality
    | Difference
    | HalfSweep
    | Ended
    | RungEnded
    | RunEnded
)
_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in Event.__args__}


def to_json(event: Event) -> dict[str, Any]:
    """An event as what a line of the log holds."""
    return {"event": type(event).__name__, **asdict(event)}


def from_json(line: dict[str, Any]) -> Event:
    """Read what `to_json` wrote; fields that are not known are left out.

    Raises
    ------
    ValueError
        Where it is no such thing, or a field has another type than it should.
    """
    kind = _KINDS.get(str(line.get("event")))
    if kind is None:
        raise ValueError(f"unknown event {line.get('event')!r}")
    try:
        event: Event = msgspec.convert(line, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{line['event']}: {error}") from None
    return event
