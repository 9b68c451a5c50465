"""Sums a row's ratings in tiles: of products of factors, and of factors and targets."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

from implementations.tiled.amx.block import Operands, Slice, emit_gather
from implementations.tiled.amx.halves import TILE
from implementations.tiled.amx.plan import SIDES, SLICE
from implementations.tiled.amx.tiles import (
    FACTORS,
    SIDE_SUMS,
    SUMS,
    TARGETS,
    TRANSPOSED,
    Tiles,
    plan_of,
    tiles_of,
)
from implementations.tiled.emitter import Emitter, Value
from implementations.tiled.gram import ahead


def emit_add_ratings(
    e: Emitter, task: Any, start: Value, stop: Value, scratch: Any, lane: Value
) -> None:
    """Emit: as `tiled.gram.emit_add_ratings`."""
    plan = plan_of(e)
    size = plan.n_accumulators * TILE
    sums, work = scratch.sums.data, scratch.work.data
    zeros, mine = e.address(sums, e.lanes * size), e.address(sums, e.times(lane, size))

    def add_block(first: Value, before: list[Value]) -> list[Value]:
        end = e.least(e.plus(first, plan.block), stop)
        count = e.minus(end, first)
        n_slices = e.builder.udiv(e.plus(count, SLICE - 1), e.index(SLICE))
        _emit_gathered(e, task, (first, end, n_slices), work, (zeros, before[0], mine))
        operands = (work, n_slices, before[0], mine)
        e.builder.call(e.define_once("amx_products", operands, _emit_products), operands)
        return [mine]

    e.loop(start, stop, [zeros], add_block, step=plan.block)


def _emit_gathered(
    e: Emitter,
    task: Any,
    block: tuple[Value, Value, Value],
    work: Value,
    sums: tuple[Value, Value, Value],
) -> None:
    """Gather a block, from its first rating to its end, slice by slice."""
    plan, (block_first, block_end, n_slices) = plan_of(e), block
    zeros, before, mine = sums
    arrays = (task.fixed.halves, task.fixed.biases, task.csr.indices, task.csr.values)
    pointers = [array.data for array in arrays]
    following = ahead(e, task, block_first)
    made = e.floats(e.bytes_at(work, plan.slices * plan.slice_bytes))
    nothing = e.builder.bitcast(zeros, pointers[0].type)
    last = (plan.n_accumulators - 1) * TILE

    def gather(number: Value, total: list[Value]) -> list[Value]:
        first = e.plus(block_first, e.times(number, SLICE))
        end = e.least(e.plus(first, SLICE), block_end)
        at = e.bytes_at(work, e.times(number, plan.slice_bytes))
        shared = (*pointers, following, task.model.mean, at, made, nothing)
        on = Slice._make((*shared, first, end, total[0], e.address(mine, last)))
        e.builder.call(e.define_once("amx_gather", on, emit_gather), on)
        return [e.address(mine, last)]

    e.loop(0, n_slices, [e.address(before, last)], gather)


def _emit_products(e: Emitter, work: Value, n_slices: Value, before: Value, after: Value) -> None:
    """Emit: sums of a block, its squares four by four, and then those beside them."""
    plan, unit = plan_of(e), tiles_of(e, work)
    pairs = [range(first, min(first + 2, plan.tiles)) for first in range(0, plan.tiles, 2)]
    for down, across in product(pairs, pairs):
        lower = [(i, j) for i, j in product(down, across) if j <= i]
        places = dict(zip(SUMS, lower, strict=False))
        at = {sums: (i * (i + 1) // 2 + j) * TILE * TILE for sums, (i, j) in places.items()}
        add = partial(_emit_squares, unit, places)
        _emit_sums(e, unit, (before, after), at, n_slices, work, add)
    for tile in range(plan.tiles):
        at = {SIDE_SUMS: (plan.first_side + tile * SIDES) * TILE}
        add = partial(_emit_sides, unit, tile)
        _emit_sums(e, unit, (before, after), at, n_slices, work, add)


def _emit_sums(
    e: Emitter,
    unit: Tiles,
    sums: tuple[Value, Value],
    at: dict[int, int],
    n_slices: Value,
    work: Value,
    add: Callable[[Operands], None],
) -> None:
    """Go on with some tiles of sums over the slices of a block."""
    before, after = sums
    for tile, place in at.items():
        unit.load(tile, e.address(before, place))

    def add_slice(number: Value, _: list[Value]) -> list[Value]:
        start = e.bytes_at(work, e.times(number, plan_of(e).slice_bytes))
        add(Operands(e, start))
        return []

    e.loop(0, n_slices, [], add_slice)
    for tile, place in at.items():
        unit.store(tile, e.address(after, place))


def _emit_squares(unit: Tiles, places: dict[int, tuple[int, int]], operands: Operands) -> None:
    """Add a slice to at most four squares, a row of them after the other."""
    rows = sorted({i for i, _ in places.values()})
    for i, of_left in product(rows, range(2)):
        unit.load(TRANSPOSED, operands.transposed(of_left, i))
        of_row = [(sums, j) for sums, (row, j) in places.items() if row == i]
        for part in range(2):
            for sums, j in of_row:
                unit.load(FACTORS, operands.factors(part, j))
                unit.add_products(sums, TRANSPOSED, FACTORS)


def _emit_sides(unit: Tiles, tile: int, operands: Operands) -> None:
    """Add a slice to the sums of targets, and of ones, with a tile of factors."""
    unit.load(TARGETS, operands.targets())
    for part in range(2):
        unit.load(FACTORS, operands.factors(part, tile))
        unit.add_products(SIDE_SUMS, TARGETS, FACTORS)
