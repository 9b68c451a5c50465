"""Who is told how a run goes."""

from dataclasses import dataclass
from typing import Protocol

from harness.results.events import Cell


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the turns of one rung have come.

    Attributes
    ----------
    cell : Cell
        Whose turn begins now.
    round, rounds : int
        The round that it belongs to, from 1, and how many there will be at most.
    done, cells : int
        Cells that will have no further turn, and all that began.
    left_s : float
        Seconds on the clock that the rung's further turns take, by each cell's last sweep; what a
        cell that had no turn yet will take is not in it.
    """

    cell: Cell
    round: int
    rounds: int
    done: int
    cells: int
    left_s: float

    def __str__(self) -> str:
        return f"{self.cell.rung}: round {self.round} of {self.rounds}, {self.cell.variant}"


class Observer(Protocol):
    """Told how a run goes; shows it, or not."""

    def notice(self, line: str) -> None:
        """A step that is being taken."""

    def moment(self, progress: Progress) -> None:
        """A turn begins; there are many."""

    def rung_done(self, rung: str) -> None:
        """A rung has ended: everything on it is in the log."""
