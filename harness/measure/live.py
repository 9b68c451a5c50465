"""A cell while its worker is alive."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.measure.cores import rest
from harness.measure.exchange import read_factors
from harness.measure.handle import Worker, WorkerFailure
from harness.measure.judge import Judge
from harness.measure.plan import Plan
from harness.measure.session import Facts, Session
from harness.measure.timing import Timed
from harness.results.events import (
    Cell,
    CellPlanned,
    Ended,
    Event,
    Fit,
    Phase,
    Quality,
    Status,
    Turn,
)
from implementations.backend import Side
from implementations.factors import Factors

# Beyond its judged sweeps a cell goes on sweeping, for the sake of timing, up to this share of its
# budget: slow implementations are told from fast ones by few rounds. Who asks for more rounds than
# the default wants smaller differences told.
TIMING_SHARE, MORE_TIMING_SHARE = 0.25, 0.5
# An interval takes three rounds. Where the budget has no room for them, one tells as much as two.
FEWEST_TURNS = 3
# So many seconds a cell may take whatever its share of the rung's is.
FREE_S = 10.0
# A library that has `fit` only is judged after so many iterations, each time by a fit of its own,
# and after the last: every number would take as many fits.
_JUDGED_FITS = (1, 2, 3, 5, 7)

Write = Callable[[Event], None]


@dataclass
class Live:
    """A cell, its worker, and how far it has come."""

    planned: CellPlanned
    worker: Worker
    plan: Plan
    write: Write
    folder: Path  # where its factors pass between worker and runner
    start: Path  # where the first factors are
    judge: Judge
    turn_sweeps: int | None = None  # None until calibrated
    warm: bool = False  # whether its turns begin with a sweep off the clock
    process: int = 1  # number of the worker among the cell's
    facts: Facts | None = None  # of its workers so far
    turns: int = 0
    judged: int = 0  # sweeps judged
    spent_s: float = 0.0
    last_sweep_s: float = 0.0
    last_turn_s: float = 0.0  # all that was on the clock
    predictions: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    ended: bool = False

    @property
    def cell(self) -> Cell:
        """Which cell this is."""
        return self.planned.cell

    def create(self) -> None:
        """Have the worker make its backend; that it answers shows that it has started."""
        cell = self.cell
        self.worker.call(Session.create, cell.variant, self.plan.params, cell.threads)

    @property
    def has_halves(self) -> bool:
        """Whether it is driven by half-sweeps, from our start."""
        return self.planned.kind == "half-sweeps"

    def set_up(self, ratings: Path) -> None:
        """Go through the phases that come before the first sweep of a later worker.

        It goes on from the factors that were judged last; its phases are not written.
        """
        self.worker.call(Session.open, ratings)
        self.worker.call(Session.rehearse)
        self.worker.call(Session.prepare)
        self.worker.call(Session.load, self.folder if self.judged else self.start)
        self.worker.call(Session.warm_up)

    def lay_out(self) -> None:
        """Prepare the ratings and load the start: phases that nothing else is to disturb."""
        self.note_phase("prepare", self.worker.call(Session.prepare)[0])
        self.note_phase("load", self.worker.call(Session.load, self.start)[0])

    def note_phase(self, phase: str, seconds: float) -> None:
        """Write what a phase of the first worker took."""
        self.write(Phase(self.cell, phase, seconds))

    def note_facts(self) -> None:
        """Ask the worker for its facts; of all workers, the largest memory counts."""
        facts = self.worker.call(Session.facts)[1]
        before = self.facts
        if before is not None and (before.peak_bytes or 0) > (facts.peak_bytes or 0):
            facts = replace(facts, peak_bytes=before.peak_bytes, process_bytes=before.process_bytes)
        self.facts = facts

    def renew(self, worker: Worker) -> None:
        """Go on with another worker."""
        self.worker, self.process = worker, self.process + 1

    def wants_a_turn(self, clock_s: float = 0.0) -> bool:
        """Whether there is budget for one more turn, and use for it.

        Parameters
        ----------
        clock_s : float
            Seconds on the clock of all turns at this rung so far.
        """
        if self.ended:
            return False
        if self.turns == 0:
            return True
        if self.turns < FEWEST_TURNS:
            # Two tell no more than one: what was begun is finished, a sweep more or less slow.
            begun = self.turns > 1 and self.has_halves
            return begun or FEWEST_TURNS * self.turn_s <= self.plan.budget_s
        fits = self.spent_s + self.turn_s <= self._budget_s
        return fits and not self._is_a_burden(clock_s)

    @property
    def _budget_s(self) -> float:
        """Seconds that its turns may take: of the judged sweeps, or of those for timing alone."""
        if self.judged < self.plan.sweeps:
            return self.plan.budget_s
        usual = self.plan.rounds <= Plan.rounds
        return self.plan.budget_s * (TIMING_SHARE if usual else MORE_TIMING_SHARE)

    def _is_a_burden(self, clock_s: float) -> bool:
        """Whether it has taken more than its share of the rung's seconds."""
        share = self.plan.share
        return share is not None and self.spent_s > max(FREE_S, share * clock_s)

    @property
    def turn_s(self) -> float:
        """Seconds on the clock of the next turn, by the last one; 0 before the first."""
        if self.has_halves:
            return self.last_sweep_s * (self.turn_sweeps or 1)
        more = (self.next_judged or self.judged) - self.judged
        return self.last_turn_s + more * self.last_sweep_s

    @property
    def next_judged(self) -> int | None:
        """Sweeps after which it is judged next; None where it has been judged after the last."""
        last = self.plan.sweeps
        if self.judged >= last:
            return None
        if self.has_halves:
            return self.judged + 1
        return next((n for n in _JUDGED_FITS if self.judged < n < last), last)

    def turns_left(self, rounds: int, clock_s: float) -> int:
        """Turns that it will take in so many rounds, as far as can be told now."""
        if not self.wants_a_turn(clock_s):
            return 0
        most = (self._budget_s - self.spent_s) / max(self.turn_s, 1e-9)
        return int(min(rounds, max(most, FEWEST_TURNS - self.turns)))

    def take_turn(self, number: int, position: int) -> None:
        """One turn in one round; judged where it is one of the first sweeps."""
        judged = self.next_judged
        rest(os.getpid())  # threads of a library that judging called may go on spinning here
        _, timed = self.worker.call(
            Session.turn, self.turn_sweeps, judged, self.warm, self._core_of(number)
        )
        self.worker.rest()
        halves = (timed.users_s, timed.items_s, self.process, timed.whole_s)
        counts = timed.counts or (None, None)
        done = timed.sweeps, *halves, *counts, timed.warm_ups
        self.write(Turn(self.cell, number, position, *done))
        for sweeps, seconds in timed.fits:
            self.write(Fit(self.cell, sweeps, seconds))
        self._count(timed)
        if judged is not None:
            self._judge(judged)

    def _core_of(self, number: int) -> int | None:
        """Number of a round's cores; what a library starts has any."""
        return number if self.has_halves else None

    def _count(self, timed: Timed) -> None:
        """Remember what a turn took."""
        self.turns += 1
        self.warm = timed.warm_ups > 0
        if self.has_halves or self.turn_sweeps is None:
            self.turn_sweeps = timed.sweeps
        self.last_turn_s = timed.clock_s
        self.spent_s += timed.clock_s
        self.last_sweep_s = timed.seconds / timed.sweeps

    def _judge(self, sweeps: int) -> None:
        start = perf_counter()
        self.worker.call(Session.read, self.folder)
        judgement = self.judge(read_factors(self.folder))
        self.write(Phase(self.cell, "evaluate", perf_counter() - start))
        self.judged = sweeps
        if not judgement.finite:
            self.end("diverged", f"predictions are not finite after sweep {self.judged}")
            return
        self.predictions[self.judged] = judgement.predictions
        rmse = (judgement.train_rmse, judgement.test_rmse, judgement.warm_test_rmse)
        self.write(Quality(self.cell, self.judged, *rmse, judgement.objective))

    def attempt(self, action: Callable[..., None], *arguments: Any) -> None:
        """Do something while the cell lives; a failure of the worker ends the cell, not the run."""
        if self.ended:
            return
        try:
            action(*arguments)
        except WorkerFailure as failure:
            self.end(failure.status, failure.reason)

    def half_sweep(self, side: Side, factors: Path) -> Factors:
        """Factors after one half-sweep from the given ones, off the clock."""
        self.worker.call(Session.load, factors)
        self.worker.call(Session.half_sweep, side)
        self.worker.call(Session.read, self.folder)
        return read_factors(self.folder)

    def finish(self) -> None:
        """End a cell that took all the turns it could."""
        self.note_facts()
        done, asked = self.judged, self.plan.sweeps
        if done >= asked:
            self.end("ok", "", self.facts)
        else:
            reason = f"{done} of {asked} sweeps took {self.spent_s:.3g} s; {self._limit}"
            self.end("over_budget", reason, self.facts)

    @property
    def _limit(self) -> str:
        """Say what kept it from further turns."""
        budget_s = self.plan.budget_s
        if self.turns < FEWEST_TURNS:
            return f"{FEWEST_TURNS} would not fit into the budget of {budget_s:g} s"
        if self.spent_s + self.turn_s > budget_s:
            return f"the budget is {budget_s:g} s"
        return f"more is over {self.plan.share:.0%} of this scale's seconds (--budget allows it)"

    def end(self, status: Status, reason: str, facts: Facts | None = None) -> None:
        """Write what became of the cell, once, and let its worker go."""
        if not self.ended:
            self.ended = True
            found = facts or Facts(None, {})
            known = (found.peak_bytes, found.threads_in_force, [*found.process_bytes])
            self.write(Ended(self.cell, status, reason, self.judged, *known))
        self.worker.stop()
