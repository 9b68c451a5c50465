"""The verdict on one cell: everything that tables, figures, page and exit status say of it.

Units are in the names (`_s` seconds, `_bytes`, `_gflops` 10⁹ operations a second, `_gbs` 10⁹ bytes
a second); RMSE and differences are in rating units, ratios and shares have none. What is not there
is NaN.
"""

from dataclasses import dataclass, fields
from math import nan
from typing import Any, Literal

from harness.analysis.parity import ParityVerdict
from harness.results.events import Kind, Status

State = Literal[
    "ok",
    "over_budget",
    "projected",
    "skipped",
    "refused",
    "timeout",
    "out_of_memory",
    "failed",
    "diverged",
    "interrupted",
    "parity_failed",
    "unchecked",
]
"""What a cell is shown as: its status, unless its result is wrong, unchecked or projected."""

# States that a run ends well with; `--strict` takes "ok" alone.
_WELL: tuple[State, ...] = ("ok", "over_budget", "skipped", "projected", "refused")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which cell it is, and of what size."""

    rung: str
    train_ratings: int
    test_ratings: int
    users: int
    items: int
    variant: str
    threads: int
    dtype: str
    idea: str
    ladder: int | None  # place in the ladder of references
    kind: Kind
    own_objective: str  # in words; empty where it is the one that the run asks for
    driven: str  # in words; empty where by plain sweeps from the common start
    rmse_tolerance: float
    prediction_tolerance: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of it, and of the comparison of its results."""

    state: State
    status: Status
    reason: str
    verdict: ParityVerdict
    against: str  # the implementations that it was compared with
    sweeps: int


@dataclass(frozen=True, kw_only=True)
class SweepSeconds:
    """Seconds of a sweep: medians with quartiles; projected, with the 95 % interval."""

    sweep_s: float = nan
    sweep_s_low: float = nan
    sweep_s_high: float = nan
    users_s: float = nan
    items_s: float = nan
    rounds: int = 0
    warm: bool = False  # several sweeps make a turn
    projected: bool = False


@dataclass(frozen=True, kw_only=True)
class SweepCounts:
    """Instructions and cycles of a sweep, medians over the turns, where they are counted."""

    instructions: float = nan
    cycles: float = nan


@dataclass(frozen=True, kw_only=True)
class Speedup:
    """How many times as fast as the baseline, with the 95 % interval.

    paired_: the plain estimate over the rounds that both took part in.
    """

    baseline: str
    speedup: float = nan
    speedup_low: float = nan
    speedup_high: float = nan
    speedup_projected: bool = False
    paired_speedup: float = nan
    paired_speedup_low: float = nan
    paired_speedup_high: float = nan


@dataclass(frozen=True, kw_only=True)
class ThreadScaling:
    """How many times as fast as with the fewest threads, with the 95 % interval.

    efficiency: the share of what as many times the threads would give at best.
    """

    thread_speedup: float = nan
    thread_speedup_low: float = nan
    thread_speedup_high: float = nan
    efficiency: float = nan


@dataclass(frozen=True, kw_only=True)
class MachineShare:
    """What a sweep makes of the machine, by the operations that its equations take at least.

    Attributes
    ----------
    gflops, intensity : float
        10⁹ operations a second, by the median seconds of the turns; operations a byte.
    fma_gflops, gemm_gflops, bandwidth_gbs : float
        The machine's best with this dtype and so many threads.
    peak_share : float
        gflops / fma_gflops.
    peak_is_bound : bool
        The machine is still to be measured at the end of the run, and may prove faster: the share
        is then at most this.
    """

    gflops: float = nan
    intensity: float = nan
    fma_gflops: float = nan
    gemm_gflops: float = nan
    bandwidth_gbs: float = nan
    peak_share: float = nan
    peak_is_bound: bool = False


@dataclass(frozen=True, kw_only=True)
class ResultQuality:
    """RMSE after the last judged sweep; sweeps and seconds to a test RMSE, and to objectives.

    Seconds include the set-up. The objectives are those at most 1 %, .1 % and .01 % above the best
    that any cell came to at this scale.
    """

    train_rmse: float = nan
    test_rmse: float = nan
    warm_test_rmse: float = nan
    objective: float = nan
    target_rmse: float = nan
    to_quality_sweeps: float = nan
    to_quality_s: float = nan
    to_1e2_sweeps: float = nan
    to_1e2_s: float = nan
    to_1e3_sweeps: float = nan
    to_1e3_s: float = nan
    to_1e4_sweeps: float = nan
    to_1e4_s: float = nan


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Largest differences from the references; of rows and of the objective, relative."""

    rmse_difference: float = nan
    prediction_difference: float = nan
    row_difference: float = nan
    objective_difference: float = nan  # signed


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of each phase off the sweeps' clock, and memory."""

    open_s: float = nan
    prepare_s: float = nan
    load_s: float = nan
    compile_s: float = nan
    evaluate_s: float = nan
    peak_bytes: float = nan  # VmHWM, of all its processes
    processes: float = nan  # where it has several
    largest_process_bytes: float = nan
    bytes_needed: int = 0  # as estimated before


@dataclass(frozen=True, kw_only=True)
class CellVerdict:
    """All that is said of one cell; facts are in its `Record`."""

    identity: Identity
    outcome: Outcome
    seconds: SweepSeconds
    counts: SweepCounts
    speed: Speedup
    scaling: ThreadScaling
    machine: MachineShare
    quality: ResultQuality
    differences: Differences
    cost: Cost

    def row(self) -> dict[str, Any]:
        """All fields of all parts by name: a row of the cells frame."""
        return {
            name: value
            for part in fields(self)
            for name, value in vars(getattr(self, part.name)).items()
        }

    def ended_well(self, *, strict: bool) -> bool:
        """Whether a run may end with exit status 0 in spite of this cell."""
        return self.outcome.state == "ok" if strict else self.outcome.state in _WELL
