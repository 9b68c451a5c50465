"""The runner: rung after rung, every planned cell."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from harness.cost import worker_bytes
from harness.data.dataset import Dataset
from harness.data.ladder import cut
from harness.data.rung import Rung
from harness.errors import UserError
from harness.measure.admission import SHARE_OF_MEMORY, admit
from harness.measure.exchange import write_factors, write_ratings
from harness.measure.machine import available_bytes, load_now
from harness.measure.observer import Observer
from harness.measure.plan import Plan, PlannedCell
from harness.measure.rung_run import IsPrecise, RungRun
from harness.measure.worker import describe
from harness.results.events import (
    Cell,
    CellPlanned,
    Ended,
    Machine,
    RunEnded,
    RungEnded,
    RungStarted,
    Status,
    When,
)
from harness.results.log import EventLog
from implementations.als import start_factors
from implementations.problem import AlsParams, ProblemSize

WORK_FOLDER = ".work"

Refusal = tuple[Status, str]
MeasureMachine = Callable[[When, Sequence[int]], Iterable[Machine]]


@dataclass
class Runner:
    """Runs a plan.

    Parameters
    ----------
    plan : Plan
    cells : sequence of PlannedCell
    dataset : Dataset
    log : EventLog
        Has its RunStarted already.
    observer : Observer
    measure_machine : callable, optional
        Measures what the machine can do with each of some numbers of threads.
    is_precise : callable, optional
        As of `RungRun`.
    """

    plan: Plan
    cells: list[PlannedCell]
    dataset: Dataset
    log: EventLog
    observer: Observer
    measure_machine: MeasureMachine | None = None
    is_precise: IsPrecise | None = None

    def run(self, rungs: Iterable[str]) -> None:
        """Run these rungs; whatever happens, say in the log that the run ended.

        Raises
        ------
        UserError
            Where a rung cannot be cut, or is without training ratings.
        KeyboardInterrupt
            After the cells alive have been ended as interrupted.
        """
        start = perf_counter()
        interrupted = True
        try:
            names = list(rungs)
            self._gauge("start", names)
            for name in names:
                self._run_rung(name)
            self._gauge("end", names)
            interrupted = False
        finally:
            shutil.rmtree(self._work, ignore_errors=True)
            self.log.write(RunEnded(perf_counter() - start, interrupted, load_now()))

    def _gauge(self, when: When, rungs: Sequence[str]) -> None:
        if rungs and self.measure_machine is not None:
            self.observer.notice(f"measuring the machine, {when} of the run")
            for event in self.measure_machine(when, [cell.threads for cell in self.cells]):
                self.log.write(event)

    @property
    def _work(self) -> Path:
        return self.log.path.parent / WORK_FOLDER

    def _run_rung(self, name: str) -> None:
        start = perf_counter()
        self.observer.notice(f"{name}: cutting {self.dataset.name}")
        rung = cut(self.dataset, name, self.plan.split_seed)
        train, test = rung.train, rung.test
        if not len(train):
            raise UserError(f"{self.dataset.name}: the holdout leaves no training rating at {name}")
        self.log.write(
            RungStarted(name, len(train), len(test), train.n_users, train.n_items, rung.n_cold)
        )
        groups = self._plan_groups(rung)
        shutil.rmtree(self._work, ignore_errors=True)
        if groups:
            write_ratings(self._work / "ratings", train)
            write_factors(self._work / "start", start_factors(train, self.plan.params))
        rung_run = RungRun(self.plan, rung, self._work, self.log, self.observer, self.is_precise)
        for number, group in enumerate(groups):
            rung_run.run_group(group, number)
        self.log.write(RungEnded(name, perf_counter() - start))
        self.observer.rung_done(name)

    def _plan_groups(self, rung: Rung) -> list[list[CellPlanned]]:
        """Write which cells are planned, and in which group; those refused are ended at once."""
        size = ProblemSize.of(rung.train)
        answers = [_ask(cell, self.plan.params, size) for cell in self.cells]
        needed = [bytes_needed for bytes_needed, _ in answers]
        refusals = [refusal for _, refusal in answers]
        workers = [worker_bytes(n, len(rung.train)) for n in needed]
        room = int(SHARE_OF_MEMORY * available_bytes())
        wanted = [n for n, refusal in enumerate(refusals) if refusal is None]
        references = [i for i, n in enumerate(wanted) if self.cells[n].ladder is not None]
        admission = admit([workers[n] for n in wanted], room, references)
        groups = [[wanted[n] for n in group] for group in admission.groups]
        anchor = None if admission.anchor is None else wanted[admission.anchor]
        first_group = {n: g for g, group in reversed(list(enumerate(groups))) for n in group}
        planned = []
        for n, cell in enumerate(self.cells):
            facts = (first_group.get(n, -1), n == anchor, needed[n], workers[n])
            planned.append(_cell_planned(rung.name, cell, *facts))
            self.log.write(planned[-1])
        for n in (wanted[n] for n in admission.refused):
            reason = f"needs {workers[n] / 2**30:.3g} GiB, {room / 2**30:.3g} GiB are free"
            refusals[n] = "refused", reason
        for n, refusal in enumerate(refusals):
            if refusal is not None:
                self.log.write(Ended(planned[n].cell, *refusal, 0))
        return [[planned[n] for n in group] for group in groups]


def _ask(cell: PlannedCell, params: AlsParams, size: ProblemSize) -> tuple[int, Refusal | None]:
    """Bytes that a cell's backend needs, and status and reason where it is not to be tried."""
    try:
        backend = cell.variant.create(params, cell.threads)
        reason = backend.refuses(size)
        return int(backend.bytes_needed(size)), None if reason is None else ("refused", reason)
    except Exception as error:  # noqa: BLE001 - anybody's code, as in the worker
        return 0, describe(error)


def _cell_planned(
    rung: str, cell: PlannedCell, group: int, anchor: bool, needed: int, worker: int
) -> CellPlanned:
    variant = cell.variant
    return CellPlanned(
        Cell(rung, variant.name, cell.threads),
        variant.dtype,
        variant.idea,
        cell.ladder,
        cell.hidden,
        group,
        anchor,
        needed,
        worker,
        variant.rmse_tolerance,
        variant.prediction_tolerance,
        variant.row_tolerance,
    )
