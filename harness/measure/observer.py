"""Who is told how a run goes."""

from typing import Protocol


class Observer(Protocol):
    """Told how a run goes; shows it, or not."""

    def notice(self, line: str) -> None:
        """A step that is being taken."""

    def moment(self, line: str) -> None:
        """What goes on this moment; there are many."""

    def rung_done(self, rung: str) -> None:
        """A rung has ended: everything on it is in the log."""
