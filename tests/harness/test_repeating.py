"""The command that makes a run again asks for the same plan."""

import shlex
from dataclasses import replace

import pytest

from harness.cli import _add_run, _Parser
from harness.commands.request import Request, request_of
from harness.measure.plan import Plan
from harness.results.events import RunStarted
from harness.results.records import Run
from harness.screen.repeating import command_of
from implementations.problem import AlsParams

PLAN = Plan(
    implementations=("numpy", "numba-tiled"),
    rungs=("100k", "320k"),
    threads=(1, 2),
    params=AlsParams(rank=7, reg=0.1, bias_reg=0.2, count_scaled=True, biases=False, seed=3),
    sweeps=4,
    rounds=9,
    precision=0.05,
    baseline="numpy",
    split_seed=5,
    shuffle_seed=6,
)


def asked(plan: Plan, environment: dict[str, str] | None = None, **dataset: object) -> Request:
    """What the command of a run of this plan asks for."""
    given = {"source": "my data", **dataset}
    started = RunStarted("now", plan.to_json(), given, environment or {})
    words = command_of(Run(started)).removeprefix("python -m harness run ")
    parser = _Parser()
    _add_run(parser)
    options = parser.parse_args(shlex.split(words))
    options.given = set()
    return request_of(options)


def test_it_asks_for_everything_again() -> None:
    request = asked(PLAN)
    assert request.impl == "numpy,numba-tiled"
    assert (request.scale, request.only, request.data) == ("320k", False, "my data")
    assert request.params == PLAN.params
    for name in ("sweeps", "rounds", "precision", "baseline", "split_seed", "shuffle_seed"):
        assert getattr(request, name) == getattr(PLAN, name), name
    assert request.threads == PLAN.threads


@pytest.mark.parametrize("budget", [7.5, float("inf")])
def test_a_budget_of_its_own_is_named(budget: float) -> None:
    plan = replace(PLAN, budget_s=budget, share=None, rungs=("1m",))
    request = asked(plan, columns={"user": "A", "item": "B", "rating": "C"})
    assert (request.budget_s, request.share, request.only) == (budget, None, True)
    assert request.columns == {"user": "A", "item": "B", "rating": "C"}


def test_the_engine_and_its_scheduler_are_named() -> None:
    environment = {"engine": "dask", "scheduler": "tcp://10.0.0.1:8786"}
    request = asked(PLAN, environment)
    assert (request.engine, request.scheduler) == ("dask", "tcp://10.0.0.1:8786")
    assert asked(PLAN).engine == "local"


def test_a_log_that_holds_too_little_has_no_command() -> None:
    assert command_of(Run(RunStarted("now", {"params": {}}, {}, {}))) == ""
