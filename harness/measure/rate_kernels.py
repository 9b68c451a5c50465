"""Loops that do nothing but multiply and add, or read: what the machine can do at its best."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from implementations.tiled.target import host_target

_I64 = ir.IntType(64)
_ELEMENTS = {
    "float32": (ir.FloatType(), types.float32, "f32"),
    "float64": (ir.DoubleType(), types.float64, "f64"),
}


class Loop(NamedTuple):
    """A compiled loop of multiply-adds that do not wait for each other.

    Attributes
    ----------
    run : callable
        Takes the number of its turns; lets other threads run.
    accumulators, lanes : int
        Vectors that a turn multiplies and adds to, and numbers in each.
    """

    run: Callable[[int], float]
    accumulators: int
    lanes: int


def multiply_add_loop(dtype: str) -> Loop:
    """Compile a loop as wide as this machine's vectors.

    Parameters
    ----------
    dtype : str
        "float32" or "float64".

    Raises
    ------
    RuntimeError
        Where Numba compiles nothing.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]  # made at run time
        raise RuntimeError("NUMBA_DISABLE_JIT is set, so there is no compiled loop to measure")
    target = host_target(np.dtype(dtype))
    # A latency of 4 cycles and two units want 8 chains, four units 16; two registers are taken.
    accumulators = 12 if target.registers < 32 else 16

    def multiply_adds(_: Any, __: Any) -> tuple[Any, Callable[..., Any]]:
        def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            return _emit_loop(builder, arguments[0], dtype, (target.lanes, accumulators))

        returned: Any = _ELEMENTS[dtype][1]
        return returned(types.int64), emit

    emitted: Any = intrinsic(multiply_adds)

    @numba.njit(nogil=True)
    def run(turns: int) -> float:
        result: float = emitted(turns)
        return result

    return Loop(run, accumulators, target.lanes)


def _emit_loop(builder: Any, turns: Any, dtype: str, shape: tuple[int, int]) -> Any:
    """Emit the loop; its result depends on all accumulators, so that none is left out."""
    lanes, accumulators = shape
    element, _, suffix = _ELEMENTS[dtype]
    vector = ir.VectorType(element, lanes)
    before = builder.block
    body, after = builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    turn = builder.phi(_I64)
    turn.add_incoming(_I64(0), before)
    chains = [builder.phi(vector) for _ in range(accumulators)]
    # Where there is no fused instruction this is a multiplication and an addition, not a call.
    name = f"llvm.fmuladd.v{lanes}{suffix}"
    of_vectors = ir.FunctionType(vector, [vector] * 3)
    declare: Callable[..., Any] = cgutils.get_or_insert_function
    multiply_add = declare(builder.module, of_vectors, name)
    half, one = (ir.Constant(vector, [value] * lanes) for value in (0.5, 1.0))
    results = [builder.call(multiply_add, [chain, half, one]) for chain in chains]
    for number, (chain, result) in enumerate(zip(chains, results, strict=True)):
        chain.add_incoming(ir.Constant(vector, [float(number)] * lanes), before)
        chain.add_incoming(result, body)
    following = builder.add(turn, _I64(1))
    turn.add_incoming(following, body)
    builder.cbranch(builder.icmp_signed("<", following, turns), body, after)
    builder.position_at_end(after)
    total = results[0]
    for result in results[1:]:
        total = builder.fadd(total, result)
    return builder.extract_element(total, ir.IntType(32)(0))


@numba.njit(nogil=True)
def fill(words: NDArray[np.uint64]) -> None:
    """Write every word, so that each has its place in memory."""
    for n in range(len(words)):
        words[n] = n


@numba.njit(nogil=True)
def read(words: NDArray[np.uint64]) -> np.uint64:
    """Read every word; a sum of integers may be taken in any order, hence in vectors."""
    total = np.uint64(0)
    for n in range(len(words)):
        total += words[n]
    return total
