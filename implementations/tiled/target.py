"""What the kernel needs to know of a processor: its vectors, its registers, its instructions."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.core.codegen import get_host_cpu_features


class Rotation(Enum):
    """How a vector is rotated by a constant number of lanes."""

    VALIGN = "valign"  # AVX-512's instruction for it
    HALVES = "halves"  # loaded a second time with its halves swapped: then AVX2 has one, too
    SHUFFLE = "shuffle"  # whatever LLVM takes for it


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
    rotation : Rotation
        HALVES is for eight lanes of float32; other vectors are then shuffled.
    block : int
        Ratings between two passes, at most: where rows are prefetched a block ahead, two blocks
        are to stay in a first-level cache with all else that is there.
    """

    lanes: int
    registers: int
    fused: bool
    rotation: Rotation = Rotation.SHUFFLE
    block: int = 32


# Bytes of a vector, registers, fused, rotation, block. Blocks were measured on Zen 5 for AVX-512,
# where 64 ratings take longer, and on Zen 3 for AVX2, where 128 take a fifth longer than 32.
_Kind = tuple[int, int, bool, Rotation, int]
_AVX512: _Kind = (64, 32, True, Rotation.VALIGN, 128)
_AVX2: _Kind = (32, 16, True, Rotation.HALVES, 32)
_NEON: _Kind = (16, 32, True, Rotation.SHUFFLE, 32)
_PORTABLE: _Kind = (16, 16, False, Rotation.SHUFFLE, 32)


@cache
def host_target(dtype: np.dtype[Any]) -> Target:
    """Target of this machine, found out once.

    Numba's settings count: what it is told not to use (NUMBA_CPU_FEATURES, NUMBA_ENABLE_AVX) is
    not there.
    """
    size, registers, fused, rotation, block = _kind(platform.machine(), features())
    return Target(size // dtype.itemsize, registers, fused, rotation, block)


def features() -> str:
    """Features for which Numba compiles: "+avx2,+fma,-avx512f" and so on."""
    told = numba.config.CPU_FEATURES  # type: ignore[attr-defined]  # made at run time
    host: Callable[[], str] = get_host_cpu_features
    return str(host() if told is None else told)


def _kind(machine: str, features: str) -> _Kind:
    if machine.lower() in ("aarch64", "arm64"):
        return _NEON
    present = features.split(",")
    if "+avx512f" in present and "+avx512vl" in present:
        return _AVX512
    if "+avx2" in present and "+fma" in present:
        return _AVX2
    return _PORTABLE
