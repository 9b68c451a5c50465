"""What a person sees while something runs: a live line on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status


class Screen:
    """Writes lines to standard output, and what is being done now to standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def line(self, text: str = "") -> None:
        """A line that stays."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def notice(self, text: str) -> None:
        """A step that is being taken: a line on its own where there is no terminal."""
        if self._status is not None:
            self._status.update(text)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def moment(self, text: str) -> None:
        """What is going on this moment: for the live line only."""
        if self._status is not None:
            self._status.update(text)
