"""A group of cells, and how it is measured on the machine that it was sent to."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.ladder.rung import Rung
from harness.measure.exchange import map_ratings, write_factors
from harness.measure.machine import describe_machine, load_now
from harness.measure.observer import Progress
from harness.measure.plan import Plan
from harness.measure.rung_run import IsPrecise, RungRun
from harness.measure.session import Session
from harness.results.events import CellPlanned, Ended, Event, GroupPlaced, Status
from harness.results.log import EventLog
from harness.results.records import Run
from implementations.als import start_factors
from implementations.cluster.clients import SCHEDULER

RATINGS, TEST = "ratings", "test"
"""Folders of a group's ratings, in its folder of work."""

# What a worker of Dask has in its environment, and no cell is to have: glibc would give memory back
# with every array, and an implementation would take the other machines for its own.
_NOT_FOR_CELLS = ("MALLOC_TRIM_THRESHOLD_", SCHEDULER)


@dataclass(frozen=True)
class Group:
    """Cells of a rung that share a machine.

    Attributes
    ----------
    plan : Plan
    rung : str
    cold : int
        As `Rung.n_cold`.
    number, count : int
        Which group of the rung it is, from 0, and how many there are.
    cells : sequence of CellPlanned
    is_precise : callable or None
        As of `RungRun`.
    """

    plan: Plan
    rung: str
    cold: int
    number: int
    count: int
    cells: Sequence[CellPlanned]
    is_precise: IsPrecise | None = None

    def __str__(self) -> str:
        return f"{self.rung}, group {self.number + 1} of {self.count}"

    def placed(
        self, host: str, environment: dict[str, Any], after: dict[str, Any] | None = None
    ) -> GroupPlaced:
        """Say where it ran."""
        return GroupPlaced(self.rung, self.number, host, environment, after or {})

    def given_up(self, status: Status, reason: str) -> list[Event]:
        """What the log says of its cells where their results are lost."""
        return [Ended(planned.cell, status, reason, 0) for planned in self.cells]


class _Nobody:
    """Watches a group: results are told of when all of them are there."""

    def notice(self, line: str) -> None:
        """A step that is being taken."""

    def moment(self, progress: Progress) -> None:
        """A turn begins."""

    def rung_done(self, rung: str) -> None:
        """A rung has ended."""


def run_group(
    _: Session, group: Group, known: Run, work: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run a group in this process, as the runner of a single machine would.

    Parameters
    ----------
    _ : Session
        Of the process, which has no contestant.
    group : Group
    known : Run
        What the driver's log holds so far: a first sweep is predicted from it.
    work : Path
        Has the folders of ratings; the log of the group's events is written there.

    Returns
    -------
    before, after : dict
        The machine as the group began, and how busy it was when the group had ended.
    """
    for name in _NOT_FOR_CELLS:
        os.environ.pop(name, None)
    before = describe_machine()
    train, test = map_ratings(work / RATINGS), map_ratings(work / TEST)
    no_ids = np.empty(0, np.int64)
    rung = Rung(group.rung, train, test, no_ids, no_ids, group.cold)
    write_factors(work / "start", start_factors(train, group.plan.params))
    with EventLog(work, known.started, known) as log:
        told = (log, _Nobody(), group.is_precise)
        RungRun(group.plan, rung, work, *told).run_group(group.cells, group.number)
    return before, load_now()
