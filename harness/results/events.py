"""Events: the lines of a run's log. Facts only; every verdict is computed from them.

Units: seconds are wall-clock time of what the field names, bytes are bytes, RMSE and differences
are in rating units.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, NamedTuple

# Raised where a reader of older logs would misread new ones. 1: first.
SCHEMA = 1

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


@dataclass(frozen=True)
class Phase:
    """Something done once, off the sweeps' clock: open, prepare, load, compile, evaluate."""

    cell: Cell
    phase: str
    seconds: float


@dataclass(frozen=True)
class Turn:
    """One turn of a cell in one round: so many whole sweeps, each half on the clock alone."""

    cell: Cell
    round: int  # from 1
    position: int  # place in the round's shuffled order, from 0
    sweeps: int
    users_s: float  # sum over the turn's sweeps
    items_s: float
    process: int = 1  # which of the cell's processes in its group, one after another, took it

    @property
    def sweep_s(self) -> float:
        """Seconds of one of its sweeps."""
        return (self.users_s + self.items_s) / self.sweeps


@dataclass(frozen=True)
class Quality:
    """What the judge says after a sweep; None where there is no such rating."""

    cell: Cell
    sweep: int  # from 1
    train_rmse: float
    test_rmse: float | None
    warm_test_rmse: float | None  # without the cold ones


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
    base_bytes: int | None = None  # its RSS before it opened any data
    threads_in_force: dict[str, Any] = field(default_factory=dict)


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
    | Phase
    | Turn
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
    """Read what `to_json` wrote.

    Raises
    ------
    ValueError
        Where it is no such thing.
    """
    kind = _KINDS.get(str(line.get("event")))
    if kind is None:
        raise ValueError(f"unknown event {line.get('event')!r}")
    try:
        known = {f.name: line[f.name] for f in fields(kind) if f.name in line}
        for name in ("cell", "against"):
            if name in known:
                known[name] = Cell(*known[name])
        event: Event = kind(**known)
    except TypeError as error:
        raise ValueError(f"incomplete event {line['event']}: {error}") from None
    return event
