"""One rung: all its workers alive, one at a time at work."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import TypeVar
from urllib.parse import quote

import numpy as np

from harness.cost import Size, project, seen
from harness.data.ladder.rung import Rung
from harness.measure.comparing import compare
from harness.measure.engine import Engine, LocalProcesses
from harness.measure.handle import Worker
from harness.measure.judge import Judge
from harness.measure.live import Live
from harness.measure.observer import Observer, Progress
from harness.measure.plan import Plan
from harness.measure.session import Session
from harness.results.events import Cell, CellPlanned, Ended
from harness.results.log import EventLog
from harness.results.records import Run
from implementations.registry import usable_cores

# A worker that does not answer for longer than this many budgets, or than this, is given up.
_TIMEOUT_BUDGETS, _SHORTEST_TIMEOUT_S = 3, 120.0
# Threads of a library's OpenMP and BLAS go on spinning for a while: the next turn waits for it.
_REST_S = 0.2
# Rounds may end early after so many processes of each cell.
_FEWEST_PROCESSES = 2

IsPrecise = Callable[[Run, str], bool]
T = TypeVar("T")


@dataclass
class RungRun:
    """Runs the cells of one rung, group after group.

    Attributes
    ----------
    plan : Plan
    rung : Rung
    work : Path
        Folder for what passes between runner and workers; `ratings` and `start` are in it.
    log : EventLog
        Smaller rungs in it are what a first sweep is predicted from.
    observer : Observer
    is_precise : callable, optional
        Whether the rung of this name, in what the log holds so far, needs no more rounds.
    engine : Engine
        Where workers run.
    """

    plan: Plan
    rung: Rung
    work: Path
    log: EventLog
    observer: Observer
    is_precise: IsPrecise | None = None
    engine: Engine = field(default_factory=LocalProcesses)

    def run_group(self, cells: Sequence[CellPlanned], group: int) -> None:
        """Start the workers of a group, give them their turns, compare their results."""
        with ExitStack() as stack:
            live = [self._live(cell, stack) for cell in cells if self._is_affordable(cell)]
            self._set_up(live)
            try:
                self._rounds(live, group, stack)
                folder, budget_s = self.work / "reference", self.plan.budget_s
                compare(live, folder, budget_s, self.log.write, self._compared)
                for one in live:
                    one.attempt(one.finish)
            except KeyboardInterrupt:
                for one in live:
                    one.end("interrupted", f"after {one.judged} sweeps")
                raise

    @property
    def _compared(self) -> set[tuple[str, int]]:
        """Variants, with their threads, whose half-sweeps were compared at rungs before."""
        halves = [half for record in self.log.run.records for half in record.half_sweeps]
        return {(c.variant, c.threads) for half in halves for c in (half.cell, half.against)}

    @property
    def size(self) -> Size:
        """What this rung's seconds depend on."""
        train = self.rung.train
        return Size(len(train), train.n_users, train.n_items)

    def _is_affordable(self, planned: CellPlanned) -> bool:
        """Whether a sweep is expected to fit into the budget; where not, the cell ends here."""
        cell = planned.cell
        prediction = project(seen(self.log.run, cell.variant, cell.threads), self.size)
        if prediction and prediction.sweep_s > self.plan.budget_s:
            reason = f"a sweep is expected to take {prediction.sweep_s:.3g} s"
            reason += f", the budget is {self.plan.budget_s:g} s"
            self.log.write(Ended(cell, "skipped", reason, 0))
            return False
        return True

    def _live(self, planned: CellPlanned, stack: ExitStack) -> Live:
        cell = planned.cell
        folder = self.work / f"{quote(cell.variant, safe='')}-{cell.threads}"
        worker, start = self._worker(cell, stack), self.work / "start"
        judge = Judge(self.rung, self.plan.params)
        return Live(planned, worker, self.plan, self.log.write, folder, start, judge)

    def _worker(self, cell: Cell, stack: ExitStack) -> Worker:
        worker = self.engine.start(cell, self._timeout_s)
        stack.callback(worker.stop)
        return worker

    def _set_up(self, live: Sequence[Live]) -> None:
        """Take workers to their first sweep.

        They start side by side, and are ready before the first of their phases is timed. As many
        compile at once as there are cores; ratings are laid out with nothing else going on.
        """
        for one in live:
            one.attempt(one.create)
        self.observer.notice(f"{self.rung.name}: opening the ratings, compiling")
        ratings = self.work / "ratings"
        self._time_at_once("open", live, lambda one: one.worker.call(Session.open, ratings)[0])
        self._time_at_once("compile", live, lambda one: one.worker.call(Session.rehearse)[0])
        for one in live:
            self.observer.notice(f"{one.cell.rung}: preparing {one.cell.variant}")
            one.attempt(one.lay_out)
        self.observer.notice(f"{self.rung.name}: compiling")
        self._time_at_once("compile", live, lambda one: one.worker.call(Session.warm_up)[0])

    def _time_at_once(
        self, phase: str, live: Sequence[Live], seconds_of: Callable[[Live], float]
    ) -> None:
        """Have workers go through a phase side by side, and write what it took each."""
        for one, seconds in self._at_once(live, seconds_of):
            one.note_phase(phase, seconds)

    def _renew(self, live: Sequence[Live], stack: ExitStack) -> None:
        """Replace workers by new ones, whose code and memory lie elsewhere."""
        for one in live:
            one.attempt(one.note_facts)
            one.worker.stop()
        for one in live:
            if not one.ended:
                one.renew(self._worker(one.cell, stack))
        # Nothing of this is timed, and most of it is done by one thread.
        self._at_once(live, self._set_up_again)

    def _at_once(self, live: Sequence[Live], do: Callable[[Live], T]) -> list[tuple[Live, T]]:
        """Do something with all cells alive, as many at once as there are cores.

        Returns
        -------
        list
            Of those that did it, each with what came of it.
        """
        alive = [one for one in live if not one.ended]
        results: list[tuple[Live, T]] = []
        with ThreadPoolExecutor(usable_cores()) as pool:
            done = [pool.submit(do, one) for one in alive]
            try:
                for one, future in zip(alive, done, strict=True):
                    one.attempt(_collect, one, future, results)
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                for one in alive:
                    one.worker.stop()  # what waits for its answer gives up
                raise
        return results

    def _set_up_again(self, live: Live) -> None:
        live.create()
        live.set_up(self.work / "ratings")

    @property
    def _timeout_s(self) -> float | None:
        budget_s = self.plan.budget_s
        if budget_s == float("inf"):
            return None
        return max(_TIMEOUT_BUDGETS * budget_s, _SHORTEST_TIMEOUT_S)

    def _rounds(self, live: Sequence[Live], group: int, stack: ExitStack) -> None:
        """Rounds in which each cell that wants one has a turn, in an order shuffled anew.

        Their numbers go on from group to group, so that a ratio pairs turns of one round only.
        """
        rounds = max(self.plan.rounds, self.plan.sweeps)
        first = group * rounds + 1
        rung_seed = [self.plan.shuffle_seed, *self.rung.name.encode()]
        for number in range(first, first + rounds):
            past = number - first
            waiting = [one for one in live if one.wants_a_turn(_clock_s(live))]
            if not waiting or self._may_end(past):
                return
            if past and past % self.plan.process_rounds == 0:
                self._renew(waiting, stack)
                waiting = [one for one in waiting if not one.ended]
            order = np.random.default_rng([*rung_seed, number]).permutation(len(waiting))
            for position, which in enumerate(order):
                one = waiting[which]
                self.observer.moment(self._progress(one, live, past, rounds))
                one.attempt(one.take_turn, number, position)
                if not one.has_halves:
                    sleep(_REST_S)

    def _may_end(self, past: int) -> bool:
        """Whether so many rounds are enough.

        Asked after whole processes only, two or more, and when all sweeps are judged: looks that
        are few do little to an interval's coverage (docs/method-details.md, "Ending early").
        """
        plan = self.plan
        if plan.precision is None or self.is_precise is None:
            return False
        fewest = max(_FEWEST_PROCESSES * plan.process_rounds, plan.sweeps)
        whole = past % plan.process_rounds == 0
        return past >= fewest and whole and self.is_precise(self.log.run, self.rung.name)

    def _progress(self, one: Live, live: Sequence[Live], past: int, rounds: int) -> Progress:
        """Say how far this group's rounds have come, as a cell's turn begins."""
        clock_s = _clock_s(live)
        left = [other.turns_left(rounds - past, clock_s) for other in live]
        return Progress(
            cell=one.cell,
            round=past + 1,
            rounds=rounds,
            done=left.count(0),
            cells=len(live),
            left_s=sum(turns * other.turn_s for turns, other in zip(left, live, strict=True)),
        )


def _collect(one: Live, future: Future[T], results: list[tuple[Live, T]]) -> None:
    results.append((one, future.result()))


def _clock_s(live: Sequence[Live]) -> float:
    """Seconds on the clock of all turns of these cells."""
    return sum(one.spent_s for one in live)
