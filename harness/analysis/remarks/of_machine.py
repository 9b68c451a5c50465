"""Remarks on the machine: whether it was measured, and whether it stayed as fast as it was."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.naming import counted
from harness.analysis.remarks.remark import Remark
from harness.analysis.roofline import Drift, drifts, not_measured
from harness.results.records import Run

# Medians of rates that differ by less than this before and after a run are taken for the same.
_STEADY = 0.10
_NAMES = {
    "fma_float32_gflops": "multiply-adds in float32",
    "fma_float64_gflops": "multiply-adds in float64",
    "gemm_float32_gflops": "sgemm",
    "gemm_float64_gflops": "dgemm",
    "bandwidth_gbs": "reading from memory",
}


def machine_remarks(run: Run) -> list[Remark]:
    """Which machines cells ran on, whether these were measured, and what changed meanwhile."""
    remarks = [*_elsewhere(run)]
    remarks += [
        Remark(
            "machine not measured",
            "note",
            f"the machine was not measured at the {event.when} of the run ({event.reason}): "
            "peak shares are missing or use the other measurement only",
        )
        for event in not_measured(run)
    ]
    changes: dict[int, list[str]] = {}
    for drift in _unsteady(run):
        text = f"{_NAMES.get(drift.name, drift.name)} {drift.change:+.0%}"
        changes.setdefault(drift.threads, []).append(text)
    return remarks + [_changed(threads, texts) for threads, texts in changes.items()]


def _elsewhere(run: Run) -> Iterator[Remark]:
    """Say which machines groups ran on, and warn where these are of several kinds."""
    groups: dict[str, list[str]] = {}
    kinds: dict[str, list[str]] = {}
    for placed in run.placed:
        place = f"group {placed.group + 1} of {placed.rung}"
        groups.setdefault(placed.host, []).append(place)
        hosts = kinds.setdefault(_kind(placed.environment), [])
        hosts += [placed.host] if placed.host not in hosts else []
    if groups:
        machines = "; ".join(f"{host}: {', '.join(places)}" for host, places in groups.items())
        yield Remark("measured elsewhere", "note", f"cells ran on other machines ({machines})")
    if len(kinds) > 1:
        different = "; ".join(f"{', '.join(hosts)}: {kind}" for kind, hosts in kinds.items())
        text = (
            f"the machines have different processors ({different}): seconds of cells in different "
            "groups do not compare, nor do ratios and projections across them; ratios within a "
            "group hold. Take machines of one kind to compare all cells"
        )
        yield Remark("machines differ", "warning", text)


def _kind(environment: Mapping[str, Any]) -> str:
    cores = counted(int(environment.get("usable_cores", 0)), "core")
    return f"{cores} of {environment.get('cpu', 'an unknown processor')}"


def _changed(threads: int, texts: list[str]) -> Remark:
    text = (
        f"from start to end of the run the machine changed, with {counted(threads, 'thread')}: "
        f"{', '.join(texts)}. Ratios are of the same rounds and hold; before seconds are compared "
        "with another run's, repeat it when the machine is idle"
    )
    return Remark("machine changed", "warning", text)


def unsteady_cores(name: str, run: Run) -> list[str]:
    """A warning where a run that is compared with another was disturbed while it was made.

    Parameters
    ----------
    name : str
        What the comparison calls the run.
    run : Run
    """
    changes = [
        f"{drift.change:+.0%} with {counted(drift.threads, 'thread')}"
        for drift in _unsteady(run)
        if drift.name == "fma_float64_gflops"
    ]
    if not changes:
        return []
    return [
        f"* WARNING: from start to end of run {name}, the machine's multiply-adds changed "
        f"({', '.join(changes)}): something else used its cores, which slows kernels and thread "
        "counts by different amounts. Verdicts may be false; repeat the run when the machine is "
        "idle."
    ]


def _unsteady(run: Run) -> list[Drift]:
    """Rates of the machine that were not the same before and after a run."""
    return [drift for drift in drifts(run) if abs(drift.change) > _STEADY]
