"""Which cores a turn is taken on: those of its round, one for each thread that sweeps."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_native_id
from time import perf_counter_ns, sleep

# A thread that works in a sweep is busy for this share of it at least, even if all share a core.
_BUSY = 0.25
# Threads of OpenMP and of BLAS spin for milliseconds after a call, in case there is another one.
_LOOK_EVERY_S, _LONGEST_REST_S = 0.001, 0.1
_CORES = Path("/sys/devices/system/cpu")


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
    free = _free_cores()
    if number is None or len(free) < 2:
        yield
        return
    _keep_all_on({free[number % len(free)]})
    try:
        yield
    finally:
        _keep_all_on({*free})


class CoresApart:
    """Keeps the threads that sweep on a core each (Linux).

    Linux wakes a thread on the core of the one that it waited for, and moves it milliseconds later.
    Half-sweeps that are shorter are over by then: all their threads share one core for as long as
    they sweep, or in some turns and not in others, as chance has it.

    Parameters
    ----------
    threads : int
        The most that sweep at once.
    """

    def __init__(self, threads: int) -> None:
        self._free = _physical_first(_free_cores())
        self._threads = threads if len(self._free) >= threads else 1
        self._working: list[int] = []  # once they are known
        self._number = 0

    def place(self, number: int) -> None:
        """Give them the cores of a round, the same to whoever gives the same number."""
        self._number = number
        for n, thread in enumerate(self._working, number):
            _keep(thread, {self._free[n % len(self._free)]})

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Watch who works during a sweep, and keep them apart from then on; done once.

        Threads that were not there before are left alone, and all others with them: whoever starts
        threads in each half-sweep would have them all start on the core of the one that does.
        """
        if self._threads < 2 or self._working:
            yield
            return
        before, start = _busy_ns(), perf_counter_ns()
        yield
        least = _BUSY * (perf_counter_ns() - start)
        rest(
            os.getpid()
        )  # a thread that goes on spinning is accounted for only every few milliseconds
        spent = {thread: ns - before.get(thread, 0) for thread, ns in _busy_ns().items()}
        working = sorted(thread for thread, ns in spent.items() if ns > least)
        if 2 <= len(working) <= self._threads and before.keys() >= {*working}:
            self._working = working
            self.place(self._number)

    def release(self) -> None:
        """Let all threads have any core again."""
        _keep_all_on({*self._free})


def rest(process: int) -> None:
    """Wait until no thread of a process is at work: whose turn is next has all cores.

    Parameters
    ----------
    process : int
        Its number; this thread itself, where it is one of them, does not count.
    """
    for _ in range(round(_LONGEST_REST_S / _LOOK_EVERY_S)):
        threads = {*threads_of(process)} - {get_native_id()}
        if not any(_runs(process, thread) for thread in threads):
            return
        sleep(_LOOK_EVERY_S)


def _runs(process: int, thread: int) -> bool:
    """Whether a thread has work, and has a core or waits for one."""
    with suppress(OSError):  # it has ended meanwhile
        text = Path(f"/proc/{process}/task/{thread}/stat").read_text()
        return text.rpartition(")")[2].split()[0] == "R"
    return False


def _free_cores() -> list[int]:
    """Cores that this thread may have, ascending; none where the system keeps nobody on a core."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


def _physical_first(cores: list[int]) -> list[int]:
    """The same logical cores, one of each physical core before the second of any."""
    return sorted(cores, key=lambda core: (_rank_among_siblings(core), core))


def _rank_among_siblings(core: int) -> int:
    """How many logical cores of the same physical core come before this one."""
    with suppress(OSError, ValueError):
        text = (_CORES / f"cpu{core}/topology/core_cpus_list").read_text()  # such as 0-1,8-9
        runs = [part.split("-") for part in text.strip().split(",")]
        return sum(1 for run in runs for one in range(int(run[0]), int(run[-1]) + 1) if one < core)
    return 0


def threads_of(process: int | str = "self") -> list[int]:
    """Numbers of a process's threads, where the system tells."""
    with suppress(OSError):
        return [int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir()]
    return []


def _busy_ns() -> dict[int, int]:
    """Nanoseconds that each thread of this process has had work, where the system counts them.

    It had a core, or waited for one: a thread that is woken up on the core of the one that does all
    the work can wait until nothing is left.
    """
    found = {}
    for thread in threads_of():
        with suppress(OSError):  # it has ended meanwhile
            text = Path(f"/proc/self/task/{thread}/schedstat").read_text()
            ran, waited, _ = text.split()
            found[thread] = int(ran) + int(waited)
    return found


def _keep_all_on(cores: set[int]) -> None:
    for thread in threads_of():
        _keep(thread, cores)


def _keep(thread: int, cores: set[int]) -> None:
    with suppress(ProcessLookupError):  # it has ended meanwhile
        os.sched_setaffinity(thread, cores)
