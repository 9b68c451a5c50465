"""The command that makes a run again."""

import shlex
from collections.abc import Mapping
from typing import Any

from harness.results.records import Run

_OF_PLAN = ("sweeps", "rounds", "baseline", "split_seed", "shuffle_seed")
_OF_MODEL = ("rank", "reg", "bias_reg", "seed")


def command_of(run: Run) -> str:
    """Write out the command of a run; it names every option that decides what is measured.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        A line for a shell; empty where the log holds too little of the plan to repeat it.
    """
    try:
        return shlex.join(["python", "-m", "harness", "run", *_options(run)])
    except KeyError:
        return ""


def _options(run: Run) -> list[str]:
    plan, dataset = run.started.plan, run.started.dataset
    params = plan["params"]
    words = ["--impl", ",".join(plan["implementations"]), "--scale", plan["rungs"][-1]]
    words += ["--only"] if len(plan["rungs"]) == 1 else []
    words += _engine(run.started.environment)
    words += ["--data", str(dataset["source"])]
    if columns := dataset.get("columns"):
        words += ["--columns", ",".join(f"{name}={column}" for name, column in columns.items())]
    for name in _OF_MODEL:
        words += _option(name, params[name])
    words += ["--count-scaled"] if params["count_scaled"] else []
    words += [] if params["biases"] else ["--no-biases"]
    for name in _OF_PLAN:
        words += _option(name, plan[name])
    words += ["--threads", ",".join(map(str, plan["threads"]))]
    if plan.get("precision") is not None:
        words += ["--precision", f"{100 * plan['precision']:g}%"]
    if plan.get("share", 0) is None:  # then the budget was given
        budget = plan["budget_s"]
        words += ["--budget", "inf" if budget is None else f"{budget:g}"]
    return words


def _engine(environment: Mapping[str, Any]) -> list[str]:
    if "engine" not in environment:
        return []
    return ["--engine", environment["engine"], "--scheduler", environment["scheduler"]]


def _option(name: str, value: Any) -> list[str]:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return [f"--{name.replace('_', '-')}", text]
