"""The workers of a Dask cluster: what they hold, and what becomes of it when one dies."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import cycle
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.cluster.clients import (
    SCHEDULER,
    ClusterError,
    client_of,
    local_client,
    remote_client,
)
from implementations.cluster.part import Part, Solved

PARTITIONS = "ALS_LADDER_PARTITIONS"
"""Environment variable with the number of partitions of a side; otherwise two for each worker."""
# A partition that was lost with its worker so often is given up: something else is wrong.
_MOST_LOSSES = 25


# Seconds until a lost worker is expected to be replaced.
_PATIENCE_S, _LOOK_S = 60, 0.2
# Seconds of one wait for a result; after so many in which nothing is computed it is asked for anew.
_WAIT_S, _IDLE_WAITS = 2, 3


class _LostError(Exception):
    """A worker was lost before it could be sent something."""


class Workers:
    """Workers that hold partitions, and what becomes of these when a worker dies.

    Parameters
    ----------
    count : int
        Workers of a local cluster; ignored where the environment names a scheduler.
    memory : int
        As of `local_client`.
    """

    def __init__(self, count: int, memory: int = 0) -> None:
        address = os.environ.get(SCHEDULER)
        self._count = count
        if address:
            self._client = client_of(address, lambda: remote_client(address))
        else:
            self._client = client_of((count, memory), lambda: local_client(count, memory))
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
            for part, worker in zip(parts, cycle(self._alive()), strict=False)
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

    def map(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Results of calls that need nothing but their arguments, each on any worker.

        Raises
        ------
        ClusterError
            Where the scheduler is gone, or workers die of a call again and again.
        """
        futures = [self._client.submit(call, pure=False) for call in calls]
        return [self._mapped(*one) for one in zip(calls, futures, strict=True)]

    def _mapped(self, call: Callable[[], Any], future: Any) -> Any:
        for _ in range(_MOST_LOSSES):
            try:
                return self._result(future)
            except _lost():
                self._alive()
                future = self._client.submit(call, pure=False)
        raise ClusterError(f"workers died {_MOST_LOSSES} times of one call")

    def _result(self, future: Any) -> Any:
        """What a future gives.

        Raises
        ------
        _LostError
            Where it is waited for although no worker does anything: after deaths, Dask may leave
            it so.
        """
        idle = 0
        while True:
            try:
                return future.result(timeout=_WAIT_S)
            except TimeoutError:
                if future.status == "error":
                    raise  # the call's own
                # Else it is not done, or was, and died with what it gave before that was fetched.
                self._alive()
                idle = 0 if any(self._client.processing().values()) else idle + 1
                if idle == _IDLE_WAITS:
                    future.cancel()
                    raise _LostError(future.key) from None

    def of_each(self, function: Callable[[], Any]) -> dict[str, Any]:
        """What a function gives on each worker, by its address."""
        return dict(self._client.run(function))

    def solve_all(self, placed: Sequence["Placed"], ask: Callable[["Placed"], Any]) -> list[Solved]:
        """Solve all partitions, and count what comes back; as `results` otherwise."""
        found: list[Solved] = self.results(placed, ask)
        self.bytes_sent += sum(solved.rows.nbytes for solved in found)
        return found

    def results(self, placed: Sequence["Placed"], ask: Callable[["Placed"], Any]) -> list[Any]:
        """What all partitions are asked for; what is lost with a worker is asked for anew.

        Parameters
        ----------
        placed : sequence of Placed
        ask : callable
            Gives the future of what a partition is asked for.

        Raises
        ------
        ClusterError
            Where the scheduler is gone, or a partition was lost too often.
        """
        futures = {one: self._asked(one, ask) for one in placed}
        return [self._found(one, futures[one], ask) for one in placed]

    def _asked(self, one: "Placed", ask: Callable[["Placed"], Any]) -> Any:
        """The future of what it gives; None where its worker is lost, or was as it was asked."""
        try:
            return None if one.future is None else ask(one)
        except _lost():
            return None

    def _found(self, one: "Placed", future: Any, ask: Callable[["Placed"], Any]) -> Any:
        """What a future gives, or those that are asked for after it."""
        for _ in range(_MOST_LOSSES):
            if future is not None:
                try:
                    return self._result(future)
                except _lost():
                    pass
            self._recover(one)
            future = self._asked(one, ask)
        raise ClusterError(f"a partition was lost with its worker {_MOST_LOSSES} times")

    def _recover(self, one: "Placed") -> None:
        """See to it that there are workers, and place a partition on one of them."""
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
        self.worker, self.future = worker, None
        with suppress(*_lost()):  # before it came there: it is placed anew when it is asked for
            self.move(worker)

    def move(self, worker: str) -> None:
        """Put it on a worker."""
        self.worker, self.future = worker, None
        self.future = self._put(worker)


def _lost() -> tuple[type[BaseException], ...]:
    """What a future raises whose worker or data are gone."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    return (_LostError, KilledWorker, FutureCancelledError, CancelledError, CommClosedError)
