"""The workers of a Dask cluster: a local one, or the one whose scheduler the environment names."""

import atexit
import os
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.cluster.part import Part, Solved

SCHEDULER = "ALS_LADDER_SCHEDULER"
"""Environment variable with the address of a scheduler, such as tcp://10.0.0.1:8786."""
PARTITIONS = "ALS_LADDER_PARTITIONS"
"""Environment variable with the number of partitions of a side; otherwise two for each worker."""
# A partition that was lost with its worker so often is given up: something else is wrong.
_MOST_LOSSES = 25


# Seconds until a lost worker is expected to be replaced.
_PATIENCE_S, _LOOK_S = 60, 0.2


class ClusterError(RuntimeError):
    """The scheduler is gone, or workers are lost again and again."""


_open: dict[int | str, Any] = {}


def close_clients() -> None:
    """Close all clients, and the clusters that were started for them; done at exit, too."""
    while _open:
        client = _open.popitem()[1]
        cluster = client.cluster
        client.close()
        if cluster is not None:
            cluster.close()


atexit.register(close_clients)


def _client_of(key: int | str, make: Callable[[Any], Any]) -> Any:
    """One client for each cluster, whoever asks; another one where its scheduler is gone."""
    if key not in _open or _open[key].status != "running":
        _open[key] = make(key)
    return _open[key]


def local_client(workers: int, memory: int = 0) -> Any:
    """Client of a cluster of processes on this machine, one thread each.

    It listens on loopback only, and has no dashboard.

    Parameters
    ----------
    workers : int
    memory : int
        Bytes that a worker may hold: one that holds more is ended. 0: no limit.
    """
    import dask
    from distributed import Client, LocalCluster

    # A lost worker takes its data with it: they are sent anew, so no death counts against a task.
    settings = {
        "scheduler.allowed-failures": 1_000,
        "comm.timeouts.connect": "3s",
        "deploy.lost-worker-timeout": "5s",
        # What does not fit is to be seen, not to become slow on a disk.
        "worker.memory.target": False,
        "worker.memory.spill": False,
        "worker.memory.pause": False,
    }
    dask.config.set({f"distributed.{name}": value for name, value in settings.items()})
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        memory_limit=memory,
        silence_logs="CRITICAL",
    )
    return Client(cluster, set_as_default=False)


def remote_client(address: str) -> Any:
    """Client of a scheduler that runs already.

    Raises
    ------
    ClusterError
        Where none answers there.
    """
    from distributed import Client

    try:
        client = Client(address, timeout="10s", set_as_default=False)
        client.wait_for_workers(1, timeout=10)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(f"{SCHEDULER}={address}: no scheduler with workers answers") from error
    return client


class _LostError(Exception):
    """A worker was lost before it could be sent something."""


