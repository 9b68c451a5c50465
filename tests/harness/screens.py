"""Screens whose time and terminal are a test's own."""

import io
import re

from rich.console import Console

from harness.screen.console import Screen


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """Standard output and error of one terminal."""

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        """What was written, without the codes that move the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())


def console(terminal: io.StringIO, width: int = 80, term: str = "xterm", **given: str) -> Console:
    environment = {"TERM": term, **given}
    return Console(file=terminal, force_terminal=True, width=width, height=24, _environ=environment)


def pass_time(screen: Screen, clock: Clock, seconds: float) -> None:
    """Let time pass as the ticker's thread would see it."""
    end = clock.now + seconds
    while clock.now < end:
        clock.now = min(end, clock.now + screen.ticker.tick())
    screen.ticker.tick()
