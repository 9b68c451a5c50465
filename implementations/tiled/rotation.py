"""Rotates a vector by a constant number of lanes, with the best instructions that there are for it.

Left to itself, LLVM takes an instruction that needs its distances in one more register, loaded
from memory for each of them: on AVX-512, naming the right one is worth 20 % of a sweep. AVX2's
moves lanes across the halves of a vector slowly, in the unit that multiplies and adds. Vectors
with their halves swapped make it superfluous, and those cost two loads and a blend, which other
units do: 13 % of a sweep.
"""

from collections.abc import Callable

import llvmlite.binding as llvm
from llvmlite import ir

from implementations.tiled.emitter import I32, Emitter, Index, Value
from implementations.tiled.target import Rotation

llvm.initialize_native_asmparser()  # for instructions that are named


def rotator(e: Emitter, pointer: Value, offset: Index) -> Callable[[Value, int], Value]:
    """How to rotate the vector at this offset.

    Parameters
    ----------
    e : Emitter
    pointer : pointer to elements
    offset : int or 64-bit value
        In elements.

    Returns
    -------
    callable
        (vector, distance) to vector, for the vector that is there, loaded, and distances from 1
        to lanes - 1: lane l takes lane l + distance.
    """
    rotation = e.plan.target.rotation
    if rotation is Rotation.VALIGN:
        unit = "d" if e.plan.dtype == "float32" else "q"
        return lambda x, by: _named(e, f"valign{unit} $${by}, $1, $1, $0", x)
    if rotation is Rotation.HALVES and (e.lanes, e.plan.dtype) == (8, "float32"):
        swapped = _load_swapped(e, pointer, offset)
        return lambda x, by: _by_halves(e, x, swapped, by)
    around = [*range(e.lanes)] * 2
    return lambda x, by: e.shuffle(x, x, around[by : by + e.lanes])


def _by_halves(e: Emitter, x: Value, swapped: Value, by: int) -> Value:
    """Rotate eight float32: each half is four neighbours from two halves, low and high."""
    if by == 4:
        return swapped
    low, high = (x, swapped) if by < 4 else (swapped, x)
    return _named(e, f"vpalignr $${4 * (by % 4)}, $1, $2, $0", low, high)


def _load_swapped(e: Emitter, pointer: Value, offset: Index) -> Value:
    """Load a vector with its halves swapped.

    LLVM would make one slow instruction of all this. So it is not to know that the address is one
    that it loads from already, nor what the blend is.
    """
    address = e.address(pointer, offset)
    kind = ir.FunctionType(address.type, [address.type])
    address = e.builder.call(ir.InlineAsm(kind, "", "=r,0"), [address])
    low, high = (_load_half_twice(e, address, first) for first in (0, e.lanes // 2))
    return _named(e, "vblendps $$0xf0, $1, $2, $0", low, high)


def _load_half_twice(e: Emitter, pointer: Value, offset: int) -> Value:
    """Load half a vector into both halves of one."""
    size = e.lanes // 2
    half = ir.VectorType(e.element, size)
    address = e.builder.bitcast(e.address(pointer, offset), half.as_pointer())
    loaded = e.builder.load(address, align=size * e.plan.itemsize)
    twice = ir.Constant(ir.VectorType(I32, e.lanes), [*range(size)] * 2)
    return e.builder.shuffle_vector(loaded, ir.Constant(half, ir.Undefined), twice)


def _named(e: Emitter, instruction: str, *vectors: Value) -> Value:
    """Emit an instruction by its name, where LLVM would take another that is slower."""
    kind = ir.FunctionType(e.vector, [e.vector] * len(vectors))
    # All 32 registers of AVX-512, or the 16 that instructions before it can name.
    letter = "v" if e.plan.target.rotation is Rotation.VALIGN else "x"
    registers = ",".join([f"={letter}"] + [letter] * len(vectors))
    return e.builder.call(ir.InlineAsm(kind, instruction, registers), vectors)
