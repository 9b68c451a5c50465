"""Whether this process may use AMX, and asking Linux for it.

Tiles are eight kilobytes that the kernel has to save for every thread, so a process asks for them
once (``arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA)``); threads and forks have it, too.
"""

import ctypes
import sys
from functools import cache

import numba
from llvmlite import binding

from implementations.tiled.target import features

_ARCH_PRCTL = 158  # of x86-64
_ARCH_REQ_XCOMP_PERM = 0x1023
_XFEATURE_XTILE_DATA = 18
_NEEDED = ("amx-tile", "amx-bf16")
# Tiles are named by their numbers, which LLVM is to leave as they are. Its schedulers for some
# other processors do not: for these it was seen to (`test_amx.py`).
PROCESSORS = (
    "sapphirerapids",
    "emeraldrapids",
    "graniterapids",
    "graniterapids-d",
    "diamondrapids",
)


@cache
def reason_without() -> str | None:
    """Ask for AMX; gives the reason where there is none.

    Returns
    -------
    str or None
    """
    present = features().split(",")
    missing = [name for name in _NEEDED if f"+{name}" not in present]
    if missing:
        return f"this processor has no AMX ({', '.join(missing)})"
    told = numba.config.CPU_NAME  # type: ignore[attr-defined]  # made at run time
    name = str(told or binding.get_host_cpu_name())
    if name not in PROCESSORS:
        return f"code is made for {name}, and AMX was tried for {', '.join(PROCESSORS)}"
    if sys.platform != "linux":
        return f"AMX is asked for on Linux only, and this is {sys.platform}"
    error = ctypes.CDLL(None, use_errno=True).syscall(
        _ARCH_PRCTL, _ARCH_REQ_XCOMP_PERM, _XFEATURE_XTILE_DATA
    )
    return (
        f"Linux does not let this process use AMX (errno {ctypes.get_errno()})" if error else None
    )
