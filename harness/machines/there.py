"""What a worker of the cluster does: it describes its machine, and has groups measured there."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

from harness.data.ladder.rung import Rung
from harness.machines.group import RATINGS, TEST, Group, run_group
from harness.measure.exchange import write_ratings
from harness.measure.handle import Worker, WorkerFailure
from harness.measure.machine import describe_machine
from harness.results.events import Event
from harness.results.log import read_events
from harness.results.records import Run
from harness.scratch import scratch_folder
from implementations.cluster.clients import wanted
from implementations.registry import usable_cores

_LOOK_S = 0.5


def source_sha256() -> str:
    """Identity of this project's code: of the sources of both packages, as they are installed."""
    digest, root = hashlib.sha256(), Path(__file__).parents[2]
    for package in ("harness", "implementations"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def describe_there() -> tuple[str, dict[str, Any]]:
    """Identity of the code, and the machine."""
    return source_sha256(), describe_machine()


def measure_there(group: Group, known: Run, host: str, rung: Rung) -> list[Event]:
    """Have a group measured by a process of its own, which ends when nobody waits for it.

    Parameters
    ----------
    group : Group
    known : Run
        What the driver's log holds so far.
    host : str
        This machine, as the driver calls it.
    rung : Rung
        Its ratings; ids are not needed.

    Returns
    -------
    list of Event
        Where the group ran, and all that came of it.
    """
    with scratch_folder() as folder:
        work = Path(folder)
        try:
            write_ratings(work / RATINGS, rung.train)
            write_ratings(work / TEST, rung.test)
            before, after = _in_a_process(group, known, work)
        except (WorkerFailure, OSError) as error:
            status = error.status if isinstance(error, WorkerFailure) else "failed"
            ended = group.given_up(status, f"{host}: {error}")
            return [group.placed(host, describe_machine()), *ended]
        _, *events = read_events(work)  # the first one tells that the run started
        return [group.placed(host, before, after), *events]


def _in_a_process(group: Group, known: Run, work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    # The process is to have the judge's threads, as the runner of a single machine has.
    worker = Worker(usable_cores(), None)
    try:
        with _stopped_unless(wanted(), worker):
            return worker.call(run_group, group, known, work)[1]
    finally:
        worker.stop()


@contextmanager
def _stopped_unless(is_wanted: Callable[[], bool], worker: Worker) -> Iterator[None]:
    """Stop a process as soon as nobody wants its results: what waits for its answer gives up."""
    done = Signal()

    def watch() -> None:
        while not done.wait(_LOOK_S):
            if not is_wanted():
                worker.stop()
                return

    watching = Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
