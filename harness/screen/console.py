"""What a person sees while something runs: a live display on a terminal, plain lines elsewhere."""

import os
import stat
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from threading import RLock
from time import monotonic
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from harness.errors import visible
from harness.report.numbers import duration
from harness.screen.ticking import Clock, Ticker

# Without a terminal, nobody waits longer than this for a sign of life.
SILENCE_S = 15.0
# On a terminal, seconds go on while a turn lasts; between turns it is drawn at most so often.
_REDRAW_S, _OFTEN_S = 1.0, 0.5
_PIPE_WIDTH = 120  # characters of a line where there is no terminal


class View(Protocol):
    """What is going on, asked for whenever it is shown; in the thread of a ticker, too."""

    def parts(self) -> Sequence[str]:
        """What is being done, and how far it is."""

    def rows(self) -> Sequence[str]:
        """Lines to stand below it on a terminal."""


@dataclass(frozen=True)
class _Step:
    """A step that says nothing of itself but its name."""

    name: str
    screen: "Screen"

    def parts(self) -> Sequence[str]:
        return self.name, f"{duration(self.screen.elapsed_s)} elapsed"

    def rows(self) -> Sequence[str]:
        return ()


class Screen:
    """Writes lines to standard output, and what is being done now to standard error.

    Parameters
    ----------
    console : Console, optional
        Of standard error.
    clock : callable, optional
        Seconds.
    """

    def __init__(self, console: Console | None = None, clock: Clock = monotonic) -> None:
        # Forced, since rich takes FORCE_COLOR for a terminal; a file is none.
        self._console = console or Console(stderr=True, force_terminal=sys.stderr.isatty())
        self._clock, self._begun, self._drawn = clock, clock(), -_OFTEN_S
        self._lock = RLock()
        self._view: View = _Step("at work", self)
        self._live: Live | None = None
        # What goes through a pipe comes out late, into the middle of a live display.
        self.is_live = self._console.is_interactive and not _is_pipe(sys.stdout)
        self.ticker = Ticker(_REDRAW_S if self.is_live else SILENCE_S, self._tick, clock)

    def __enter__(self) -> Self:
        self.ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ticker.stop()
        self._erase()

    @property
    def elapsed_s(self) -> float:
        """Seconds since there is this screen."""
        return self._clock() - self._begun

    @property
    def width(self) -> int:
        """Characters of a line of standard output."""
        return get_terminal_size((_PIPE_WIDTH, 24)).columns

    @property
    def live_width(self) -> int:
        """Characters of a line of the live display."""
        return self._console.width

    def line(self, text: str = "") -> None:
        """A line that stays."""
        with self._lock:
            if sys.stdout.isatty():
                self._erase()  # it is drawn again below the line, when there is news
            sys.stdout.write(visible(text) + "\n")
            sys.stdout.flush()
            if not self.is_live:
                self.ticker.put_off()

    def notice(self, text: str, view: View | None = None) -> None:
        """A step that is being taken: a line on its own where there is no live display."""
        with self._lock:
            self._view = view or _Step(text, self)
            if self.is_live:
                self._draw()
            else:
                self._say(text)

    def moment(self, doing: str | View) -> None:
        """What is going on this moment: shown at once only if little else was shown of late."""
        with self._lock:
            self._view = _Step(doing, self) if isinstance(doing, str) else doing
            if self.is_live and self._clock() - self._drawn >= _OFTEN_S:
                self._draw()

    def _tick(self) -> None:
        with self._lock:
            if self.is_live:
                self._draw()
            else:
                self._say(", ".join(self._view.parts()))

    def _say(self, text: str) -> None:
        stream = self._console.file
        stream.write(visible(text) + "\n")
        stream.flush()
        self.ticker.put_off()

    def _draw(self) -> None:
        if self._live is None:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,  # it may be a file
                redirect_stderr=False,
                get_renderable=self._content,
            )
            self._live.start()
        self._live.refresh()
        self._drawn = self._clock()
        self.ticker.put_off()

    def _erase(self) -> None:
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = None

    def _content(self) -> Text:
        """Lines that fit: rich would wrap them, and leave behind what it scrolled away."""
        width, height = self._console.width, self._console.height
        above = [part for text in self._view.parts() for part in textwrap.wrap(text, width - 1)]
        rows = [row[: width - 1] for row in self._view.rows()]
        lines = [*above, *([""] if rows else []), *rows]
        return Text(visible("\n".join(lines[: max(1, height - 2)])), no_wrap=True, overflow="crop")


def _is_pipe(stream: TextIO) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):  # it has no file
        return False
