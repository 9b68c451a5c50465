"""One run of the study: real cells through the real runner."""

from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.analysis.alignment import Series
from harness.analysis.inference import common_rounds, series
from harness.data.dataset import Dataset
from harness.errors import UserError
from harness.measure.background import background_load
from harness.measure.machine import load_now
from harness.measure.observer import Progress
from harness.measure.plan import Entrant, Plan, process_rounds_of
from harness.measure.runner import Runner
from harness.results.events import Cell, RunStarted
from harness.results.log import EventLog
from harness.results.records import Run
from harness.scratch import scratch_folder
from harness.screen.console import Screen
from harness.study.backends import PLAIN, SLOWED, alias
from harness.study.rates import Condition, StudyRun
from implementations.problem import AlsParams
from implementations.registry import find

SCALE = "100k"
# A run has so many cells of the implementation, and so many of itself for each slow-down, which are
# of about 1, 2, 3, 5 and 10 %: one row in so many is solved twice.
PLAIN_CELLS, SLOWED_CELLS = 6, 2
SLOW_DOWNS = (180, 90, 60, 36, 18)


@dataclass(frozen=True)
class Settings:
    """What all trials of a study have in common.

    Attributes
    ----------
    implementation : str
    rank, threads, rounds, sweeps : int
        As `run` takes them.
    data : str
        Content hash of the data set.
    process_rounds : int
        As of `Plan`.
    slow_downs : tuple of int
        Of so many rows, one is solved twice by what is slowed down.
    """

    implementation: str
    rank: int
    threads: int
    rounds: int
    sweeps: int
    data: str
    process_rounds: int = process_rounds_of(Plan.rounds)
    slow_downs: tuple[int, ...] = SLOW_DOWNS

    def to_json(self) -> dict[str, Any]:
        """As the study's file holds them."""
        return asdict(self) | {"slow_downs": list(self.slow_downs)}

    @classmethod
    def from_json(cls, held: dict[str, Any]) -> "Settings":
        """From what `to_json` gave."""
        return cls(**held | {"slow_downs": tuple(held["slow_downs"])})


def make_run(
    settings: Settings, dataset: Dataset, condition: Condition, number: int, screen: Screen
) -> StudyRun:
    """Make one run.

    Parameters
    ----------
    settings : Settings
    dataset : Dataset
    condition : {"quiet", "loaded"}
        Loaded: another process keeps a core busy now and then.
    number : int
        Of the run: the seed of the order of its turns, and of the load.
    screen : Screen

    Raises
    ------
    UserError
        Where a cell or the load did not last to the end.
    """
    names = [name for group in names_of(settings).values() for name in group]
    params = AlsParams(rank=settings.rank)
    plan = Plan(
        implementations=tuple(names),
        rungs=(SCALE,),
        threads=(settings.threads,),
        params=params,
        sweeps=settings.sweeps,
        rounds=settings.rounds,
        process_rounds=settings.process_rounds,
        baseline=names[0],
        shuffle_seed=number,
    )
    cells = [Entrant(find(name), settings.threads, ladder=None) for name in names]
    given = {"name": dataset.name, "synthetic": dataset.synthetic, "sha256": dataset.sha256}
    moment = load_now()
    started = RunStarted(moment["time"], plan.to_json(), given, moment)
    loaded = background_load(number) if condition == "loaded" else nullcontext()
    with scratch_folder() as folder, loaded:
        with EventLog(Path(folder), started) as log:
            Runner(plan, cells, dataset, log, _Quiet(screen)).run(plan.rungs)
        return cells_of(log.run, settings, condition)


def cells_of(run: Run, settings: Settings, condition: Condition) -> StudyRun:
    """What the study keeps of a run.

    Raises
    ------
    UserError
        Where a cell did not end well.
    """
    records = run.rungs[SCALE].records
    for cell, record in records.items():
        if record.ended is None or record.ended.status != "ok":
            what = f"{record.ended.status}: {record.ended.reason}" if record.ended else "no end"
            raise UserError(f"study: {cell.variant} did not end well ({what})")
    rounds = common_rounds(list(records.values()))

    def cells(group: tuple[str, ...]) -> tuple[Series, ...]:
        found = (records[Cell(SCALE, name, settings.threads)] for name in group)
        return tuple(series(record, rounds) for record in found)

    made = {one_in: cells(group) for one_in, group in names_of(settings).items()}
    return StudyRun(condition, made.pop(0), made)


def names_of(settings: Settings) -> dict[int, tuple[str, ...]]:
    """Names of all cells of a run, by how many rows one is solved twice of; 0: of none."""
    kinds = {0: (PLAIN, PLAIN_CELLS)}
    kinds |= {one_in: (f"{SLOWED}{one_in}", SLOWED_CELLS) for one_in in settings.slow_downs}
    return {
        one_in: tuple(alias(kind, number, settings.implementation) for number in range(count))
        for one_in, (kind, count) in kinds.items()
    }


@dataclass(frozen=True)
class _Quiet:
    """Shows what goes on in the live line only: a study has hundreds of runs."""

    screen: Screen

    def notice(self, line: str) -> None:
        self.screen.moment(line)

    def moment(self, progress: Progress) -> None:
        self.screen.moment(str(progress))

    def rung_done(self, rung: str) -> None:
        self.screen.moment(f"{rung} is done")
