"""The command `study`: how often this harness is wrong, measured on trials whose truth is known."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.analysis.alignment import Series
from harness.analysis.inference import ALPHA
from harness.commands.check import find_or_say
from harness.data.dataset import Dataset
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.errors import UserError
from harness.measure.machine import describe_machine
from harness.measure.plan import Plan, process_rounds_of
from harness.report.files import write_whole
from harness.report.numbers import with_interval
from harness.screen.console import Screen
from harness.study.backends import repeated_shares
from harness.study.rates import (
    CONDITIONS,
    LEAST_FOUND,
    MOST_FALSE,
    Condition,
    Rate,
    StudyRun,
    Trial,
    excess_spread,
    overall_shift,
    rates,
    trials_frame,
)
from harness.study.trials import SCALE, Settings, make_run
from implementations.registry import usable_cores

_WORDS = {
    "same": ("the same, twice: a difference is seen", f"at most {MOST_FALSE:.0%}"),
    "slowed": ("slowed down: the slow-down is seen", f"at least {LEAST_FOUND:.0%}"),
}
_UNITS = 1e5  # of a log, as a whole number in the file


def study(wanted: int, out: Path, implementation: str, rank: int, rounds: int) -> int:
    """Make trials until there are enough of each kind; print, draw and keep what they show.

    Parameters
    ----------
    wanted : int
        Trials of each of the four rates, at least.
    out : Path
        JSON file that cells go to after every run; a study begun there goes on. The figure goes
        beside it.
    implementation : str
    rank : int
    rounds : int
        Of each run.

    Returns
    -------
    int
        0 where all rates are what is asked of the method, 1 where one is not, 130 after Ctrl-C.

    Raises
    ------
    UserError
        Where `out` holds something else, or a run failed.
    """
    variant = find_or_say(implementation)
    if out.suffix != ".json":
        raise UserError(f"--out {out}: its name is to end with .json")
    with Screen() as screen:
        dataset = open_dataset(SYNTHETIC, (SCALE,), screen.line)
        threads, sweeps = variant.threads(usable_cores()), min(rounds, Plan.sweeps)
        processes = process_rounds_of(rounds)
        settings = Settings(
            implementation, rank, threads, rounds, sweeps, dataset.sha256, processes
        )
        runs = read_runs(out, settings)
        interrupted = False
        try:
            for condition, number in _missing(runs, wanted):
                screen.notice(f"run {number + 1}, {condition}")
                runs.append(make_run(settings, dataset, condition, number, screen))
                _write(out, settings, runs)
        except KeyboardInterrupt:
            screen.line("interrupted: what there is follows; the same command goes on from here")
            interrupted = True
        found, trials = rates(runs), [trial for run in runs for trial in run.trials]
        _print(settings, dataset, trials, found, screen)
        if trials:
            for path in _draw(out, settings, trials, found):
                screen.line(f"written  {path}")
    return 130 if interrupted else int(not all(rate.met for rate in found))


def _missing(runs: list[StudyRun], wanted: int) -> Iterator[tuple[Condition, int]]:
    """Conditions and numbers of the runs to make, in turn, for as long as trials are missing."""
    while True:
        counts = {
            condition: sum(
                trial.kind == "same"  # of which a run has fewer than slowed down
                for run in runs
                if run.condition == condition
                for trial in run.trials
            )
            for condition in CONDITIONS
        }
        short = [condition for condition in CONDITIONS if counts[condition] < wanted]
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
    try:
        held = json.loads(path.read_text())
        before = held["settings"]
        runs = [_run(kept) for kept in held["runs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} holds no study ({error!r}): give another --out") from None
    now = settings.to_json()
    for name in now:
        if before.get(name) != now[name]:
            raise UserError(
                f"{path}: {name} was {before.get(name)!r} and is {now[name]!r} now: "
                "give another --out"
            )
    return runs


def _write(path: Path, settings: Settings, runs: list[StudyRun]) -> None:
    """Keep the cells' rounds, so that the same may be judged by another method later."""
    held: dict[str, Any] = {
        "settings": settings.to_json(),
        "environment": describe_machine(),
        "runs": [
            {
                "condition": run.condition,
                "plain": [_kept(series) for series in run.plain],
                "slowed": [_kept(series) for series in run.slowed],
            }
            for run in runs
        ],
    }
    write_whole(path, json.dumps(held) + "\n")


def _kept(series: Series) -> dict[str, Any]:
    whole = [round(log * _UNITS) for log in series.logs.tolist()]
    return {"logs": whole, "process": series.process.tolist()}


def _run(kept: dict[str, Any]) -> StudyRun:
    plain, slowed = (
        tuple(
            Series(np.array(one["logs"]) / _UNITS, np.array(one["process"])) for one in kept[kind]
        )
        for kind in ("plain", "slowed")
    )
    return StudyRun(kept["condition"], plain, slowed)


def _print(
    settings: Settings, dataset: Dataset, trials: list[Trial], found: list[Rate], screen: Screen
) -> None:
    screen.line(_title(settings))
    screen.line(f"a verdict is a two-sided t-test at {ALPHA:.0%} on {settings.rounds} rounds")
    screen.line()
    screen.line(rate_table(found))
    screen.line()
    users, items = repeated_shares(cut(dataset, SCALE, split_seed=0).train)
    screen.line(
        f"slowed down: {users:.2%} of the ratings are gone over twice in the users' half, "
        f"{items:.2%} in the items'"
    )
    for line in _observations(trials):
        screen.line(line)


def _title(settings: Settings) -> str:
    return (
        f"{settings.implementation}, rank {settings.rank}, {settings.threads} thread(s), "
        f"{SYNTHETIC} (synthetic) at {SCALE}, {settings.rounds} rounds"
    )


def rate_table(found: list[Rate]) -> str:
    """The rates, a line each."""
    rows = [
        (
            _WORDS[rate.kind][0],
            "background load" if rate.condition == "loaded" else "as it is",
            f"{rate.found} of {rate.trials}",
            _share(rate),
            rate.independent,
            _WORDS[rate.kind][1],
            "met" if rate.met else "NOT MET",
        )
        for rate in found
    ]
    headers = ("trial", "machine", "seen", "share (95 %)", "independent", "wanted", "")
    return tabulate(rows, headers, disable_numparse=True)


def _share(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.share:.1%} ({low:.1%}–{high:.1%})"


def _observations(trials: list[Trial]) -> Iterator[str]:
    """How slow the slowed ones were, and whether intervals tell all of the spread."""
    for condition in CONDITIONS:
        some = [trial for trial in trials if trial.condition == condition]
        slow = overall_shift([trial for trial in some if trial.kind == "slowed"])
        if slow is not None and slow.interval is not None:
            measured = with_interval(slow.ratio, *slow.interval)
            yield f"{condition}: they took {measured} times as long, over all trials"
        spread = excess_spread([trial for trial in some if trial.kind == "same"])
        if spread is not None:
            yield (
                f"{condition}: results of the same, twice, scatter {spread:.2f} times as widely as "
                "their intervals lead to expect (1: these tell all)"
            )


def _draw(out: Path, settings: Settings, trials: list[Trial], found: list[Rate]) -> list[Path]:
    from harness.report.study import draw_study

    headings: dict[tuple[str, str], str] = {
        (rate.kind, rate.condition): f"{rate.found} of {rate.trials}: {_share(rate)}"
        for rate in found
    }
    return [out, *draw_study(trials_frame(trials), headings, _title(settings), out)]
