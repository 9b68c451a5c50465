"""Where `run` has its cells measured: on this machine, or on those of a cluster."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.commands.train import expect_dask
from harness.errors import UserError
from harness.measure.machine import describe_machine
from harness.measure.runner import Runner
from implementations.registry import usable_cores


@dataclass(frozen=True)
class Place:
    """Where cells are measured.

    Attributes
    ----------
    cores : int
        That a cell may use.
    whose : str
        Words for who has these.
    environment : callable
        Gives what the log says of it.
    runner : callable
        Makes a runner, as `Runner` does.
    """

    cores: int
    whose: str
    environment: Callable[[], dict[str, Any]]
    runner: Callable[..., Runner]


def here() -> Place:
    """Cells are measured on this machine."""
    return Place(usable_cores(), "this process may use", describe_machine, Runner)


@contextmanager
def on_cluster(scheduler: str | None, say: Callable[[str], None]) -> Iterator[Place]:
    """Cells are measured on the machines of a cluster, as long as the body runs.

    Parameters
    ----------
    scheduler : str or None
        Its address; None: as the environment says.
    say : callable
        Takes lines on what the machines are.

    Raises
    ------
    UserError
        Where Dask is missing, or a cluster or a machine of it cannot be used, or the scheduler is
        lost in the body.
    """
    expect_dask()
    from harness.machines.cluster import Machines
    from harness.machines.runner import ClusterRunner
    from implementations.cluster.clients import SCHEDULER, ClusterError, close_clients

    # An implementation that is asked what it needs here is not to take the cluster for its own.
    named = os.environ.pop(SCHEDULER, None)
    address = scheduler or named
    if not address:
        raise UserError(
            f"--engine dask: no scheduler is named; add --scheduler tcp://HOST:8786, or set "
            f"{SCHEDULER}"
        )
    try:
        machines = Machines(address)
        for line in (f"machines: {', '.join(machines.environments)}", *machines.differences()):
            say(line)
        runner = partial(ClusterRunner, machines=machines)
        whose = "the machine with the fewest has"
        yield Place(machines.cores, whose, machines.environment, runner)
    except ClusterError as error:
        raise UserError(str(error)) from error
    finally:
        close_clients()
