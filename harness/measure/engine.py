"""Where workers run: on this machine, by processes; another place is another engine, one file."""

from typing import Protocol

from harness.measure.handle import Worker
from harness.results.events import Cell


class Engine(Protocol):
    """Gives cells their workers."""

    def start(self, cell: Cell, timeout_s: float | None) -> Worker:
        """Start a worker for a cell.

        Parameters
        ----------
        cell : Cell
        timeout_s : float or None
            Longest time to wait for an answer of it.

        Returns
        -------
        Worker
            To be stopped by the caller.
        """


class LocalProcesses:
    """Every worker is a process of this machine, in the environment of the runner."""

    def start(self, cell: Cell, timeout_s: float | None) -> Worker:
        """Start a process that has as many threads as the cell."""
        return Worker(cell.threads, timeout_s)
