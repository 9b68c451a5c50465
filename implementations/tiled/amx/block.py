"""Gathers a block of ratings into operands of the matrix unit, slice by slice.

A slice is 32 ratings, two by two the rows of its tiles: 16 rows of 16 pairs, h of both ratings or
l of both, factor after factor. The same 16 x 16 pairs, transposed, are the other operand.
"""

from itertools import product
from typing import NamedTuple

from llvmlite import ir

from implementations.tiled.amx.halves import GROUP, TILE
from implementations.tiled.amx.plan import PARTS, SLICE
from implementations.tiled.amx.tiles import I16, plan_of
from implementations.tiled.emitter import I32, I64, Emitter, Value

_PAIR_HALVES = 2 * TILE  # of a row of a tile
_TILE_HALVES = TILE * _PAIR_HALVES
_LINE_HALVES = 32


class Slice(NamedTuple):
    """What a slice is gathered from, and where to: pointers, and 64-bit numbers from `first`."""

    halves: Value
    biases: Value
    indices: Value
    values: Value
    ahead: Value  # ahead[j] is the index of the rating one block after rating j
    mean: Value
    work: Value  # operands of the slice
    made: Value  # a tile's memory: biases and values of the slice
    zeros: Value  # stand for the halves of a rating that is none
    first: Value
    end: Value
    before: Value  # sums of targets to start from
    after: Value  # where they are written


class Operands:
    """Where a slice's operands lie: pointers to halves, from its `work` on."""

    def __init__(self, e: Emitter, work: Value) -> None:
        self._e, self._tiles = e, plan_of(e).tiles
        self._start = e.builder.bitcast(work, I16.as_pointer())

    def factors(self, part: int, tile: int) -> Value:
        """Tile of pairs of ratings: of h where `part` is 0, of l where it is 1."""
        return self._at(part * self._tiles + tile)

    def transposed(self, part: int, tile: int) -> Value:
        """The same, a factor to a row."""
        return self._at((2 + part) * self._tiles + tile)

    def targets(self) -> Value:
        """Tile of the targets and of ones."""
        return self._at(4 * self._tiles)

    def _at(self, number: int) -> Value:
        return self._e.address(self._start, number * _TILE_HALVES)


def emit_gather(e: Emitter, *arguments: Value) -> None:
    """Emit: operands of a slice from ratings first … end - 1, at most 32 of them.

    Parameters
    ----------
    e : Emitter
    *arguments : values
        The fields of `Slice`.
    """
    on, n_tiles = Slice(*arguments), plan_of(e).tiles
    operands = Operands(e, on.work)
    n_pairs = e.builder.lshr(e.plus(e.minus(on.end, on.first), 1), I64(1))

    def add_pair(pair: Value, _: list[Value]) -> list[Value]:
        _emit_pair(e, on, operands, pair)
        return []

    def clear_pair(pair: Value, _: list[Value]) -> list[Value]:
        nothing = ir.Constant(_line(), [0] * _LINE_HALVES)
        for part in range(2):
            for tile in range(n_tiles):
                _store_pair(e, nothing, operands.factors(part, tile), pair)
        return []

    e.loop(0, n_pairs, [], add_pair)
    e.loop(n_pairs, TILE, [], clear_pair)
    _emit_transposed(e, operands)
    _emit_targets(e, on, operands)


def _emit_pair(e: Emitter, on: Slice, operands: Operands, pair: Value) -> None:
    """Interleave the halves of two ratings; keep their values and the biases of their rows."""
    plan, layout = plan_of(e), plan_of(e).layout
    rows = []
    for n in range(2):
        rating = e.plus(on.first, e.times(pair, 2), n)
        last = e.minus(on.end, 1)
        index = e.read(on.indices, e.least(rating, last))
        e.copy(on.biases, index, on.made, e.plus(e.times(pair, 2), n))
        e.copy(on.values, e.least(rating, last), on.made, e.plus(e.times(pair, 2), SLICE + n))
        row = e.address(on.halves, e.times(index, layout.halves_stride))
        there = e.builder.icmp_signed("<=", rating, last)
        rows.append(row if n == 0 else e.builder.select(there, row, on.zeros))
        _emit_prefetch(e, on, e.least(rating, last))
    for part in range(2):
        for group in range(layout.groups):
            at = (part * layout.groups + group) * GROUP
            lines = [_load_line(e, row, at) for row in rows]
            for n, tile in enumerate(range(2 * group, min(2 * group + 2, plan.tiles))):
                pairs = e.builder.shuffle_vector(*lines, _interleaving(n))
                _store_pair(e, pairs, operands.factors(part, tile), pair)


def _emit_prefetch(e: Emitter, on: Slice, rating: Value) -> None:
    """Prefetch the halves and the bias of the rating one block ahead."""
    index, layout = e.read(on.ahead, rating), plan_of(e).layout
    first = e.times(index, layout.halves_stride)
    for n in range(2 * layout.groups):
        e.prefetch(on.halves, e.plus(first, n * _LINE_HALVES))
    e.prefetch(on.biases, index)


