"""A batch of systems, one to a lane: gathered from accumulators, factorised, solved, written.

Packed, entry (i, k) of the lower triangles of all systems of a batch is one vector, number
i (i + 1) / 2 + k. So a Cholesky factorisation written for one number runs for all systems at
once, whatever their size: nothing is ever shorter than a vector, and no lane waits for another.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from llvmlite import ir

from implementations.tiled.emitter import I64, Emitter, Value
from implementations.tiled.systems import packed_index

# Rows and columns of a register tile, with 32 registers and with 16: measured, other shapes that
# fit gain nothing. Squares leave the same rest of rows below every panel.
_TILE, _SMALL_TILE = 4, 3


def emit_gather_systems(e: Emitter, sums: Value, packed: Value) -> None:
    """Emit: packed systems from the accumulators of all lanes, by transposed squares.

    Parameters
    ----------
    e : Emitter
    sums : pointer to (lanes + 1, n_accumulators) vectors
    packed : pointer to entries + 1 vectors
        The last takes what is no entry of the triangle.
    """
    destinations = e.plan.destinations
    table = e.constant_table(destinations.ravel() * e.lanes)
    size = len(destinations) * e.lanes

    def gather(accumulator: Value, _: list[Value]) -> list[Value]:
        at = e.times(accumulator, e.lanes)
        lanes = [e.load(sums, e.plus(at, lane * size)) for lane in range(e.lanes)]
        for n, entry in enumerate(e.transpose(lanes)):
            e.store(entry, packed, e.read(table, e.plus(at, n)))
        return []

    e.loop(0, len(destinations), [], gather)


def emit_write_back(
    e: Emitter, packed: Value, rows: Value, out: Any, relaxation: Value | None = None
) -> None:
    """Emit: solutions, which stand where the right-hand sides were, into rows of factors.

    Parameters
    ----------
    e : Emitter
    packed : pointer to entries + 1 vectors
    rows : pointer to `lanes` 64-bit row numbers
    out : namespace of arrays, with the fields of `rows.Rows`
    relaxation : element, optional
        How far to go from what is there to the solution; left out, all the way.
    """
    for _ in solutions(e, packed, rows, out.factors.data, relaxation):
        pass


def solutions(
    e: Emitter, packed: Value, rows: Value, factors: Value, relaxation: Value | None
) -> Iterator[tuple[int, list[Value]]]:
    """Emit `emit_write_back`, vector by vector.

    Yields
    ------
    first : int
        First element of the vector in its row.
    written : list of vectors
        What was written there, lane by lane.
    """
    plan, stride = e.plan, e.plan.layout.stride
    starts = [e.times(e.read(rows, lane), stride) for lane in range(e.lanes)]
    solution = packed_index(plan.unknowns, 0)
    written = plan.unknowns if plan.layout.bias_in_row else plan.rank
    step = None if relaxation is None else e.broadcast(relaxation)
    fill = [e.constant(0.0)] * stride
    if plan.layout.bias_in_row:
        fill[plan.rank + 1] = e.constant(1.0)
    for first in range(0, stride, e.lanes):
        square = [
            e.load(packed, (solution + n) * e.lanes) if n < written else fill[n]
            for n in range(first, first + e.lanes)
        ]
        written_there = []
        for start, solved in zip(starts, e.transpose(square), strict=True):
            at = e.plus(start, first)
            written_there.append(_relaxed(e, solved, factors, at, step))
            e.store(written_there[-1], factors, at)
        yield first, written_there


def _relaxed(e: Emitter, solved: Value, factors: Value, at: Value, step: Value | None) -> Value:
    """Emit: old - step·(old - solved), of what stands there."""
    if step is None:
        return solved
    old = e.load(factors, at)
    return e.subtract_product(step, e.builder.fsub(old, solved), old)


class _Systems(NamedTuple):
    """Pointers to vectors: the packed triangles, 1 / diagonal of their factors, least pivots."""

    packed: Value
    inverse: Value
    floor: Value


def emit_solve(e: Emitter, packed: Value, inverse: Value, floor: Value) -> Value:
    """Emit: solve the systems in place, by Cholesky. Gives the lanes that failed, as bits.

    The right-hand side is the last row of the triangle, so that its share of the factorisation is
    the forward substitution; the backward substitution leaves the solution there. Panels of a few
    columns, left to right; each tile of a panel takes off what is to its left, in registers.

    Parameters
    ----------
    e : Emitter
    packed : pointer to entries vectors
    inverse : pointer to `unknowns` vectors
        Scratch.
    floor : pointer to `unknowns` vectors
        A pivot must be above this.

    Returns
    -------
    64-bit value
        Bit l is set where a pivot of lane l is not above its floor, or a number is not finite.
    """
    on = _Systems(packed, inverse, floor)
    unknowns = e.plan.unknowns
    width = _TILE if e.plan.target.registers >= 32 else _SMALL_TILE
    whole, rest = unknowns // width * width, unknowns % width
    none_failed = ir.Constant(ir.IntType(e.lanes), 0)

    def solve_panel(column: Value, failed: list[Value]) -> list[Value]:
        return [e.builder.or_(failed[0], _emit_panel(e, on, column, width))]

    (failed,) = e.loop(0, whole, [none_failed], solve_panel, step=width)
    if rest:
        failed = e.builder.or_(failed, _emit_diagonal_tile(e, on, e.index(whole), rest))
        _emit_tile(e, on, _Tile(e.index(unknowns), e.index(whole), 1, rest))
    failed = e.builder.or_(failed, _emit_back_substitution(e, on))
    return e.builder.zext(failed, I64)


def _emit_panel(e: Emitter, on: _Systems, column: Value, width: int) -> Value:
    """Factorise the columns of a panel, top to bottom; gives the lanes that failed."""
    n_rows = e.plan.unknowns + 1
    left_over = n_rows % width
    failed = _emit_diagonal_tile(e, on, column, width)

    def solve_tile(row: Value, _: list[Value]) -> list[Value]:
        _emit_tile(e, on, _Tile(row, column, width, width))
        return []

    e.loop(e.plus(column, width), n_rows - left_over, [], solve_tile, step=width)
    if left_over:
        _emit_tile(e, on, _Tile(e.index(n_rows - left_over), column, left_over, width))
    return failed


class _Tile(NamedTuple):
    """Entries of the triangle from this row and this column on, in registers."""

    row: Value
    column: Value
    height: int
    width: int


def _row_starts(e: Emitter, first: Value, count: int) -> list[Value]:
    """Offsets of neighbouring rows of the packed triangle."""
    rows = [e.plus(first, n) for n in range(count)]
    pairs = [e.times(row, e.plus(row, 1)) for row in rows]
    return [e.times(e.builder.lshr(pair, I64(1)), e.lanes) for pair in pairs]


def _emit_diagonal_tile(e: Emitter, on: _Systems, first: Value, size: int) -> Value:
    """Factorise a tile on the diagonal; gives the lanes with a pivot that is no good."""
    starts = _row_starts(e, first, size)
    places = [(i, k) for i in range(size) for k in range(i + 1)]
    at = {(i, k): e.plus(starts[i], e.times(e.plus(first, k), e.lanes)) for i, k in places}

    def take_off(column: Value, tile: list[Value]) -> list[Value]:
        left = [e.load(on.packed, e.plus(start, e.times(column, e.lanes))) for start in starts]
        return [
            e.subtract_product(left[i], left[k], entry)
            for (i, k), entry in zip(places, tile, strict=True)
        ]

    before = [e.load(on.packed, at[place]) for place in places]
    tile = dict(zip(places, e.loop(0, first, before, take_off), strict=True))
    failed = ir.Constant(ir.IntType(e.lanes), 0)
    for k in range(size):
        place = e.times(e.plus(first, k), e.lanes)
        too_low = e.builder.fcmp_unordered("<=", tile[k, k], e.load(on.floor, place))
        failed = e.builder.or_(failed, e.lanes_where(too_low))  # unordered: NaN is no good, too
        inverse = e.builder.fdiv(e.constant(1.0), e.square_root(tile[k, k]))
        e.store(inverse, on.inverse, place)
        for i in range(k + 1, size):
            tile[i, k] = e.builder.fmul(tile[i, k], inverse)
            e.store(tile[i, k], on.packed, at[i, k])
        for i in range(k + 1, size):
            for j in range(k + 1, i + 1):
                tile[i, j] = e.subtract_product(tile[i, k], tile[j, k], tile[i, j])
    return failed


def _emit_tile(e: Emitter, on: _Systems, where: _Tile) -> None:
    """Factorise a tile below the diagonal, whose columns are factorised on the diagonal."""
    rows = _row_starts(e, where.row, where.height)
    diagonals = _row_starts(e, where.column, where.width)
    columns = [e.times(e.plus(where.column, k), e.lanes) for k in range(where.width)]
    places = [(i, k) for i in range(where.height) for k in range(where.width)]

    def take_off(column: Value, tile: list[Value]) -> list[Value]:
        offset = e.times(column, e.lanes)
        above = [e.load(on.packed, e.plus(start, offset)) for start in diagonals]
        left = [e.load(on.packed, e.plus(start, offset)) for start in rows]
        return [
            e.subtract_product(left[i], above[k], entry)
            for (i, k), entry in zip(places, tile, strict=True)
        ]

    before = [e.load(on.packed, e.plus(rows[i], columns[k])) for i, k in places]
    tile = dict(zip(places, e.loop(0, where.column, before, take_off), strict=True))
    for k in range(where.width):
        inverse = e.load(on.inverse, columns[k])
        for i in range(where.height):
            tile[i, k] = e.builder.fmul(tile[i, k], inverse)
            e.store(tile[i, k], on.packed, e.plus(rows[i], columns[k]))
        for j in range(k + 1, where.width):
            factor = e.load(on.packed, e.plus(diagonals[j], columns[k]))
            for i in range(where.height):
                tile[i, j] = e.subtract_product(tile[i, k], factor, tile[i, j])


def _emit_back_substitution(e: Emitter, on: _Systems) -> Value:
    """Turn the last row into the solution, last unknown first; gives lanes not finite."""
    unknowns = e.plan.unknowns
    solution = packed_index(unknowns, 0) * e.lanes

    def solve_one(done: Value, zeros: list[Value]) -> list[Value]:
        unknown = e.minus(unknowns - 1, done)
        place = e.times(unknown, e.lanes)
        here = e.plus(place, solution)
        x = e.builder.fmul(e.load(on.packed, here), e.load(on.inverse, place))
        e.store(x, on.packed, here)
        (row,) = _row_starts(e, unknown, 1)

        def take_off(column: Value, _: list[Value]) -> list[Value]:
            offset = e.times(column, e.lanes)
            factor, there = e.load(on.packed, e.plus(row, offset)), e.plus(offset, solution)
            e.store(e.subtract_product(factor, x, e.load(on.packed, there)), on.packed, there)
            return []

        e.loop(0, unknown, [], take_off)
        return [e.multiply_add(x, e.constant(0.0), zeros[0])]  # 0 · ∞ and 0 · NaN are NaN

    (zeros,) = e.loop(0, unknowns, [e.constant(0.0)], solve_one)
    return e.lanes_where(e.builder.fcmp_unordered("!=", zeros, e.constant(0.0)))
