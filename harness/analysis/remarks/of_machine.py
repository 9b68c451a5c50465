"""Remarks on the machine: whether it was measured, and whether it stayed as fast as it was."""

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
    """Whether the machine was measured, and what changed from start to end."""
    remarks = [
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
