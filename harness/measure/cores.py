"""Which cores a turn is taken on: those of its round, one for each thread that sweeps."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_native_id
from time import perf_counter_ns, sleep

# A thread that works in a sweep is busy for this share of it at least, even if all share a core.
_BUSY = 0.25
# Threads of OpenMP spin for milliseconds after a call, those of OpenBLAS for 2**28 cycles.
_LOOK_EVERY_S, _LONGEST_REST_S = 0.001, 0.2
_SYSTEM = Path("/sys/devices/system")


class Cores:
    """The cores that the threads of a process sweep on: one for each (Linux).

    A process that waits for its turn wakes up on the core that it was on. Cores differ by what else
    runs on them or, on a virtual machine, beside them; so two cells would differ for as long as
    their processes live. Where all have the same cores in a round, and others in the next, that
    cancels.

    A thread wakes up on the core of the one that it waited for, and is moved milliseconds later.
    Half-sweeps that are shorter are over by then: all their threads share one core for as long as
    they sweep, or in some turns and not in others, as chance has it.

    Parameters
    ----------
    threads : int
        The most that sweep at once.
    each : bool
        Whether each is to have a core; False: they may have any, as always. So, too, where the
        system keeps nobody on a core, or there are not enough.
    """

    def __init__(self, threads: int, *, each: bool = True) -> None:
        free = _free_cores()
        self._threads = threads if each and len(free) >= max(threads, 2) else 0
        self._free = _physical_first(free)
        self._working: list[int] = []  # of several threads, once they are known
        self._number = 0

    @contextmanager
    def of_round(self, number: int | None) -> Iterator[None]:
        """Take a turn on the cores of a round, the same for whoever gives the same number.

        None: on those that there were before.
        """
        if number is not None:
            self._number = number
            self._place()
        if number is None or self._threads != 1:
            yield
            return
        _keep({self._free[number % len(self._free)]}, *threads_of())
        try:
            yield
        finally:
            self.release()

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Watch who works during a sweep of several threads, and keep them apart from then on.

        Threads that were not there before are left alone, and all others with them: whoever starts
        threads in each half-sweep would have them all start on the core of the one that does.
        """
        if self._threads < 2 or self._working:
            yield
            return
        before, start = _busy_ns(), perf_counter_ns()
        yield
        least = _BUSY * (perf_counter_ns() - start)
        rest(os.getpid())  # a spinning thread is accounted for only every few milliseconds
        spent = {thread: ns - before.get(thread, 0) for thread, ns in _busy_ns().items()}
        working = sorted(thread for thread, ns in spent.items() if ns > least)
        if 2 <= len(working) <= self._threads and before.keys() >= {*working}:
            self._working = working
            self._place()

    def _place(self) -> None:
        for n, thread in enumerate(self._working, self._number):
            _keep({self._free[n % len(self._free)]}, thread)

    def release(self) -> None:
        """Let all threads have any core again."""
        if self._threads:
            _keep({*self._free}, *threads_of())


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
    """Cores that this process may be kept on, ascending.

    None where the system keeps nobody on a core, and where some are nearer to a memory than others:
    a thread that is moved there leaves its data behind.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    free = os.sched_getaffinity(0)
    lists = [_listed(file) for file in _SYSTEM.glob("node/node*/cpulist")]
    return sorted(free) if all(free <= cores for cores in lists if free & cores) else []


def _physical_first(cores: list[int]) -> list[int]:
    """The same logical cores, one of each physical core before the second of any."""
    return sorted(cores, key=lambda core: (_rank_among_siblings(core), core))


def _rank_among_siblings(core: int) -> int:
    """How many logical cores of the same physical core come before this one."""
    siblings = _listed(_SYSTEM / f"cpu/cpu{core}/topology/core_cpus_list")
    return sum(one < core for one in siblings)


def _listed(file: Path) -> set[int]:
    """Numbers in a file of the system, such as 0-1,8-9."""
    with suppress(OSError, ValueError):
        runs = [part.split("-") for part in file.read_text().strip().split(",")]
        return {one for run in runs for one in range(int(run[0]), int(run[-1]) + 1)}
    return set()


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


def _keep(cores: set[int], *threads: int) -> None:
    for thread in threads:
        with suppress(OSError):  # it has ended, or the cores have been taken away
            os.sched_setaffinity(thread, cores)
