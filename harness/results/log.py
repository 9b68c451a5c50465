"""The event log: a line of JSON an event, appended and flushed."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.errors import UserError
from harness.results.events import SCHEMA, Event, RunStarted, from_json, to_json
from harness.results.records import Run, fold

LOG_NAME = "events.jsonl"


class EventLog:
    """Appends events to a run's log, and folds them into what is known so far.

    Parameters
    ----------
    folder : Path
        Of the run. A line that was cut off when an earlier writer died is dropped.
    started : RunStarted
        Written first; in a log that goes on, it says that the run was resumed.
    known : Run, optional
        What other logs hold of the run; events are folded into it.

    Raises
    ------
    UserError
        Where another process is writing this log, or it cannot be read.
    """

    def __init__(self, folder: Path, started: RunStarted, known: Run | None = None) -> None:
        self.path = folder / LOG_NAME
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8")
        self._lock()
        _drop_cut_line(self.path)
        is_new = not self.path.stat().st_size
        self.run = (known or Run(started)) if is_new else read_run(folder)
        self.write(started)

    def _lock(self) -> None:
        """Keep others from writing until this process closes the log or ends, however it ends."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise UserError(f"{self.path}: another harness is writing this run") from None

    def write(self, event: Event) -> None:
        """Append an event; it has left this process when this returns."""
        line = json.dumps(to_json(event), allow_nan=False) + "\n"
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None
        fold([event], self.run)

    def close(self) -> None:
        """Make sure that all events are on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _drop_cut_line(path: Path) -> None:
    """Cut a log back to its last whole line."""
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            file.truncate(whole)


def holds_run(folder: Path) -> bool:
    """Whether a folder has the log of a run: one whole line at least."""
    path = folder / LOG_NAME
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.readline().endswith(b"\n")


def read_events(folder: Path) -> Iterator[Event]:
    """Events of a run, in their order.

    Parameters
    ----------
    folder : Path
        Of the run.

    Yields
    ------
    Event

    Raises
    ------
    UserError
        Where there is no log, or a line before the last is not an event of this schema.
    """
    path = folder / LOG_NAME
    if not path.exists():
        raise UserError(f"{folder}: no run is here ({LOG_NAME} is missing)")
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], 1):  # what follows the last newline was cut off
        try:
            event = from_json(json.loads(line))
        except (ValueError, AttributeError) as error:
            raise UserError(
                f"{path}, line {number}: not an event ({error}); remove the line or the run"
            ) from None
        if isinstance(event, RunStarted) and event.schema > SCHEMA:
            raise UserError(f"{path}: written by a newer version (schema {event.schema})")
        yield event


def read_run(folder: Path) -> Run:
    """Read and fold a run's log."""
    return fold(read_events(folder))
