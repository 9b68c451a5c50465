"""The machines of a cluster, as the driver sees them: hosts of Dask workers."""

from collections.abc import Mapping
from concurrent.futures import CancelledError
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from harness.data.ladder.rung import Rung
from harness.errors import UserError
from harness.machines.group import Group
from harness.machines.there import describe_there, measure_there, source_sha256
from harness.measure.machine import describe_machine
from harness.results.events import Event, Status
from harness.results.records import Run
from implementations.cluster.clients import ClusterError, client_of, remote_client

# Seconds of one wait for results that are there.
_FETCH_S = 10
_GONE = "the scheduler is gone: start one, and go on with run --resume"
# What of the driver's environment is of its software, and not of the machine it is.
_SOFTWARE = ("python", "packages", "llvm", "git")


class LostError(Exception):
    """A worker, or what it was to give, is gone."""


@dataclass
class Sending:
    """A group that is to be measured, its ratings, and the machines that it was lost on."""

    group: Group
    rung: Rung
    lost_on: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Flight:
    """A group that is at work on a machine."""

    sending: Sending
    host: str
    worker: str
    future: Any


class Machines:
    """Machines that have a worker when this is made; later ones take no part.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Attributes
    ----------
    environments : dict of str to dict
        By host, what `describe_machine` says there.

    Raises
    ------
    ClusterError
        Where no scheduler with workers answers.
    UserError
        Where another version of this project, or none, is installed on a machine.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = client_of(address, lambda: remote_client(address))
        self.environments = self._describe()

    def _describe(self) -> dict[str, dict[str, Any]]:
        workers = _one_of_each(self.addresses())
        said = self._client.run(describe_there, workers=[*workers.values()], on_error="return")
        own, environments = source_sha256(), {}
        for host, worker in workers.items():
            answer = said.get(worker)
            if not isinstance(answer, tuple):
                raise UserError(
                    f"{host}: its worker cannot say what it is ({answer}); install this version of "
                    "als-ladder there"
                )
            source, environments[host] = answer
            if source != own:
                raise UserError(
                    f"{host}: the code of als-ladder there is another than here; install the same "
                    "version on all machines, and start their workers again"
                )
        return environments

    def addresses(self) -> list[str]:
        """Workers that are alive, in a fixed order.

        Raises
        ------
        ClusterError
            Where the scheduler is gone.
        """
        try:
            workers = self._client.scheduler_info(n_workers=-1).get("workers", ())
        except OSError as error:
            raise ClusterError(_GONE) from error
        if self._client.status != "running":
            raise ClusterError(_GONE)
        return sorted(workers)

    def workers(self) -> dict[str, str]:
        """A worker on each machine that has one now."""
        found = _one_of_each(self.addresses())
        return {host: worker for host, worker in found.items() if host in self.environments}

    @property
    def cores(self) -> int:
        """Cores that a cell may use on every machine."""
        return min(int(machine["usable_cores"]) for machine in self.environments.values())

    @property
    def available_bytes(self) -> int:
        """Memory that was available on every machine."""
        return min(int(machine["available_bytes"]) for machine in self.environments.values())

    def environment(self) -> dict[str, Any]:
        """What a log says of where its run was started: no cell ran on the driver."""
        own = describe_machine()
        software = {name: own.pop(name) for name in _SOFTWARE}
        return {"engine": "dask", "scheduler": self.address, **software, "driver": own}

    def differences(self) -> list[str]:
        """Software of the machines that is not the driver's, a line each."""
        own = _versions(describe_machine())
        return [
            f"{host} has {name} {theirs}, here it is {own[name]}: factors may differ in last bits"
            for host, machine in self.environments.items()
            for name, theirs in _versions(machine).items()
            if theirs != own[name]
        ]

    def start(self, sending: Sending, host: str, worker: str, known: Run) -> Flight:
        """Send a group to a worker, with its ratings.

        Raises
        ------
        LostError
        """
        no_ids = np.empty(0, np.int64)
        rung = replace(sending.rung, user_ids=no_ids, movie_ids=no_ids)
        # Dask may take what it is to send whenever it likes, and the log goes on.
        given = (sending.group, deepcopy(known), host)
        where = {"workers": [worker]}
        try:
            ratings = self._client.scatter(rung, hash=False, direct=False, **where)
        except (KeyError, ValueError, OSError) as error:  # it has just been lost
            raise LostError(worker) from error
        future = self._client.submit(measure_there, *given, ratings, pure=False, **where)
        return Flight(sending, host, worker, future)

    def events(self, flight: Flight) -> list[Event] | None:
        """What came of a group; None while it is at work.

        Raises
        ------
        LostError
        """
        try:
            if flight.future.done():
                events: list[Event] = flight.future.result(timeout=_FETCH_S)
                return events
        except TimeoutError:
            pass  # it was done, and died with what it gave before that was fetched; or is slow
        except CancelledError as error:
            raise LostError(flight.worker) from error
        except Exception as error:  # noqa: BLE001 - whatever is raised there
            if flight.worker in self.addresses():
                reason = f"{type(error).__name__}: {error}"
                return self.given_up(flight.sending.group, flight.host, "failed", reason)
        if flight.worker not in self.addresses():
            raise LostError(flight.worker)
        return None

    def given_up(self, group: Group, host: str, status: Status, reason: str) -> list[Event]:
        """What the log says of a group whose results are lost with its machine."""
        placed = group.placed(host, self.environments[host])
        return [placed, *group.given_up(status, f"{host}: {reason}")]


def _one_of_each(workers: list[str]) -> dict[str, str]:
    """The first worker of each host: several on one machine would disturb each other's groups."""
    found: dict[str, str] = {}
    for worker in workers:
        found.setdefault(host_of(worker), worker)
    return found


def host_of(worker: str) -> str:
    """Host of a worker's address, such as tls://10.0.0.2:40331."""
    return urlsplit(worker).hostname or worker


def _versions(environment: Mapping[str, Any]) -> dict[str, Any]:
    return {"Python": environment["python"], "NumPy": environment["packages"]["numpy"]}
