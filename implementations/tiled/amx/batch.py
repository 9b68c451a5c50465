"""Systems from a row's tiles, and solutions into both forms of a row."""

from typing import Any

import numpy as np
from llvmlite import ir

from implementations.tiled.amx.block import rounded, upper_bits
from implementations.tiled.amx.halves import GROUP, TILE
from implementations.tiled.amx.tiles import plan_of
from implementations.tiled.batch import solutions
from implementations.tiled.emitter import I32, Emitter, Value


def emit_gather_systems(e: Emitter, sums: Value, packed: Value) -> None:
    """Emit: as `tiled.batch.emit_gather_systems`; entries are sums of weighted accumulators."""
    plan = plan_of(e)
    destinations, size = plan.destinations, plan.n_accumulators * TILE
    wanted = np.flatnonzero((destinations < plan.entries).any(axis=1)).astype(np.int32)
    numbers = e.constant_table(wanted)
    places = e.constant_table(destinations.ravel() * TILE)
    weights = e.constant_numbers(plan.weights.ravel())

    def clear(entry: Value, _: list[Value]) -> list[Value]:
        e.store(e.constant(0.0), packed, e.times(entry, TILE))
        return []

    def gather(number: Value, _: list[Value]) -> list[Value]:
        at = e.times(e.read(numbers, number), TILE)
        lanes = [e.load(sums, e.plus(at, lane * size)) for lane in range(TILE)]
        for n, entry in enumerate(e.transpose(lanes)):
            place = e.read(places, e.plus(at, n))
            weight = e.broadcast(e.read(weights, e.plus(at, n)))
            e.store(e.multiply_add(weight, entry, e.load(packed, place)), packed, place)
        return []

    e.loop(0, e.plan.entries + 1, [], clear)
    e.loop(0, len(wanted), [], gather)


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
    """Bits of h and of 2l."""
    upper = rounded(e, numbers)
    lower = rounded(e, e.builder.fsub(numbers, upper))
    return upper_bits(e, upper), upper_bits(e, e.builder.fadd(lower, lower))


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
