"""One run of the study: real cells through the real runner, and the trials that they make."""

from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harness.analysis.inference import pair_rounds
from harness.analysis.study import Condition, Trial
from harness.commands.console import Screen
from harness.commands.study_backends import PLAIN, REPEATED_ROWS, SLOWED, alias
from harness.data.dataset import Dataset
from harness.errors import UserError
from harness.measure.background import background_load
from harness.measure.machine import load_now
from harness.measure.plan import Plan, PlannedCell
from harness.measure.runner import Runner
from harness.results.events import Cell, RunStarted
from harness.results.log import EventLog
from harness.results.records import Record, Run
from implementations.problem import AlsParams
from implementations.registry import find

SCALE = "100k"
# As many cells as they are of the implementation and of itself slowed down. Two that are the same
# make a trial, and so do two that are not; no cell is in two trials of a kind, so these are
# independent but for the drift that they share.
COUNT = 6


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
    repeated_rows : int
        Of so many rows, one is solved twice by what is slowed down.
    """

    implementation: str
    rank: int
    threads: int
    rounds: int
    sweeps: int
    data: str
    process_rounds: int = Plan.process_rounds
    repeated_rows: int = REPEATED_ROWS

    def to_json(self) -> dict[str, Any]:
        """As the study's file holds them."""
        return asdict(self)


def run_trials(
    settings: Settings, dataset: Dataset, condition: Condition, number: int, screen: Screen
) -> list[Trial]:
    """Make one run, and what its trials show.

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
    names = [alias(*who, settings.implementation) for who in _who()]
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
    cells = [PlannedCell(find(name), settings.threads, ladder=None) for name in names]
    given = {"name": dataset.name, "synthetic": dataset.synthetic, "sha256": dataset.sha256}
    moment = load_now()
    started = RunStarted(moment["time"], plan.to_json(), given, moment)
    loaded = background_load(number) if condition == "loaded" else nullcontext()
    with TemporaryDirectory(prefix="als-ladder-study-") as folder, loaded:
        with EventLog(Path(folder), started) as log:
            Runner(plan, cells, dataset, log, _Quiet(screen)).run(plan.rungs)
        return trials_of(log.run, settings, condition)


def trials_of(run: Run, settings: Settings, condition: Condition) -> list[Trial]:
    """Trials that a run's cells make.

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

    def record_of(kind: str, number: int) -> Record:
        name = alias(kind, number, settings.implementation)
        return records[Cell(SCALE, name, settings.threads)]

    plain = [record_of(PLAIN, number) for number in range(COUNT)]
    slowed = [record_of(SLOWED, number) for number in range(COUNT)]
    same = [pair for cells in (plain, slowed) for pair in zip(cells[1::2], cells[::2], strict=True)]
    other = zip(slowed, plain, strict=True)
    return [Trial("same", condition, pair_rounds(*pair)) for pair in same] + [
        Trial("slowed", condition, pair_rounds(*pair)) for pair in other
    ]


def _who() -> list[tuple[str, int]]:
    """Kinds and numbers of all cells of a run."""
    return [(kind, number) for kind in (PLAIN, SLOWED) for number in range(COUNT)]


@dataclass(frozen=True)
class _Quiet:
    """Shows what goes on in the live line only: a study has hundreds of runs."""

    screen: Screen

    def notice(self, line: str) -> None:
        self.screen.moment(line)

    def moment(self, line: str) -> None:
        self.screen.moment(line)

    def rung_done(self, rung: str) -> None:
        self.screen.moment(f"{rung} is done")
