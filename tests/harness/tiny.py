"""A data set of 300 users and 80 movies, and runs on it."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from harness import scratch
from harness.data.dataset import Dataset, content_sha256
from harness.measure.observer import Progress
from harness.measure.plan import Plan, entrants
from harness.measure.runner import Runner
from harness.results.events import RunStarted
from harness.results.log import EventLog, read_run
from harness.results.records import Record, Run
from implementations.problem import AlsParams
from implementations.ratings import Ratings

N_USERS, N_MOVIES = 300, 80
# "100k" on the scale of this set: a rung below the whole.
SIZES = {"100k": 2_000}
RUNGS = ("100k", "full")
PARAMS = AlsParams(rank=4, reg=2.0, bias_reg=1.0)


def tiny_dataset() -> Dataset:
    """Half stars, about a quarter of all pairs, every movie rated, raw ids with gaps."""
    random = np.random.default_rng(7)
    popularity = 0.05 + 0.95 * random.random(N_MOVIES) ** 2
    users, items = np.nonzero(random.random((N_USERS, N_MOVIES)) < 0.75 * popularity)
    taste, quality = random.normal(size=(N_USERS, 2)), random.normal(size=(N_MOVIES, 2))
    score = 3.4 + np.sum(taste[users] * quality[items], axis=1) * 0.7
    values = np.clip(np.round(2 * score) / 2, 0.5, 5.0).astype(np.float32)
    assert len(np.unique(users)) == N_USERS
    assert len(np.unique(items)) == N_MOVIES
    ids = (users.astype(np.int32), items.astype(np.int32))
    ratings = Ratings(*ids, values, N_USERS, N_MOVIES)
    raw = np.arange(N_USERS, dtype=np.int64) * 3 + 1, np.arange(N_MOVIES, dtype=np.int64) * 7 + 2
    return Dataset("tiny", False, content_sha256(*raw, ratings), *raw, ratings, len(ratings))


def write_csv(dataset: Dataset, path: Path) -> None:
    """Write ratings as MovieLens does."""
    ratings = dataset.ratings
    lines = ["userId,movieId,rating,timestamp"]
    lines += [
        f"{dataset.user_ids[user]},{dataset.movie_ids[item]},{value},0"
        for user, item, value in zip(ratings.users, ratings.items, ratings.values, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")


@dataclass
class Watcher:
    """Keeps what it is told, and can do something at any moment."""

    at_moment: Callable[[str], None] = lambda line: None
    lines: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def notice(self, line: str) -> None:
        self.lines.append(line)
        self.at_moment(line)

    def moment(self, progress: Progress) -> None:
        self.lines.append(str(progress))
        self.at_moment(str(progress))

    def rung_done(self, rung: str) -> None:
        self.done.append(rung)


def go(
    folder: Path,
    implementations: Sequence[str],
    rungs: Sequence[str] = ("full",),
    watcher: Watcher | None = None,
    is_precise: Callable[[Run, str], bool] | None = None,
    **changed: Any,
) -> Run:
    """Run a plan on the tiny set in this process; what its log says."""
    given: dict[str, Any] = {
        "implementations": tuple(implementations),
        "rungs": tuple(rungs),
        "threads": (2,),
        "params": PARAMS,
        "sweeps": 3,
        "rounds": 4,
        "budget_s": float("inf"),
        "baseline": implementations[0],
    }
    plan = Plan(**given | changed)
    dataset = tiny_dataset()
    data = {"name": dataset.name, "synthetic": False, "source": "tiny"}
    with EventLog(folder, RunStarted("now", plan.to_json(), data, {})) as log:
        told = watcher or Watcher()
        runner = Runner(plan, entrants(plan), dataset, log, told, is_precise=is_precise)
        runner.run(plan.rungs)
    return read_run(folder)


def record_of(run: Run, variant: str, rung: str = "full") -> Record:
    """The record of a variant."""
    (found,) = (r for r in run.rungs[rung].records.values() if r.cell.variant == variant)
    return found


def alive_workers() -> list[psutil.Process]:
    """Processes that this one started, with theirs; without those that tidy up after it.

    These are that which removes its scratch, and Python's own for what processes share.
    """
    children = psutil.Process().children(recursive=True)
    alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if not _tidies_up(child.cmdline())]


def _tidies_up(command: Sequence[str]) -> bool:
    return scratch.REAPER in command or any("resource_tracker" in part for part in command)


def quality_of(run: Run) -> dict[Any, Any]:
    """Everything that was judged, to the last bit."""
    return {record.cell: record.qualities for record in run.records}


def command(draw: bool, tiny: bool = True) -> list[str]:
    """The command line, with the scales of the tiny set and without figures where wanted."""
    lines = ["import sys"]
    if tiny:
        lines.append(f"from harness.data.ladder import scales; scales._SIZES.update({SIZES})")
    # What the machine can do is measured once, by a test of its own.
    lines.append("from harness.commands import run; run.measure_machine = lambda *_: ()")
    if not draw:
        lines.append("from harness.commands import run; run.draw_run = lambda *_: None")
    lines.append("from harness.cli import main; sys.exit(main(sys.argv[1:]))")
    return [sys.executable, "-c", "\n".join(lines)]
