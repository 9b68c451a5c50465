"""Groups on machines: one at a time on each, as long as there are any."""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic, sleep

from harness.machines.cluster import Flight, LostError, Machines, Sending
from harness.machines.group import Group
from harness.results.events import Event
from harness.results.records import Run

_LOOK_S = 0.25
# Seconds until a lost worker is expected to be replaced.
_PATIENCE_S = 60
# A group that was lost with its worker is tried once more, elsewhere: it may be why.
_MOST_LOSSES = 2

Result = tuple[Group, list[Event]]


class Pool:
    """Keeps machines at work.

    Parameters
    ----------
    machines : Machines
    sendings : iterable of Sending
        In the order in which they are to be sent.
    run : Run
        The driver's log, as it grows.
    notice : callable
        Takes lines that tell what goes on.

    Attributes
    ----------
    at_work : dict of str to Flight
        By host.
    """

    def __init__(
        self,
        machines: Machines,
        sendings: Iterable[Sending],
        run: Run,
        notice: Callable[[str], None],
    ) -> None:
        self._machines, self._run, self._notice = machines, run, notice
        self._waiting = list(sendings)
        self.at_work: dict[str, Flight] = {}
        self._deadline = 0.0

    def results(self) -> Iterator[Result]:
        """Groups and their events, in the order in which they end.

        Raises
        ------
        ClusterError
            Where the scheduler is gone.
        """
        self._deadline = monotonic() + _PATIENCE_S
        while self._waiting or self.at_work:
            self._send()
            results = [*self._arrived(), *self._hopeless()]
            yield from results
            if not results:
                sleep(_LOOK_S)

    def cancel(self) -> None:
        """Give up what is at work: it ends there."""
        for flight in self.at_work.values():
            flight.future.cancel()
        self.at_work.clear()

    def _send(self) -> None:
        """Send a group to each machine that has none."""
        for host, worker in self._machines.workers().items():
            fitting = (one for one in self._waiting if _may_run(one, host))
            if host in self.at_work or (sending := next(fitting, None)) is None:
                continue
            self._waiting.remove(sending)
            self._notice(f"{sending.group}: on {host}")
            try:
                self.at_work[host] = self._machines.start(sending, host, worker, self._run)
            except LostError:
                self._lose(sending, host)

    def _arrived(self) -> list[Result]:
        arrived = []
        for host, flight in list(self.at_work.items()):
            try:
                events = self._machines.events(flight)
            except LostError:
                self._lose(flight.sending, host)
                self.at_work.pop(host).future.cancel()
                continue
            if events is not None:
                del self.at_work[host]
                arrived.append((flight.sending.group, events))
                left = len(self._waiting) + len(self.at_work)
                self._notice(f"{flight.sending.group}: back from {host}; {left} to go")
        return arrived

    def _lose(self, sending: Sending, host: str) -> None:
        self._notice(f"{sending.group}: the worker on {host} was lost")
        sending.lost_on.append(host)
        self._waiting.insert(0, sending)

    def _hopeless(self) -> list[Result]:
        """Groups that are not tried any more: no machine is left that may run them."""
        hosts = self._machines.workers().keys()
        if hosts or self.at_work:
            self._deadline = monotonic() + _PATIENCE_S
        if self.at_work or (not hosts and monotonic() < self._deadline):
            return []
        hopeless = [one for one in self._waiting if not any(_may_run(one, host) for host in hosts)]
        self._waiting = [one for one in self._waiting if one not in hopeless]
        return [(one.group, self._given_up(one)) for one in hopeless]

    def _given_up(self, sending: Sending) -> list[Event]:
        if not sending.lost_on:
            return sending.group.given_up("failed", "no machine of the cluster is left")
        *before, last = sending.lost_on
        reason = "lost with its worker" + "".join(f", as on {host} before" for host in before)
        return self._machines.given_up(sending.group, last, "failed", reason)


def _may_run(sending: Sending, host: str) -> bool:
    return len(sending.lost_on) < _MOST_LOSSES and host not in sending.lost_on
