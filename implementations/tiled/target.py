"""What the kernel needs to know of a processor: its vectors, its registers, its instructions."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.core.codegen import get_host_cpu_features


@dataclass(frozen=True)
class Target:
    """A kind of processor, for one element type.

    Attributes
    ----------
    lanes : int
        Elements of a vector, a power of 2 and at least 2. Any such number works on any processor,
        because LLVM splits or widens what does not fit; only the processor's own is fast.
    registers : int
        Vector registers.
    fused : bool
        Whether it multiplies and adds in one instruction. Without one, `llvm.fma` would be a call
        of the C library for every lane.
    valign : bool
        Whether it has AVX-512's rotation of a whole register by a constant.
    """

    lanes: int
    registers: int
    fused: bool
    valign: bool


# Bytes of a vector, registers, fused, valign.
_AVX512 = (64, 32, True, True)
_AVX2 = (32, 16, True, False)
_NEON = (16, 32, True, False)
_PORTABLE = (16, 16, False, False)


@cache
def host_target(dtype: np.dtype[Any]) -> Target:
    """Target of this machine, found out once.

    Numba's settings count: what it is told not to use (NUMBA_CPU_FEATURES, NUMBA_ENABLE_AVX) is
    not there.
    """
    size, registers, fused, valign = _kind(platform.machine(), _features())
    return Target(size // dtype.itemsize, registers, fused, valign)


def _features() -> str:
    """Features for which Numba compiles: "+avx2,+fma,-avx512f" and so on."""
    told = numba.config.CPU_FEATURES  # type: ignore[attr-defined]  # made at run time
    host: Callable[[], str] = get_host_cpu_features
    return str(host() if told is None else told)


def _kind(machine: str, features: str) -> tuple[int, int, bool, bool]:
    if machine.lower() in ("aarch64", "arm64"):
        return _NEON
    present = features.split(",")
    if "+avx512f" in present and "+avx512vl" in present:
        return _AVX512
    if "+avx2" in present and "+fma" in present:
        return _AVX2
    return _PORTABLE