def _interleaving(upper: int) -> Value:
    """Chosen halves of two lines: of each 128 bits, the lower or upper four of both, in turns."""
    chosen = [
        n + one * _LINE_HALVES
        for eight in range(0, _LINE_HALVES, 8)
        for n in range(eight + 4 * upper, eight + 4 * upper + 4)
        for one in range(2)
    ]
    return ir.Constant(ir.VectorType(I32, _LINE_HALVES), chosen)


def _emit_transposed(e: Emitter, operands: Operands) -> None:
    """Transpose the tiles, as squares of pairs."""
    for at in product(range(2), range(plan_of(e).tiles)):
        source, out = (e.floats(p) for p in (operands.factors(*at), operands.transposed(*at)))
        square = [e.load(source, row * TILE) for row in range(TILE)]
        for row, pairs in enumerate(e.transpose(square)):
            e.store(pairs, out, row * TILE)


def _emit_targets(e: Emitter, on: Slice, operands: Operands) -> None:
    """Targets and ones of a slice; the sums of targets go on."""
    total = e.load(on.before, 0)
    for half in range(2):
        valid = _valid(e, on, half * TILE)
        biases, values = (e.load(on.made, n * SLICE + half * TILE) for n in range(2))
        target = e.builder.fsub(_centred(e, values, on.mean), biases)
        target = e.builder.select(valid, target, e.constant(0.0))
        total = e.builder.fadd(total, target)
        sides = [*_parts(e, target), e.builder.select(valid, e.constant(1.0), e.constant(0.0))]
        for row, numbers in enumerate(sides):
            store_halves(e, numbers, operands.targets(), row * _PAIR_HALVES + half * TILE)
    e.store(total, on.after, 0)


def _valid(e: Emitter, on: Slice, skipped: int) -> Value:
    """Lanes with a rating, after so many of the slice."""
    left = e.builder.trunc(e.minus(e.minus(on.end, on.first), skipped), I32)
    counts = e.bits(e.broadcast(e.builder.bitcast(left, e.element)))
    return e.builder.icmp_signed("<", ir.Constant(counts.type, [*range(TILE)]), counts)


def _centred(e: Emitter, values: Value, mean: Value) -> Value:
    """Values less the mean, subtracted in float64."""
    wide = ir.VectorType(ir.DoubleType(), TILE)
    nothing = ir.Constant(wide, ir.Undefined)
    first = e.builder.insert_element(nothing, mean, I32(0))
    zeros = ir.Constant(ir.VectorType(I32, TILE), [0] * TILE)
    means = e.builder.shuffle_vector(first, nothing, zeros)
    return e.builder.fptrunc(e.builder.fsub(e.builder.fpext(values, wide), means), e.vector)


def _parts(e: Emitter, numbers: Value) -> list[Value]:
    """Numbers as a sum of some that are bfloat16."""
    parts: list[Value] = []
    for _ in range(PARTS):
        parts.append(rounded(e, numbers))
        numbers = e.builder.fsub(numbers, parts[-1])
    return parts


def rounded(e: Emitter, numbers: Value) -> Value:
    """The bfloat16 next to each number, ties to even, as `halves.rounded`."""
    bits = e.bits(numbers)
    one, sixteen, most, mask, quiet = (
        ir.Constant(bits.type, [n] * e.lanes) for n in (1, 16, 0x7FFF, 0xFFFF0000, 0x00400000)
    )
    odd = e.builder.and_(e.builder.lshr(bits, sixteen), one)
    nearest = e.builder.add(e.builder.add(bits, most), odd)
    is_nan = e.builder.fcmp_unordered("uno", numbers, numbers)
    kept = e.builder.select(is_nan, e.builder.or_(bits, quiet), nearest)
    return e.numbers(e.builder.and_(kept, mask))


def upper_bits(e: Emitter, numbers: Value) -> Value:
    """Bits of numbers that are bfloat16."""
    bits = e.bits(numbers)
    upper = e.builder.lshr(bits, ir.Constant(bits.type, [16] * e.lanes))
    return e.builder.trunc(upper, ir.VectorType(I16, e.lanes))


def store_halves(e: Emitter, numbers: Value, pointer: Value, offset: int) -> None:
    """Write numbers that are bfloat16."""
    bits = upper_bits(e, numbers)
    at = e.builder.bitcast(e.address(pointer, offset), bits.type.as_pointer())
    e.builder.store(bits, at, align=2 * TILE)


def _line() -> Value:
    return ir.VectorType(I16, _LINE_HALVES)


def _load_line(e: Emitter, pointer: Value, offset: int) -> Value:
    at = e.builder.bitcast(e.address(pointer, offset), _line().as_pointer())
    return e.builder.load(at, align=64)


def _store_pair(e: Emitter, pairs: Value, tile: Value, pair: Value) -> None:
    at = e.address(tile, e.times(pair, _PAIR_HALVES))
    e.builder.store(pairs, e.builder.bitcast(at, _line().as_pointer()), align=64)
