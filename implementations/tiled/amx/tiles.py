"""The matrix unit: eight tiles, and what is done with them.

On a processor with AMX, LLVM's intrinsics that name a tile by its number, so that nothing is left
to its own allocation of tiles. Elsewhere, for tests, the same on tiles in memory.
"""

from typing import Protocol

import numpy as np
from llvmlite import ir

from implementations.tiled.amx.halves import TILE
from implementations.tiled.amx.plan import SIDES, TILE_BYTES, AmxPlan, Unit
from implementations.tiled.emitter import I8, I32, I64, Emitter, Value

I16 = ir.IntType(16)
_ROW_BYTES = 4 * TILE
# Tiles by number. The sums of four squares; a tile of factors transposed, one of them not; the
# sums beside the squares, and the targets.
SUMS = (0, 1, 2, 3)
TRANSPOSED, FACTORS, SIDE_SUMS, TARGETS = 4, 5, 6, 7
_ROWS = {SIDE_SUMS: SIDES, TARGETS: SIDES}


class Tiles(Protocol):
    """Emits instructions of a matrix unit; pointers are to anything."""

    def open(self) -> None:
        """Configure the tiles of this thread."""

    def close(self) -> None:
        """Give them back: a thread that has none in use is switched faster."""

    def load(self, tile: int, pointer: Value) -> None:
        """Tile from neighbouring rows of 64 bytes."""

    def store(self, tile: int, pointer: Value) -> None:
        """Neighbouring rows of 64 bytes from a tile."""

    def add_products(self, sums: int, left: int, right: int) -> None:
        """Sums (rows x 16, float32) += left (rows x 32) · right (32 x 16), in bfloat16.

        A row of `right` holds pairs: of its rows 2r and 2r + 1, column after column.
        """


def plan_of(e: Emitter) -> AmxPlan:
    """The plan of an emitter, which is one for a matrix unit."""
    assert isinstance(e.plan, AmxPlan)
    return e.plan


def tiles_of(e: Emitter, work: Value) -> Tiles:
    """The unit of an emitter's plan.

    Parameters
    ----------
    e : Emitter
    work : pointer
        A thread's memory for this; its end is the emulated unit's.
    """
    plan = plan_of(e)
    if plan.unit is Unit.AMX:
        return _Amx(e)
    return _Emulated(e, e.bytes_at(work, plan.work_bytes - 8 * TILE_BYTES))


def configuration() -> bytes:
    """Rows and bytes of a row of each tile, as ``ldtilecfg`` takes them: palette 1."""
    made = np.zeros(64, np.uint8)
    made[0] = 1
    made[16:32].view(np.uint16)[:] = _ROW_BYTES
    made[48:56] = [_ROWS.get(tile, TILE) for tile in range(8)]
    return made.tobytes()


class _Amx:
    """Intel's Advanced Matrix Extensions."""

    def __init__(self, e: Emitter) -> None:
        self._e = e

    def open(self) -> None:
        table = self._e.constant_bytes(configuration())
        self._call("ldtilecfg", table)

    def close(self) -> None:
        self._call("tilerelease")

    def load(self, tile: int, pointer: Value) -> None:
        self._call("tileloadd64", I8(tile), self._e.bytes_at(pointer, 0), I64(_ROW_BYTES))

    def store(self, tile: int, pointer: Value) -> None:
        self._call("tilestored64", I8(tile), self._e.bytes_at(pointer, 0), I64(_ROW_BYTES))

    def add_products(self, sums: int, left: int, right: int) -> None:
        self._call("tdpbf16ps", I8(sums), I8(left), I8(right))

    def _call(self, name: str, *arguments: Value) -> None:
        module = self._e.builder.module
        full_name = f"llvm.x86.{name}"
        function = module.globals.get(full_name)
        if function is None:
            kind = ir.FunctionType(ir.VoidType(), [value.type for value in arguments])
            function = ir.Function(module, kind, full_name)
        self._e.builder.call(function, arguments)


class _Emulated:
    """Tiles in memory. Products are added one after the other; an AMX rounds as it pleases."""

    def __init__(self, e: Emitter, memory: Value) -> None:
        self._e, self._memory = e, memory

    def open(self) -> None:
        """Nothing: any tile may have any shape."""

    def close(self) -> None:
        """Nothing."""

    def load(self, tile: int, pointer: Value) -> None:
        self._copy(self._e.floats(pointer), self._tile(tile), _ROWS.get(tile, TILE))

    def store(self, tile: int, pointer: Value) -> None:
        self._copy(self._tile(tile), self._e.floats(pointer), _ROWS.get(tile, TILE))

    def add_products(self, sums: int, left: int, right: int) -> None:
        name = f"emulated_products_{_ROWS.get(sums, TILE)}"
        operands = [self._tile(tile) for tile in (sums, left, right)]
        function = self._e.builder.module.globals.get(name)
        if function is None:
            rows = _ROWS.get(sums, TILE)
            function = self._e.define(name, operands, lambda e, *on: _add_products(e, rows, *on))
        self._e.builder.call(function, operands)

    def _tile(self, tile: int) -> Value:
        return self._e.address(self._e.floats(self._memory), tile * TILE * TILE)

    def _copy(self, source: Value, destination: Value, rows: int) -> None:
        for row in range(rows):
            self._e.store(self._e.load(source, row * TILE), destination, row * TILE)


def _add_products(e: Emitter, rows: int, sums: Value, left: Value, right: Value) -> None:
    """Emit an emulated unit's products, row after row of the sums."""
    pairs = e.builder.bitcast(left, I32.as_pointer())

    def add_row(row: Value, _: list[Value]) -> list[Value]:
        at = e.times(row, TILE)

        def add_pair(pair: Value, total: list[Value]) -> list[Value]:
            both = e.bits(e.load(right, e.times(pair, TILE)))
            word = e.builder.load(e.address(pairs, e.plus(at, pair)))
            factors = e.bits(e.broadcast(e.builder.bitcast(word, e.element)))
            products = zip(_numbers(e, factors), _numbers(e, both), strict=True)
            for factor, numbers in products:
                total = [e.multiply_add(factor, numbers, total[0])]
            return total

        (total,) = e.loop(0, TILE, [e.load(sums, at)], add_pair)
        e.store(total, sums, at)
        return []

    e.loop(0, rows, [], add_row)


def _numbers(e: Emitter, pairs: Value) -> tuple[Value, Value]:
    """Both bfloat16 of each lane, in float32: the lower, then the upper."""
    lower = e.builder.shl(pairs, ir.Constant(pairs.type, [16] * e.lanes))
    upper = e.builder.and_(pairs, ir.Constant(pairs.type, [0xFFFF0000] * e.lanes))
    return e.numbers(lower), e.numbers(upper)
