"""What a worker says of its process."""

import resource
import sys

from harness.measure.machine import memory_bytes


def peak_bytes() -> int:
    """Most bytes of memory that this process has held.

    Where the system does not say it of a process, of it and of what it was before it began: a new
    process can have its parent's.
    """
    if (own := memory_bytes("VmHWM")) is not None:
        return own
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
