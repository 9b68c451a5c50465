"""The command `run`: the ladder, from the arguments to the page."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from harness.analysis.speedup import is_precise
from harness.analysis.verdicts import exit_status
from harness.commands.check import find_or_say
from harness.commands.places import Place, here, on_cluster
from harness.commands.request import Request
from harness.data.dataset import Dataset
from harness.data.datasets import open_dataset
from harness.data.ladder.scales import plan as plan_rungs
from harness.data.ladder.scales import rungs_up_to
from harness.errors import UserError
from harness.measure.machine_rates import measure_machine
from harness.measure.plan import Entrant, Plan, entrants, process_rounds_of
from harness.measure.probing import why_not_to_load
from harness.measure.runner import Runner
from harness.results.events import RunStarted
from harness.results.log import EventLog, holds_run, read_run
from harness.results.records import Run
from harness.screen.console import Screen
from harness.screen.showing import draw_run
from harness.screen.watching import Watcher
from implementations.atomic import sweep_leftovers
from implementations.registry import LADDER, expand, missing_peers

_SAME_MACHINE = ("cpu", "usable_cores", "packages")


def run(request: Request) -> int:
    """Run the ladder; print, draw and keep what it shows.

    Returns
    -------
    int
        Exit status (`harness.analysis.verdicts.exit_status`); 130 after Ctrl-C.

    Raises
    ------
    UserError
        Where something asked for cannot be.
    """
    with Screen() as screen, _engine(request, screen) as place:
        draft = _plan(request, place, tuple(rungs_up_to(request.scale, request.only)))
        cells = _find(draft)
        for name, reason in _left_out(request.impl).items():
            screen.line(f"{name} is left out: {reason}")
        if request.dry_run:
            return _print_plan(draft, cells, request, screen)
        dataset = open_dataset(request.data, draft.rungs, screen.line, request.columns)
        rungs, notices = plan_rungs(dataset.total_ratings, request.scale, request.only)
        for notice in notices:
            screen.line(notice)
        plan = _plan(request, place, tuple(rungs))
        described = (_describe(dataset, request), place.environment())
        started = RunStarted(_now(), plan.to_json(), *described)
        folder = _folder(request, dataset, started)
        for written in (folder, folder / "figures"):
            sweep_leftovers(written)
        with EventLog(folder, started) as log:
            done = {name for name, rung in log.run.rungs.items() if rung.ended}
            watcher = Watcher(screen, log.run)
            told = (log, watcher, measure_machine, is_precise)
            runner = place.runner(plan, cells, dataset, *told)
            interrupted = _go(runner, [name for name in plan.rungs if name not in done], screen)
        if request.latent and not interrupted:
            from harness.commands.latent import add_latent  # brings matplotlib

            add_latent(folder, screen)
        draw_run(log.run, folder, screen)
    return 130 if interrupted else exit_status(log.run, request.strict)


def _go(runner: Runner, rungs: list[str], screen: Screen) -> bool:
    """Run rungs; whether Ctrl-C ended it."""
    try:
        runner.run(rungs)
    except KeyboardInterrupt:
        screen.line("interrupted: what was measured so far follows; --resume goes on from here")
        return True
    return False


def _engine(request: Request, screen: Screen) -> AbstractContextManager[Place]:
    """Where cells are measured."""
    if request.engine == "local":
        if request.scheduler is not None:
            raise UserError("--scheduler is for --engine dask: add that, or leave it out")
        return nullcontext(here())
    return on_cluster(request.scheduler, screen.line)


def _plan(request: Request, place: Place, rungs: tuple[str, ...]) -> Plan:
    names = tuple(expand(request.impl))
    if not names:
        raise UserError("--impl names no implementation; see `python -m harness list`")
    return Plan(
        implementations=names,
        rungs=rungs,
        threads=_threads(request.threads, place),
        params=request.params,
        sweeps=request.sweeps,
        rounds=request.rounds,
        process_rounds=process_rounds_of(request.rounds, request.precision),
        budget_s=request.budget_s,
        share=request.share,
        precision=request.precision,
        baseline=request.baseline or min(names, key=_place),
        split_seed=request.split_seed,
        shuffle_seed=request.shuffle_seed,
    )


def _place(name: str) -> int:
    """Place in the ladder; what is not in it comes after it."""
    return LADDER.index(name) if name in LADDER else len(LADDER)


def _threads(asked: tuple[int, ...], place: Place) -> tuple[int, ...]:
    """Thread counts, each once; more than there are cores would measure the scheduler."""
    if any(count > place.cores for count in asked):
        raise UserError(f"--threads {max(asked)}: {place.whose} {place.cores} cores")
    return tuple(dict.fromkeys(asked)) or (place.cores,)


def _find(plan: Plan) -> list[Entrant]:
    unloadable = {}
    for name in plan.implementations:
        reason = why_not_to_load(name)
        if reason is None:
            find_or_say(name)
        else:
            unloadable[name] = reason
    if len(unloadable) == len(plan.implementations):  # there is nothing else to measure
        name, reason = next(iter(unloadable.items()))
        raise UserError(f"--impl {name}: {reason}")
    if plan.baseline not in plan.implementations:
        raise UserError(
            f"--baseline {plan.baseline} is not among {', '.join(plan.implementations)}"
        )
    return entrants(plan, unloadable)


def _left_out(asked: str) -> dict[str, str]:
    """Libraries of the group `peers` that are not here, each with what to do."""
    groups = [part.strip() for part in asked.split(",")]
    return missing_peers() if "peers" in groups else {}


def _print_plan(plan: Plan, cells: list[Entrant], request: Request, screen: Screen) -> int:
    screen.line(f"data       {request.data}")
    screen.line(f"scales     {', '.join(plan.rungs)}")
    for cell in cells:
        hidden = " (hidden: reference only)" if cell.hidden else ""
        screen.line(f"cell       {cell.variant.name}, {cell.threads} thread(s){hidden}")
    for name, value in plan.to_json().items():
        if name not in ("implementations", "rungs"):
            screen.line(f"{name:10} {value}")
    screen.line("nothing was run")
    return 0


def _describe(dataset: Dataset, request: Request) -> dict[str, Any]:
    return {
        "source": request.data,
        **({"columns": dict(request.columns)} if request.columns else {}),
        "name": dataset.name,
        "synthetic": dataset.synthetic,
        "sha256": dataset.sha256,
        "ratings": dataset.total_ratings,
        "here": len(dataset.ratings),
        "users": dataset.ratings.n_users,
        "movies": dataset.ratings.n_items,
        "facts": dict(dataset.facts),
    }


def _folder(request: Request, dataset: Dataset, started: RunStarted) -> Path:
    """Folder of the run: a new one, or that of the run to go on with."""
    if request.resume is not None:
        _check_same(read_run(request.resume), started)
        return request.resume
    folder = request.out
    if folder is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        first = Path("results") / f"{stamp}-{dataset.name}-{request.scale}"
        names = (first.with_name(f"{first.name}-{n}") for n in count(2))
        return next(name for name in chain([first], names) if not name.exists())
    if holds_run(folder):
        raise UserError(f"{folder} holds a run already: give another --out, or --resume {folder}")
    return folder


def _check_same(before: Run, now: RunStarted) -> None:
    """A run goes on only with the same plan, the same data, and on the same kind of machine."""
    for name, keys in (("plan", ()), ("dataset", ()), ("environment", _SAME_MACHINE)):
        old, new = getattr(before.started, name), getattr(now, name)
        different = [key for key in keys or old.keys() | new.keys() if old.get(key) != new.get(key)]
        if different:
            key = min(different)
            raise UserError(
                f"--resume: {name} {key} was {old.get(key)!r} and is {new.get(key)!r} now; "
                "start a new run"
            )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
