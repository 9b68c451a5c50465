"""The runner whose groups are measured on the machines of a cluster."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from harness.machines.cluster import Machines, Sending
from harness.machines.group import Group
from harness.machines.pool import Pool
from harness.measure.runner import Runner
from harness.results.events import Event, Machine, RungEnded, When

_UNMEASURED = "groups of cells ran on machines of a cluster, each with rates of its own"


@dataclass
class _UnderWay:
    """A rung while its groups are at work.

    Their events are written group by group, in the order planned: an anchor's turns and judgements
    in several groups have an order.
    """

    sendings: list[Sending]
    start: float
    ended: dict[int, list[Event]] = field(default_factory=dict)
    written: int = 0

    def due(self) -> Iterable[Event]:
        """Events that can be written now."""
        while self.written in self.ended:
            yield from self.ended[self.written]
            self.written += 1

    @property
    def is_done(self) -> bool:
        """Whether all events were written."""
        return self.written == len(self.sendings)


@dataclass
class ClusterRunner(Runner):
    """Runs a plan on the machines of a cluster.

    The smallest scale is run first, so that what it shows says which cells are affordable at the
    others; the groups of all of these are then side by side, the largest scale first.

    Parameters
    ----------
    machines : Machines
        Takes the place of `engine`, which is asked what implementations need, and nothing else.
    """

    machines: Machines = field(kw_only=True)

    @property
    def _available_bytes(self) -> int:
        return self.machines.available_bytes

    def _gauge(self, when: When, rungs: Sequence[str]) -> None:
        if rungs and when == "start":
            threads = max(one.threads for one in self.entrants)
            self.log.write(Machine(when, threads, {}, {}, _UNMEASURED))

    def _run_rungs(self, names: Sequence[str]) -> None:
        seen = any(rung.ended for rung in self.log.run.rungs.values())
        alone = 0 if seen else 1
        for some in (names[:alone], names[alone:]):
            self._run_at_once(some)

    def _run_at_once(self, names: Sequence[str]) -> None:
        rungs = {name: self._under_way(name) for name in names}
        largest_first = [one for rung in reversed(rungs.values()) for one in rung.sendings]
        pool = Pool(self.machines, largest_first, self.log.run, self.observer.notice)
        told: list[str] = []
        self._write(rungs, told)
        try:
            for group, events in pool.results():
                rungs[group.rung].ended[group.number] = events
                self._write(rungs, told)
        except KeyboardInterrupt:
            self._interrupt(rungs, pool)
            raise
        finally:
            pool.cancel()

    def _under_way(self, name: str) -> _UnderWay:
        start = perf_counter()
        rung, groups = self._begin(name)
        sendings = []
        for number, cells in enumerate(groups):
            which = (name, rung.n_cold, number, len(groups))
            sendings.append(Sending(Group(self.plan, *which, cells, self.is_precise), rung))
        return _UnderWay(sendings, start)

    def _write(self, rungs: dict[str, _UnderWay], told: list[str]) -> None:
        """Write what came, and tell of rungs that are done with all smaller ones."""
        for name, rung in rungs.items():
            for event in rung.due():
                self.log.write(event)
            if rung.is_done and self.log.run.rungs[name].ended is None:
                self.log.write(RungEnded(name, perf_counter() - rung.start))
        for name, rung in rungs.items():
            if not rung.is_done:
                return
            if name not in told:
                told.append(name)
                self.observer.rung_done(name)

    def _interrupt(self, rungs: dict[str, _UnderWay], pool: Pool) -> None:
        """Write what there is of rungs that are not done, and which groups were at work."""
        for host, flight in pool.at_work.items():
            group = flight.sending.group
            events = self.machines.given_up(group, host, "interrupted", "at work")
            rungs[group.rung].ended[group.number] = events
        for rung in rungs.values():
            for number in sorted(rung.ended):
                if number >= rung.written:
                    for event in rung.ended[number]:
                        self.log.write(event)
