"""What `run` is asked for: by its options, or by the log of the run to go on with."""

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.measure.plan import SHARE, Plan
from harness.results.log import read_run
from harness.results.records import Run
from implementations.problem import AlsParams


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of `run`."""

    impl: str = "all"
    scale: str = "1m"
    only: bool = False
    data: str = "auto"
    columns: dict[str, str] = field(default_factory=dict)
    baseline: str | None = None
    params: AlsParams = field(default_factory=AlsParams)
    split_seed: int = 0
    shuffle_seed: int = 0
    sweeps: int = 10
    rounds: int = Plan.rounds
    budget_s: float = Plan.budget_s
    share: float | None = SHARE
    precision: float | None = None
    threads: tuple[int, ...] = ()
    out: Path | None = None
    resume: Path | None = None
    dry_run: bool = False
    strict: bool = False
    latent: bool = False
    engine: str = "local"
    scheduler: str | None = None


# Options that may stand beside --resume: they do not change what is measured.
_FREE = {"resume", "strict", "dry_run", "latent", "scheduler"}


def request_of(options: Namespace) -> Request:
    """Request of parsed options.

    Raises
    ------
    UserError
        Where a parameter of the model is out of range, or an option contradicts --resume.
    """
    if options.resume is not None:
        if given := sorted(options.given - _FREE):
            raise UserError(
                "--resume takes all options from the run it goes on with: "
                f"leave --{given[0].replace('_', '-')} out"
            )
        return _resumed(read_run(options.resume), options)
    if not 0 <= options.split_seed < 1 << 64:
        raise UserError(f"--split-seed must lie in 0 … 2⁶⁴ - 1, not {options.split_seed}")
    if options.shuffle_seed < 0:
        raise UserError(f"--shuffle-seed must not be negative, but is {options.shuffle_seed}")
    own_budget = options.budget is not None  # it alone then decides how long a cell may take
    return Request(
        params=model_params(options),
        budget_s=options.budget if own_budget else Plan.budget_s,
        share=None if own_budget else SHARE,
        **_plain(options),
    )


def _plain(options: Namespace) -> dict[str, Any]:
    """What a request takes from the options as it is."""
    given = vars(options)
    return {name: given[name] for name in Request.__dataclass_fields__ if name in given}


def model_params(options: Namespace) -> AlsParams:
    """Parameters of the model.

    Raises
    ------
    UserError
        Where one is out of range.
    """
    try:
        return AlsParams(
            rank=options.rank,
            reg=options.reg,
            bias_reg=options.bias_reg,
            count_scaled=options.count_scaled,
            biases=not options.no_biases,
            seed=options.seed,
        )
    except ValueError as error:
        name = str(error).partition(" ")[0].replace("_", "-")
        raise UserError(f"--{name}: {error}") from None


def _resumed(run: Run, options: Namespace) -> Request:
    """Ask again for what a run was asked for."""
    plan = run.started.plan
    return Request(
        impl=",".join(plan["implementations"]),
        scale=plan["rungs"][-1],
        only=len(plan["rungs"]) == 1,
        data=run.started.dataset["source"],
        columns=run.started.dataset.get("columns", {}),
        baseline=plan["baseline"],
        params=AlsParams(**plan["params"]),
        split_seed=plan["split_seed"],
        shuffle_seed=plan["shuffle_seed"],
        sweeps=plan["sweeps"],
        rounds=plan["rounds"],
        share=plan.get("share"),
        precision=plan.get("precision"),
        budget_s=float("inf") if plan["budget_s"] is None else plan["budget_s"],
        threads=tuple(plan["threads"]),
        resume=options.resume,
        dry_run=options.dry_run,
        strict=options.strict,
        latent=options.latent,
        engine=run.started.environment.get("engine", Request.engine),
        scheduler=options.scheduler,
    )
