"""May two runs be compared? Only where data, parameters and machine are the same."""

from collections.abc import Mapping
from typing import Any

from harness.results.records import Run

# Of the plan: what decides the work of a sweep, or how many of them are judged. Rounds, budget,
# baseline, the order of turns and the implementations may differ.
_PLAN = ("params", "split_seed", "sweeps")
_MACHINE = ("cpu", "usable_cores", "vector")
_COUNTS = ("train", "test", "users", "items", "cold")
# What may differ, and then may be why a cell changed.
_SOFTWARE = ("python", "packages", "llvm", "blas", "git", "system")


def differences(first: Run, second: Run) -> list[str]:
    """What makes two runs incomparable, a few words each; empty where nothing does."""
    old, new = first.started, second.started
    found = _different("data", old.dataset, new.dataset, ("sha256",))
    for name in (name for name in first.rungs if name in second.rungs):
        counts = [vars(run.rungs[name].started) for run in (first, second)]
        found += _different(f"data at {name}", counts[0], counts[1], _COUNTS)
    found += _different("plan", _flat(old.plan), _flat(new.plan), sorted(_flat(old.plan)))
    before, after = _machines(first), _machines(second)
    if len(before) > 1 or len(after) > 1:
        return [*found, "cells of a run ran on machines of different kinds"]
    return found + _different("machine", before[0], after[0], _MACHINE)


def software_changes(first: Run, second: Run) -> list[str]:
    """Software that differs between two runs, and so may be why a cell changed."""
    old, new = first.started.environment, second.started.environment
    return _different("", _opened(old), _opened(new), sorted(_opened(old) | _opened(new)))


def _machines(run: Run) -> list[dict[str, Any]]:
    """Kinds of machines that cells ran on."""
    found = [placed.environment for placed in run.placed] or [run.started.environment]
    kinds: list[dict[str, Any]] = []
    for kind in ({key: one.get(key) for key in _MACHINE} for one in found):
        kinds += [kind] if kind not in kinds else []
    return kinds


def _flat(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a plan that matter, the parameters one by one."""
    flat = {key: plan.get(key) for key in _PLAN if key != "params"}
    return flat | dict(plan.get("params", {}))


def _opened(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Versions, those of packages and of the code one by one."""
    opened: dict[str, Any] = {}
    for key in _SOFTWARE:
        value = environment.get(key)
        opened |= value if isinstance(value, dict) else {key: value}
    return opened


def _different(
    what: str, old: Mapping[str, Any], new: Mapping[str, Any], keys: tuple[str, ...] | list[str]
) -> list[str]:
    return [
        f"{what} {key} was {_short(old.get(key))} and is {_short(new.get(key))}".strip()
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _short(value: Any, most: int = 40) -> str:
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"
