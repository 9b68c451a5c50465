"""What a worker says of its process."""

import resource
import sys


def peak_bytes() -> int:
    """Most bytes of memory that this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
