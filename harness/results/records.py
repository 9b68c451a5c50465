"""Records: the events of a run folded by rung and cell."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import nan
from statistics import median

from harness.errors import UserError
from harness.results.events import (
    Cell,
    CellPlanned,
    Difference,
    Ended,
    Event,
    Fit,
    GroupPlaced,
    HalfSweep,
    Machine,
    Phase,
    Quality,
    RunEnded,
    RungEnded,
    RungStarted,
    RunStarted,
    Turn,
)


@dataclass
class Record:
    """All facts on one cell."""

    planned: CellPlanned
    phases: dict[str, float] = field(default_factory=dict)  # seconds; a repeated phase adds up
    turns: list[Turn] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)  # of a library that has `fit` only
    qualities: list[Quality] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    half_sweeps: list[HalfSweep] = field(default_factory=list)
    ended: Ended | None = None

    @property
    def cell(self) -> Cell:
        """Which cell this is of."""
        return self.planned.cell

    @property
    def median_halves_s(self) -> tuple[float, float] | None:
        """Median seconds of a half-sweep of the users and of one of the items, over the turns.

        None where turns have no halves.
        """
        halves = [
            (turn.users_s / turn.sweeps, turn.items_s / turn.sweeps)
            for turn in self.turns
            if turn.users_s is not None and turn.items_s is not None
        ]
        return (median(u for u, _ in halves), median(i for _, i in halves)) if halves else None

    @property
    def median_sweep_s(self) -> float:
        """Median seconds of a sweep: of its halves, each, where it has them; NaN without a turn."""
        if halves := self.median_halves_s:
            return sum(halves)
        return median(turn.sweep_s for turn in self.turns) if self.turns else nan


@dataclass
class RungRecord:
    """All facts on one rung."""

    started: RungStarted
    records: dict[Cell, Record] = field(default_factory=dict)
    ended: RungEnded | None = None
    placed: dict[int, GroupPlaced] = field(default_factory=dict)  # by group; empty: all ran here


@dataclass
class Run:
    """All facts of one run."""

    started: RunStarted
    rungs: dict[str, RungRecord] = field(default_factory=dict)
    ended: RunEnded | None = None
    machine: list[Machine] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """All records, rung after rung, in the order planned."""
        return [record for rung in self.rungs.values() for record in rung.records.values()]

    @property
    def placed(self) -> list[GroupPlaced]:
        """Groups that ran on other machines, and where; rung after rung."""
        return [rung.placed[group] for rung in self.rungs.values() for group in sorted(rung.placed)]


def fold(events: Iterable[Event], run: Run | None = None) -> Run:
    """Fold events into a run.

    Parameters
    ----------
    events : iterable of Event
        In the order of the log.
    run : Run, optional
        What earlier events were folded into; changed.

    Raises
    ------
    UserError
        Where they do not begin with a RunStarted, or tell of a cell that was never planned.
    """
    for event in events:
        if isinstance(event, RunStarted):
            run = run or Run(event)
            run.ended = None  # a resumed run announces itself again
        elif run is None:
            raise UserError("the log does not begin with the start of a run")
        else:
            try:
                _add(run, event)
            except KeyError as error:
                kind = type(event).__name__
                raise UserError(f"the log has a {kind} of {error}, which was not planned") from None
    if run is None:
        raise UserError("the log is empty: the run ended before it began")
    return run


def _add(run: Run, event: Event) -> None:
    if isinstance(event, RungStarted):
        run.rungs[event.rung] = RungRecord(event)
    elif isinstance(event, RungEnded):
        run.rungs[event.rung].ended = event
    elif isinstance(event, GroupPlaced):
        run.rungs[event.rung].placed[event.group] = event
    elif isinstance(event, RunEnded):
        run.ended = event
    elif isinstance(event, Machine):
        run.machine.append(event)
    elif isinstance(event, CellPlanned):
        run.rungs[event.cell.rung].records[event.cell] = Record(event)
    elif not isinstance(event, RunStarted):
        _add_to_record(run.rungs[event.cell.rung].records[event.cell], event)


def _add_to_record(
    record: Record, event: Phase | Turn | Fit | Quality | Difference | HalfSweep | Ended
) -> None:
    if isinstance(event, Phase):
        record.phases[event.phase] = record.phases.get(event.phase, 0.0) + event.seconds
    elif isinstance(event, Turn):
        record.turns.append(event)
    elif isinstance(event, Fit):
        record.fits.append(event)
    elif isinstance(event, Quality):
        # An anchor is judged anew in each of its groups: the first time stands.
        if not record.qualities or event.sweep > record.qualities[-1].sweep:
            record.qualities.append(event)
    elif isinstance(event, Difference):
        record.differences.append(event)
    elif isinstance(event, HalfSweep):
        record.half_sweeps.append(event)
    elif record.ended is None or record.ended.status == "ok":
        record.ended = event  # what goes wrong with an anchor in one group stays
