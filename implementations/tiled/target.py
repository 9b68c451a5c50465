"""What the kernel needs to know of a processor: its vectors, its registers, its instructions."""

import platform
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np


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
    """Target of this machine, found out once."""
    size, registers, fused, valign = _host_kind()
    return Target(size // dtype.itemsize, registers, fused, valign)


def _host_kind() -> tuple[int, int, bool, bool]:
    if platform.machine().lower() in ("aarch64", "arm64"):
        return _NEON
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512vl"):
        return _AVX512
    if features.get("avx2") and features.get("fma"):
        return _AVX2
    return _PORTABLE
