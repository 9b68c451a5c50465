"""Systems from a row's tiles, and solutions into both forms of a row."""

from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from implementations.tiled.amx.block import rounded, upper_bits
from implementations.tiled.amx.halves import GROUP, TILE
from implementations.tiled.amx.tiles import plan_of
from implementations.tiled.batch import solutions
from implementations.tiled.emitter import I32, Emitter, Value
from implementations.tiled.systems import packed_index


def emit_gather_systems(e: Emitter, sums: Value, packed: Value) -> None:
    """Emit: as `tiled.batch.emit_gather_systems`; some accumulators are added to what is there."""
    plan = plan_of(e)
    wanted = (plan.destinations < plan.entries).any(axis=1)
    e.store(e.constant(0.0), packed, packed_index(plan.unknowns, plan.rank) * TILE)
    for added in (False, True):
        some = np.flatnonzero(wanted & (plan.added == added)).astype(np.int32)
        _emit_gather(e, sums, packed, some, added=added)


def _emit_gather(
    e: Emitter, sums: Value, packed: Value, some: NDArray[np.int32], *, added: bool
) -> None:
    """Gather some accumulators, by number."""
    plan = plan_of(e)
    size = plan.n_accumulators * TILE
    numbers = e.constant_table(some)
    places = e.constant_table(plan.destinations[some].ravel() * TILE)

    def gather(which: Value, _: list[Value]) -> list[Value]:
        at = e.times(e.read(numbers, which), TILE)
        lanes = [e.load(sums, e.plus(at, lane * size)) for lane in range(TILE)]
        for n, entry in enumerate(e.transpose(lanes)):
            place = e.read(places, e.plus(e.times(which, TILE), n))
            total = e.builder.fadd(e.load(packed, place), entry) if added else entry
            e.store(total, packed, place)
        return []

    e.loop(0, len(some), [], gather)


def emit_write_back(
    e: Emitter, packed: Value, rows: Value, out: Any, relaxation: Value | None = None
) -> None:
    """Emit: as `tiled.batch.emit_write_back`, and the halves of what is written."""
    layout, halves = plan_of(e).layout, out.halves.data
    starts = [e.times(e.read(rows, lane), layout.halves_stride) for lane in range(e.lanes)]
    before: list[Value] = []
    for first, written in solutions(e, packed, rows, out.factors.data, relaxation):
        group, upper = divmod(first, GROUP)
        if not upper:
            before = written
        last = first + TILE == layout.stride
        if not upper and not last:
            continue
        after = written if upper else [e.constant(0.0)] * e.lanes
        for start, *both in zip(starts, before, after, strict=True):
            for part, numbers in enumerate(zip(*(_parts(e, each) for each in both), strict=True)):
                at = e.plus(start, (part * layout.groups + group) * GROUP)
                _store_group(e, numbers, e.address(halves, at))


def _parts(e: Emitter, numbers: Value) -> tuple[Value, Value]:
    """Bits of h and of l."""
    upper = rounded(e, numbers)
    lower = rounded(e, e.builder.fsub(numbers, upper))
    return upper_bits(e, upper), upper_bits(e, lower)


def _store_group(e: Emitter, bits: tuple[Value, ...], pointer: Value) -> None:
    """Write the halves of two tiles, four of the one and four of the other in turns."""
    turns = [
        tile * TILE + n
        for four in range(0, TILE, 4)
        for tile in (0, 1)
        for n in range(four, four + 4)
    ]
    mask = ir.Constant(ir.VectorType(I32, GROUP), turns)
    line = e.builder.shuffle_vector(*bits, mask)
    e.builder.store(line, e.builder.bitcast(pointer, line.type.as_pointer()), align=64)
