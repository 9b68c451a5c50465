"""The command `study`: how often this harness is wrong, measured on trials whose truth is known."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.analysis.alignment import Series
from harness.analysis.inference import ALPHA
from harness.commands.check import find_or_say
from harness.data.dataset import Dataset
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.errors import UserError
from harness.measure.machine import describe_machine
from harness.measure.plan import Plan, process_rounds_of
from harness.report.files import write_whole
from harness.screen.console import Screen
from harness.study.rates import CONDITIONS, Condition, Rate, StudyRun, Trial, rates, trials_frame
from harness.study.summary import curve_of, observations, rate_table, title_of
from harness.study.trials import SCALE, Settings, make_run
from implementations.registry import usable_cores

_UNITS = 1e5  # of a log, as a whole number in the file


@dataclass(frozen=True)
class StudyRequest:
    """What `study` is asked for.

    Attributes
    ----------
    wanted : int
        Independent pairs of the same, under each condition, at least.
    out : Path
        JSON file that cells go to after every run; a study begun there goes on. The figure goes
        beside it.
    implementation : str
    rank : int
    rounds : int
        Of each run.
    conditions : tuple
        Of "quiet" and "loaded".
    """

    wanted: int
    out: Path
    implementation: str
    rank: int
    rounds: int
    conditions: tuple[Condition, ...] = CONDITIONS


def study(request: StudyRequest) -> int:
    """Make trials until there are enough of each kind; print, draw and keep what they show.

    Returns
    -------
    int
        0 where all rates are what is asked of the method, 1 where one is not, 130 after Ctrl-C.

    Raises
    ------
    UserError
        Where `out` holds something else, or a run failed.
    """
    if request.out.suffix != ".json":
        raise UserError(f"--out {request.out}: its name is to end with .json")
    variant = find_or_say(request.implementation)
    with Screen() as screen:
        dataset = open_dataset(SYNTHETIC, (SCALE,), screen.line)
        settings = _settings(request, variant.threads(usable_cores()), dataset)
        runs = read_runs(request.out, settings)
        interrupted = _interrupted(request, settings, dataset, runs, screen)
        found, trials = rates(runs), [trial for run in runs for trial in run.trials]
        _print(settings, trials, found, screen)
        if trials:
            for path in _draw(request.out, settings, trials, found):
                screen.line(f"written  {path}")
    return 130 if interrupted else int(any(rate.met is False for rate in found))


def _settings(request: StudyRequest, threads: int, dataset: Dataset) -> Settings:
    rounds = request.rounds
    sweeps, processes = min(rounds, Plan.sweeps), process_rounds_of(rounds)
    given = request.implementation, request.rank, threads, rounds, sweeps, dataset.sha256
    return Settings(*given, processes)


def _interrupted(
    request: StudyRequest,
    settings: Settings,
    dataset: Dataset,
    runs: list[StudyRun],
    screen: Screen,
) -> bool:
    """Make the runs that are missing; whether Ctrl-C came meanwhile."""
    try:
        for condition, number in _missing(runs, request):
            screen.notice(f"run {number + 1}, {condition}")
            runs.append(make_run(settings, dataset, condition, number, screen))
            _write(request.out, settings, runs)
    except KeyboardInterrupt:
        screen.line("interrupted: what there is follows; the same command goes on from here")
        return True
    return False


def _missing(runs: list[StudyRun], request: StudyRequest) -> Iterator[tuple[Condition, int]]:
    """Conditions and numbers of the runs to make, in turn, for as long as trials are missing."""
    while True:
        counts = {
            condition: sum(run.independent(None) for run in runs if run.condition == condition)
            for condition in request.conditions
        }
        short = [name for name in request.conditions if counts[name] < request.wanted]
        if not short:
            return
        yield min(short, key=lambda name: counts[name]), len(runs)


def read_runs(path: Path, settings: Settings) -> list[StudyRun]:
    """Runs of a study that was begun; none where there is no such file.

    Raises
    ------
    UserError
        Where the file holds something else, or runs that were made otherwise.
    """
    if not path.exists():
        return []
    kept, _, runs = read_study(path)
    before, now = kept.to_json(), settings.to_json()
    for name in now:
        if before[name] != now[name]:
            raise UserError(
                f"{path}: {name} was {before[name]!r} and is {now[name]!r} now: give another --out"
            )
    return runs


def read_study(path: Path) -> tuple[Settings, dict[str, Any], list[StudyRun]]:
    """Settings, machine and runs of a study.

    Raises
    ------
    UserError
        Where the file holds something else.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        settings = Settings.from_json(held["settings"])
        return settings, held["environment"], [_run(kept) for kept in held["runs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} holds no study ({error!r}): give another --out") from None


def _write(path: Path, settings: Settings, runs: list[StudyRun]) -> None:
    """Keep the cells' rounds, so that the same may be judged by another method later."""
    held: dict[str, Any] = {
        "settings": settings.to_json(),
        "environment": describe_machine(),
        "runs": [
            {
                "condition": run.condition,
                "plain": [_kept(series) for series in run.plain],
                "slowed": {
                    str(one_in): [_kept(series) for series in cells]
                    for one_in, cells in run.slowed.items()
                },
            }
            for run in runs
        ],
    }
    write_whole(path, json.dumps(held) + "\n")


def _kept(series: Series) -> dict[str, Any]:
    whole = [round(log * _UNITS) for log in series.logs.tolist()]
    return {"logs": whole, "process": series.process.tolist()}


def _run(kept: dict[str, Any]) -> StudyRun:
    slowed = {int(one_in): _cells(cells) for one_in, cells in kept["slowed"].items()}
    return StudyRun(kept["condition"], _cells(kept["plain"]), slowed)


def _cells(kept: list[dict[str, Any]]) -> tuple[Series, ...]:
    return tuple(Series(np.array(one["logs"]) / _UNITS, np.array(one["process"])) for one in kept)


def _print(settings: Settings, trials: list[Trial], found: list[Rate], screen: Screen) -> None:
    screen.line(title_of(settings))
    screen.line(f"a verdict is a two-sided t-test at {ALPHA:.0%} on {settings.rounds} rounds")
    screen.line()
    screen.line(tabulate(*rate_table(found, trials), disable_numparse=True))
    screen.line()
    for line in observations(trials):
        screen.line(line)


def _draw(out: Path, settings: Settings, trials: list[Trial], found: list[Rate]) -> list[Path]:
    from harness.report.study import draw_study

    return draw_study(trials_frame(trials), curve_of(found, trials), title_of(settings), out)
