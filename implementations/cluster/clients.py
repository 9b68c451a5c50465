"""Clients of clusters: a local one that is started here, or one whose scheduler runs already."""

import atexit
import logging
from collections.abc import Callable
from typing import Any

SCHEDULER = "ALS_LADDER_SCHEDULER"
"""Environment variable with the address of a scheduler, such as tcp://10.0.0.1:8786."""

# Seconds to wait for a scheduler, and then for its first worker.
_PATIENCE_S = 10


class ClusterError(RuntimeError):
    """The scheduler is gone, or workers are lost again and again."""


# By the address of a scheduler, or by the number of local workers and their memory.
_open: dict[tuple[int, int] | str, Any] = {}


def close_clients() -> None:
    """Close all clients, and the clusters that were started for them; done at exit, too."""
    while _open:
        client = _open.popitem()[1]
        cluster = client.cluster
        client.close()
        if cluster is not None:
            cluster.close()


atexit.register(close_clients)


def client_of(key: tuple[int, int] | str, make: Callable[[], Any]) -> Any:
    """One client for each cluster, whoever asks; another one where its scheduler is gone."""
    if key not in _open or _open[key].status != "running":
        _open[key] = make()
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
    # A cluster that is closed hands its loggers back, and what ends after it would still be told.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
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

    # Who asks says in one line that the scheduler is gone.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_PATIENCE_S, set_as_default=False)
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(f"{SCHEDULER}={address}: no scheduler with workers answers") from error
    return client


def wanted() -> Callable[[], bool]:
    """Whether somebody still waits for the task of a worker that asks; any thread may call it.

    A task that was cancelled, or whose client has died, goes on otherwise.
    """
    from distributed import Status, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        given_up = task is None or task.state == "cancelled"
        return not given_up and worker.status not in (Status.closing, Status.closed, Status.failed)

    return is_wanted