class Workers:
    """Workers that hold partitions, and what becomes of these when a worker dies.

    Parameters
    ----------
    count : int
        Workers of a local cluster; ignored where the environment names a scheduler.
    """

    def __init__(self, count: int) -> None:
        address = os.environ.get(SCHEDULER)
        self._count = count
        made = remote_client if address else local_client
        self._client = _client_of(address or count, made)
        self.bytes_sent = 0
        self.lost = 0

    @property
    def addresses(self) -> list[str]:
        """Workers that are alive, in a fixed order."""
        return sorted(self._client.scheduler_info(n_workers=-1).get("workers", ()))

    @property
    def partitions(self) -> int:
        """Partitions to cut a side into.

        Raises
        ------
        ClusterError
            Where the environment asks for what is no number of them.
        """
        asked = os.environ.get(PARTITIONS)
        if not asked:
            return 2 * max(1, len(self.addresses))
        if not asked.isdecimal() or int(asked) < 1:
            raise ClusterError(f"{PARTITIONS}={asked}: give a whole number from 1 on")
        return int(asked)

    def place(self, parts: Sequence[Part]) -> list["Placed"]:
        """Send each partition to a worker."""
        return [
            Placed(part.first, part.n_rows, part.needed, partial(self.send, part), worker)
            for part, worker in zip(parts, cycle(self.addresses), strict=False)
        ]

    def send(self, value: Any, worker: str) -> Any:
        """Data on a worker."""
        self.bytes_sent += value.nbytes
        return self._scatter(value, worker)

    def send_to_all(self, value: Any) -> Any:
        """Data on one of the workers, from which the others fetch it when they need it.

        Dask can send to all at once, but never comes back where one of them dies meanwhile.
        """
        addresses = self._alive()
        self.bytes_sent += len(addresses) * value.nbytes
        return self._scatter(value, addresses[self.lost % len(addresses)])

    def _scatter(self, value: Any, worker: str) -> Any:
        try:
            return self._client.scatter(value, workers=[worker], hash=False, direct=False)
        except (KeyError, ValueError, OSError) as error:  # the scheduler has let it go meanwhile
            raise _LostError(worker) from error

    def _alive(self) -> list[str]:
        """Workers that are there; waited for, where none is."""
        deadline = monotonic() + _PATIENCE_S
        self._expect_scheduler()
        while not (addresses := self.addresses):
            if monotonic() > deadline:
                raise ClusterError(f"no worker came back within {_PATIENCE_S} s")
            if self._client.cluster is not None:
                # One that dies as it starts is given up by whoever restarts it: ask for another.
                self._client.cluster.scale(self._count)
            sleep(_LOOK_S)
        return addresses

    def call(self, function: Callable[..., Any], *given: Any, worker: str) -> Any:
        """A call on a worker, or on another if that one is lost."""
        return self._client.submit(
            function, *given, workers=[worker], allow_other_workers=True, pure=False
        )

    def solve_all(self, placed: Sequence["Placed"], ask: Callable[["Placed"], Any]) -> list[Solved]:
        """Solve all partitions; what is lost with a worker is sent and solved anew.

        Parameters
        ----------
        placed : sequence of Placed
        ask : callable
            Gives the future of a partition's `Solved`.

        Raises
        ------
        ClusterError
            Where the scheduler is gone, or a partition was lost too often.
        """
        futures = {one: self._asked(one, ask) for one in placed}
        found = [self._found(one, futures[one], ask) for one in placed]
        self.bytes_sent += sum(solved.rows.nbytes for solved in found)
        return found

    def _asked(self, one: "Placed", ask: Callable[["Placed"], Any]) -> Any:
        """The future of a partition; None where its worker was lost while it was asked."""
        try:
            return ask(one)
        except _lost():
            return None

    def _found(self, one: "Placed", future: Any, ask: Callable[["Placed"], Any]) -> Solved:
        """What a future gives, or those that are asked for after it."""
        for _ in range(_MOST_LOSSES):
            if future is not None:
                try:
                    solved: Solved = future.result()
                    return solved
                except _lost():
                    pass
            self._recover(one)
            future = self._asked(one, ask)
        raise ClusterError(f"a partition was lost with its worker {_MOST_LOSSES} times")

    def _recover(self, one: "Placed") -> None:
        """See to it that there are workers, and place a partition on one of them."""
        self._expect_scheduler()
        self.lost += 1
        addresses = self._alive()
        try:
            one.move(addresses[self.lost % len(addresses)])
        except _lost():
            return  # that one was lost as well: the next try finds out

    def _expect_scheduler(self) -> None:
        if self._client.status != "running":
            raise ClusterError("the scheduler is gone: start one, and train again")


class Placed:
    """A partition on a worker.

    Parameters
    ----------
    first, n_rows : int
        Its rows of the side.
    needed : ndarray of int32, or None
        Rows of the other side that it is to be sent; None: all.
    put : callable
        Puts it on a worker, and gives its future.
    worker : str
    """

    def __init__(
        self,
        first: int,
        n_rows: int,
        needed: NDArray[np.int32] | None,
        put: Callable[[str], Any],
        worker: str,
    ) -> None:
        self.rows, self.needed, self._put = slice(first, first + n_rows), needed, put
        self.move(worker)

    def move(self, worker: str) -> None:
        """Put it on a worker."""
        self.worker = worker
        self.future = self._put(worker)


def _lost() -> tuple[type[BaseException], ...]:
    """What a future raises whose worker or data are gone."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    return (_LostError, KilledWorker, FutureCancelledError, CancelledError, CommClosedError)
