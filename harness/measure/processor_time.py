"""Processor time that a run used itself, so that the rest is told from it as the work of others."""

import os

import psutil

# Nobody waits for what a worker started, such as a JVM, so the kernel never adds it to our own.
_of_descendants_s = 0.0


def own_seconds() -> float:
    """Of this process, of its children that have ended, and of what was counted of theirs."""
    own = os.times()
    mine = own.user + own.system + own.children_user + own.children_system
    return mine + _of_descendants_s


def count_descendants(process_id: int) -> None:
    """Count what a child of ours started and has not waited for, before all of it is ended."""
    global _of_descendants_s  # noqa: PLW0603 - the kernel's own counters are as global
    try:
        descendants = psutil.Process(process_id).children(recursive=True)
    except psutil.Error:
        return  # it has ended
    for one in descendants:
        try:
            used = one.cpu_times()
        except psutil.Error:
            continue
        _of_descendants_s += used.user + used.system
