"""Instructions and cycles, as the processor counts them (Linux's ``perf_event_open``).

A second instrument beside the clock: what else runs on the machine hardly changes it. It does not
see what waiting for memory costs, so nothing is decided by it.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_SYSCALL = {"x86_64": 298, "aarch64": 241}
_HARDWARE = 0  # PERF_TYPE_HARDWARE
_CYCLES, _INSTRUCTIONS = 0, 1  # PERF_COUNT_HW_CPU_CYCLES, …_INSTRUCTIONS
_TIMES = 1 | 2  # PERF_FORMAT_TOTAL_TIME_ENABLED, …_RUNNING
_INHERIT, _NOT_KERNEL, _NOT_HYPERVISOR = 1 << 1, 1 << 5, 1 << 6
# Of struct perf_event_attr, as its first version has it: type, size, config, period, sample type,
# read format, flags, and three that are not used here.
_ATTRIBUTES = struct.Struct("IIQQQQQIIQ")
_READ = struct.Struct("QQQ")


class Counts(NamedTuple):
    """Instructions and cycles, outside the system's kernel."""

    instructions: float
    cycles: float


class Count(NamedTuple):
    """One counter: what it counted, and nanoseconds that it was asked to, and that it did."""

    value: int
    enabled: int
    running: int


Reading = tuple[tuple[Count, ...], ...]
"""All counters of instructions, and all of cycles."""


def counted(before: Reading, after: Reading) -> Counts | None:
    """Instructions and cycles between two readings; None where some of them were not counted.

    A counter that took turns with others on the processor is scaled by the time that it had.
    """
    totals = []
    for early, late in zip(before, after, strict=True):
        parts = [_between(*pair) for pair in zip(early, late, strict=True)]
        if None in parts or not any(parts):
            return None
        totals.append(sum(part or 0.0 for part in parts))
    return Counts(*totals)


def _between(before: Count, after: Count) -> float | None:
    value, enabled, running = (late - early for early, late in zip(before, after, strict=True))
    if running <= 0:
        return None if enabled > 0 else 0.0
    return value * enabled / running


class Counters:
    """Counts of this process's threads, and of all that they start from now on.

    Raises
    ------
    OSError
        Where there are no such counters, or none for this user.
    """

    def __init__(self) -> None:
        # A thread's counter is inherited by what it starts afterwards, so each that is here takes
        # one: those of a BLAS were started when NumPy was imported.
        threads = [int(path.name) for path in Path("/proc/self/task").iterdir()]
        self._files: dict[int, list[int]] = {_INSTRUCTIONS: [], _CYCLES: []}
        try:
            for thread in threads:
                for event, files in self._files.items():
                    try:
                        files.append(_open(event, thread))
                    except ProcessLookupError:  # it has ended meanwhile
                        continue
        except OSError:
            self.close()
            raise

    def read(self) -> Reading:
        """What all counters say so far."""
        return tuple(tuple(map(_read, files)) for files in self._files.values())

    def close(self) -> None:
        """Let the counters go."""
        for files in self._files.values():
            while files:
                os.close(files.pop())


def _open(event: int, thread: int) -> int:
    number = _SYSCALL.get(platform.machine())
    if number is None or platform.system() != "Linux":
        raise OSError(f"there is no perf_event_open on {platform.system()} {platform.machine()}")
    flags = _INHERIT | _NOT_KERNEL | _NOT_HYPERVISOR
    size = _ATTRIBUTES.size
    attributes = _ATTRIBUTES.pack(_HARDWARE, size, event, 0, 0, _TIMES, flags, 0, 0, 0)
    any_cpu, no_group, close_on_exec = -1, -1, 8
    system = ctypes.CDLL(None, use_errno=True)
    file: int = system.syscall(number, attributes, thread, any_cpu, no_group, close_on_exec)
    if file < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return file


def _read(file: int) -> Count:
    return Count(*_READ.unpack(os.read(file, _READ.size)))


@contextmanager
def counters() -> Iterator[Counters]:
    """Counters, and their end.

    Raises
    ------
    OSError
        As `Counters`.
    """
    found = Counters()
    try:
        yield found
    finally:
        found.close()


def why_uncounted() -> str:
    """Reason why this machine counts neither instructions nor cycles; empty where it does."""
    try:
        with counters() as found:
            found.read()
    except OSError as error:
        said = error.strerror or str(error)
        hint = {
            "No such file or directory": "a virtual machine without the processor's counters?",
            "Permission denied": "kernel.perf_event_paranoid above 2?",
        }.get(said)
        return f"{said} ({hint})" if hint else said
    return ""
