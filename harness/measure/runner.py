"""The runner: rung after rung, every planned cell."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter

from harness.cost import worker_bytes
from harness.data.dataset import Dataset
from harness.data.ladder.rung import Rung
from harness.data.ladder.scales import cut
from harness.errors import UserError
from harness.measure.admission import SHARE_OF_MEMORY, admit
from harness.measure.asking import Interviewer
from harness.measure.engine import Engine, LocalProcesses
from harness.measure.exchange import write_factors, write_ratings
from harness.measure.machine import available_bytes, load_now
from harness.measure.observer import Observer
from harness.measure.plan import Entrant, Plan
from harness.measure.rung_run import IsPrecise, RungRun
from harness.measure.session import Answers
from harness.results.events import (
    Cell,
    CellPlanned,
    Ended,
    Machine,
    RunEnded,
    RungEnded,
    RungStarted,
    When,
)
from harness.results.log import EventLog
from implementations.als import start_factors
from implementations.ratings import ProblemSize

WORK_FOLDER = ".work"

MeasureMachine = Callable[[When, Sequence[int]], Iterable[Machine]]


@dataclass
class Runner:
    """Runs a plan.

    Parameters
    ----------
    plan : Plan
    entrants : sequence of Entrant
    dataset : Dataset
    log : EventLog
        Has its RunStarted already.
    observer : Observer
    measure_machine : callable, optional
        Measures what the machine can do with each of some numbers of threads.
    is_precise : callable, optional
        As of `RungRun`.
    engine : Engine
        Where workers run.
    """

    plan: Plan
    entrants: list[Entrant]
    dataset: Dataset
    log: EventLog
    observer: Observer
    measure_machine: MeasureMachine | None = None
    is_precise: IsPrecise | None = None
    engine: Engine = field(default_factory=LocalProcesses)

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
            self._interviewer.start()
            self._gauge("start", names)
            self._run_rungs(names)
            self._gauge("end", names)
            interrupted = False
        finally:
            self._interviewer.close()
            shutil.rmtree(self._work, ignore_errors=True)
            self.log.write(RunEnded(perf_counter() - start, interrupted, load_now()))

    def _gauge(self, when: When, rungs: Sequence[str]) -> None:
        if rungs and self.measure_machine is not None:
            self.observer.notice(f"measuring the machine, {when} of the run")
            for event in self.measure_machine(when, [one.threads for one in self.entrants]):
                self.log.write(event)

    @cached_property
    def _interviewer(self) -> Interviewer:
        return Interviewer(self.engine, self.plan.params)

    @property
    def _work(self) -> Path:
        return self.log.path.parent / WORK_FOLDER

    def _run_rungs(self, names: Sequence[str]) -> None:
        for name in names:
            self._run_rung(name)

    def _run_rung(self, name: str) -> None:
        start = perf_counter()
        rung, groups = self._begin(name)
        shutil.rmtree(self._work, ignore_errors=True)
        if groups:
            write_ratings(self._work / "ratings", rung.train)
            write_factors(self._work / "start", start_factors(rung.train, self.plan.params))
        told = (self.log, self.observer, self.is_precise, self.engine)
        rung_run = RungRun(self.plan, rung, self._work, *told)
        for number, group in enumerate(groups):
            rung_run.run_group(group, number)
        self.log.write(RungEnded(name, perf_counter() - start))
        self.observer.rung_done(name)

    def _begin(self, name: str) -> tuple[Rung, list[list[CellPlanned]]]:
        """Cut a rung, and write what is planned for it; its groups."""
        self._interviewer.start()
        self.observer.notice(f"{name}: cutting {self.dataset.name}")
        rung = cut(self.dataset, name, self.plan.split_seed)
        train, test = rung.train, rung.test
        if not len(train):
            raise UserError(f"{self.dataset.name}: the holdout leaves no training rating at {name}")
        self.log.write(
            RungStarted(name, len(train), len(test), train.n_users, train.n_items, rung.n_cold)
        )
        return rung, self._plan_groups(rung)

    @property
    def _available_bytes(self) -> int:
        """Memory where a group is run."""
        return available_bytes()

    def _plan_groups(self, rung: Rung) -> list[list[CellPlanned]]:
        """Write which cells are planned, and in which group; those refused are ended at once."""
        size = ProblemSize.of(rung.train)
        cells = [Cell(rung.name, one.variant.name, one.threads) for one in self.entrants]
        asked = [self._interviewer.ask(cell, size) for cell in cells]
        self._interviewer.close()
        answers, refusals = [answer for answer, _ in asked], [refusal for _, refusal in asked]
        workers = [worker_bytes(answer.bytes_needed, len(rung.train)) for answer in answers]
        room = int(SHARE_OF_MEMORY * self._available_bytes)
        wanted = [n for n, refusal in enumerate(refusals) if refusal is None]
        references = [i for i, n in enumerate(wanted) if self.entrants[n].ladder is not None]
        admission = admit([workers[n] for n in wanted], room, references)
        groups = [[wanted[n] for n in group] for group in admission.groups]
        anchor = None if admission.anchor is None else wanted[admission.anchor]
        first_group = {n: g for g, group in reversed(list(enumerate(groups))) for n in group}
        planned = []
        for n, entrant in enumerate(self.entrants):
            facts = (first_group.get(n, -1), n == anchor, answers[n], workers[n])
            planned.append(_planned(cells[n], entrant, *facts))
            self.log.write(planned[-1])
        for n in (wanted[n] for n in admission.refused):
            reason = f"needs {workers[n] / 2**30:.3g} GiB, {room / 2**30:.3g} GiB are free"
            refusals[n] = "refused", reason
        for n, refusal in enumerate(refusals):
            if refusal is not None:
                self.log.write(Ended(planned[n].cell, *refusal, 0))
        return [[planned[n] for n in group] for group in groups]


def _planned(
    cell: Cell, entrant: Entrant, group: int, anchor: bool, answers: Answers, worker: int
) -> CellPlanned:
    variant = entrant.variant
    return CellPlanned(
        cell,
        variant.dtype,
        variant.idea,
        entrant.ladder,
        entrant.hidden,
        group,
        anchor,
        answers.bytes_needed,
        worker,
        variant.rmse_tolerance,
        variant.prediction_tolerance,
        variant.row_tolerance,
        "whole-fits" if variant.is_whole_fit else "half-sweeps",
        answers.own_objective,
        variant.acceleration.words,
    )
