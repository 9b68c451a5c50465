"""Which core a turn of one thread is taken on: the same for all in a round."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def on_core_of(number: int | None) -> Iterator[None]:
    """Keep all threads of this process on one core meanwhile.

    A process that waits for its turn wakes up on the core that it was on. Cores differ by what else
    runs on them or, on a virtual machine, beside them; so two cells would differ for as long as
    their processes live. Where all have the same core in a round, and another one in the next, that
    cancels.

    Parameters
    ----------
    number : int or None
        Whoever gives the same number has the same core. None: any core, as always; so, too, where
        the system keeps nobody on a core (only Linux does), or there is but one.
    """
    free = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    if number is None or len(free) < 2:
        yield
        return
    cores = sorted(free)
    _keep_on({cores[number % len(cores)]})
    try:
        yield
    finally:
        _keep_on(free)


def _keep_on(cores: set[int]) -> None:
    """Let all threads of this process run on these cores only."""
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(int(thread.name), cores)
