"""What a sweep computes and moves, and the share of the machine's best that this is.

After Williams, Waterman, Patterson, "Roofline" (2009).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

from harness.analysis.projection import size_of
from harness.analysis.verdict import MachineShare
from harness.cost import Size
from harness.results.events import Machine
from harness.results.records import Record, Run

# A rating's index (int32) and value (float32), as a layout holds them.
_RATING_BYTES = 8
_ITEM_BYTES = {"float32": 4, "float64": 8}


def sweep_flops(size: Size, unknowns: int) -> float:
    """Operations of one sweep, both sides: the least that its normal equations take.

    For each rating the symmetric half of a rank-one update, k(k+1)/2 multiplications and as many
    additions; for each row a Cholesky factorisation, k³/3. What is of lower order (right-hand
    sides, substitutions) is left out.

    Parameters
    ----------
    size : Size
    unknowns : int
        k, of a row: the rank, and one more with a bias.
    """
    rows = size.users + size.items
    return 2.0 * size.ratings * unknowns * (unknowns + 1) + rows * unknowns**3 / 3


def sweep_bytes(size: Size, unknowns: int, dtype: str) -> float:
    """Bytes that one sweep asks for: each rating, with it a row of the other side, each solution.

    What caches keep of the rows is not known here, so a sweep may be faster than memory is.

    Parameters
    ----------
    size : Size
    unknowns : int
        Of a row: the rank, and one more with a bias.
    dtype : str
        Of the factors.
    """
    row = unknowns * _ITEM_BYTES[dtype]
    return 2.0 * size.ratings * (_RATING_BYTES + row) + (size.users + size.items) * row


def roofs(run: Run) -> dict[int, dict[str, float]]:
    """Best rates by number of threads, over all repetitions before and after the rungs.

    The best and not the median: whatever else runs on a machine can only make it look slower.
    """
    found: dict[int, dict[str, float]] = {}
    for event in run.machine:
        best = found.setdefault(event.threads, {})
        best |= {name: max(rate, best.get(name, 0.0)) for name, rate in event.best.items()}
    return found


def unknowns(params: Mapping[str, Any]) -> int:
    """Unknowns of a row, by the parameters in a run's plan."""
    return int(params["rank"]) + bool(params["biases"])


def machine_share(run: Run, record: Record) -> MachineShare:
    """What a measured cell computes; what the machine can do is for `beneath` to add.

    NaN where it was not measured, and of whole fits: what a library computes in an iteration is its
    own affair.
    """
    if record.planned.kind != "half-sweeps":
        return MachineShare()
    size, k = size_of(run, record), unknowns(run.started.plan["params"])
    flops = sweep_flops(size, k)
    return MachineShare(
        gflops=flops / record.median_sweep_s / 1e9,
        intensity=flops / sweep_bytes(size, k, record.planned.dtype),
    )


def beneath(
    share: MachineShare, dtype: str, best: Mapping[str, float], final: bool
) -> MachineShare:
    """Set what a cell computes against the machine's best: the one place where shares are made.

    Parameters
    ----------
    share : MachineShare
        As `machine_share` makes it.
    dtype : str
    best : mapping of str to float
        Of `roofs`, with the cell's number of threads.
    final : bool
        Whether the machine will not be measured again.
    """
    fma = best.get(f"fma_{dtype}_gflops", nan)
    return MachineShare(
        gflops=share.gflops,
        intensity=share.intensity,
        fma_gflops=fma,
        gemm_gflops=best.get(f"gemm_{dtype}_gflops", nan),
        bandwidth_gbs=best.get("bandwidth_gbs", nan),
        peak_share=share.gflops / fma,
        peak_is_bound=not final,
    )


@dataclass(frozen=True)
class Drift:
    """A rate of the machine before the first rung and after the last, medians."""

    name: str  # as in `Machine`
    threads: int
    before: float
    after: float

    @property
    def change(self) -> float:
        """Relative change, after / before - 1."""
        return self.after / self.before - 1


def drifts(run: Run) -> list[Drift]:
    """How the machine changed during the run, or during its last part where it was resumed."""
    found = []
    starts, ends = ({e.threads: e for e in run.machine if e.when == w} for w in ("start", "end"))
    for threads, end in ends.items():
        before = starts[threads].median if threads in starts else {}
        pairs = {name: (before[name], rate) for name, rate in end.median.items() if name in before}
        found += [Drift(name, threads, *pair) for name, pair in pairs.items()]
    return found


def not_measured(run: Run) -> list[Machine]:
    """Failed attempts to measure the machine."""
    return [event for event in run.machine if event.reason]
