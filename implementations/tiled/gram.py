"""The Gram passes: a row's ratings summed into the accumulators of its plan."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from implementations.tiled.emitter import Emitter, Value
from implementations.tiled.plan import ONES, By, Plan, Term
from implementations.tiled.rotation import rotator
from implementations.tiled.rows import CACHE_LINE


class _Operands(NamedTuple):
    """What a pass works on: pointers, and 64-bit numbers from `first` to `end`."""

    factors: Value
    biases: Value
    indices: Value
    values: Value
    ahead: Value  # ahead[j] is the index of the rating one block after rating j
    mean: Value
    first: Value
    end: Value
    before: Value  # accumulators to start from
    after: Value  # where they are written
    factor: Value  # offsets in a row, to be added to those of the shape: of its factors,
    vector: Value  # its vectors
    line: Value  # and its first cache line to prefetch


class _Shape(NamedTuple):
    """What passes have in common that are emitted once: all but where in a row they begin."""

    terms: tuple[Term, ...]
    lines: int  # cache lines to prefetch
    line_step: int  # elements from one of them to the next
    prefetches_bias: bool


class _Start(NamedTuple):
    """Where in a row a pass begins, in elements."""

    factor: int
    vector: int
    line: int


def emit_add_ratings(
    e: Emitter, task: Any, start: Value, stop: Value, scratch: Any, lane: Value
) -> None:
    """Emit: accumulators of a lane = sums over ratings start … stop - 1, of which there are.

    Parameters
    ----------
    e : Emitter
    task : namespace of pointers and numbers, with the fields of `task.Task`
    start, stop : 64-bit value
    scratch : namespace of arrays, with the fields of `task.Scratch`
        The last row of `sums` is zeros: a row's first block starts from there, and not from its
        own accumulators, which would have to be fetched just to be overwritten.
    lane : 64-bit value
    """
    plan = e.plan
    assert isinstance(plan, Plan)
    size, sums = plan.n_accumulators * e.lanes, scratch.sums.data
    zeros, mine = e.address(sums, e.lanes * size), e.address(sums, e.times(lane, size))

    def add_block(first: Value, before: list[Value]) -> list[Value]:
        end = e.least(e.plus(first, e.plan.block), stop)
        pointers = (task.fixed.factors, task.fixed.biases, task.csr.indices, task.csr.values)
        shared = (*(array.data for array in pointers), ahead(e, task, first), task.model.mean)
        defined: dict[_Shape, Value] = {}
        skipped = 0
        for number, (shape, at) in enumerate(_shapes(plan)):
            sums_at = [e.address(pointer, skipped * e.lanes) for pointer in (before[0], mine)]
            operands = _Operands._make((*shared, first, end, *sums_at, *map(e.index, at)))
            if shape not in defined:
                emit = partial(_emit_pass, shape)
                defined[shape] = e.define(f"gram_pass_{number}", operands, emit)
            e.builder.call(defined[shape], operands)
            skipped += sum(len(term.vectors) for term in shape.terms)
        return [mine]

    e.loop(start, stop, [zeros], add_block, step=e.plan.block)


def _shapes(plan: Plan) -> Iterator[tuple[_Shape, _Start]]:
    """Shape of each pass, and where it begins.

    Narrow vectors and high ranks make hundreds of passes, most of them alike but for their place.
    A shape that occurs once costs nothing: its places are constants to LLVM all the same.
    """
    n_passes, per_line = len(plan.passes), CACHE_LINE // plan.itemsize
    targets = [any(term.by is By.TARGET for term in terms) for terms in plan.passes]
    last_with_targets = n_passes - 1 - targets[::-1].index(True)
    for number, terms in enumerate(plan.passes):
        factor = vector = 0
        if all(term.by is By.FACTOR for term in terms):
            factor = min(term.which for term in terms)
            vector = min(v for term in terms for v in term.vectors)
        moved = tuple(
            Term(term.by, term.which - factor, tuple(v - vector for v in term.vectors))
            for term in terms
        )
        # A pass fetches every so many lines of a row, and the last to need the biases, those.
        lines = len(range(number, plan.cache_lines, n_passes))
        bias = number == last_with_targets and not plan.layout.bias_in_row
        shape = _Shape(moved, lines, n_passes * per_line, bias)
        yield shape, _Start(factor, vector * plan.lanes, number * per_line)


def ahead(e: Emitter, task: Any, first: Value) -> Value:
    """Pointer by which the indices of the next block are read, when at a rating of this one.

    Where this or the next block is the last, they are read from the copy with its padding:
    element n of `tail` stands for rating n_ratings - block + n.
    """
    block, n_ratings = e.plan.block, task.csr.indices.size
    inside = e.builder.icmp_signed("<=", e.plus(first, 2 * block), n_ratings)
    indices = e.address(task.csr.indices.data, block)
    padded = e.address(task.tail.data, e.minus(2 * block, n_ratings))
    return e.builder.select(inside, indices, padded)


def _emit_pass(shape: _Shape, e: Emitter, *arguments: Value) -> None:
    """Emit one pass: a loop over the ratings of a block, its accumulators in registers."""
    on = _Operands(*arguments)
    places = [n * e.lanes for n in range(sum(len(term.vectors) for term in shape.terms))]

    def add_rating(rating: Value, sums: list[Value]) -> list[Value]:
        _emit_prefetch(e, on, shape, e.read(on.ahead, rating))
        return _emit_terms(e, on, shape.terms, rating, sums)

    sums = e.loop(on.first, on.end, [e.load(on.before, at) for at in places], add_rating)
    for at, total in zip(places, sums, strict=True):
        e.store(total, on.after, at)


def _emit_prefetch(e: Emitter, on: _Operands, shape: _Shape, index: Value) -> None:
    """Prefetch this pass's share of a row, and its bias."""
    first = e.plus(e.times(index, e.plan.layout.stride), on.line)
    for n in range(shape.lines):
        e.prefetch(on.factors, e.plus(first, n * shape.line_step))
    if shape.prefetches_bias:
        e.prefetch(on.biases, index)


def _emit_terms(
    e: Emitter, on: _Operands, terms: Sequence[Term], rating: Value, sums: Sequence[Value]
) -> list[Value]:
    """Add one rating to the accumulators of a pass."""
    index = e.read(on.indices, rating)
    row = e.address(on.factors, e.times(index, e.plan.layout.stride))
    factors, loaded = e.address(row, on.factor), e.address(row, on.vector)
    target = None
    if any(term.by is By.TARGET for term in terms):
        target = e.broadcast(_target(e, on, rating, index, row))
    needed = sorted({v for term in terms for v in term.vectors if v != ONES})
    vectors = {v: e.load(loaded, v * e.lanes) for v in needed}
    vectors[ONES] = e.constant(1.0)
    rotated = {v for term in terms for v in term.vectors if term.by is By.ROTATION and term.which}
    rotators = {v: rotator(e, loaded, v * e.lanes) for v in sorted(rotated)}
    multiplier: Value = None
    added: list[Value] = []
    for term in terms:
        if term.by is By.FACTOR:
            multiplier = e.broadcast(e.read(factors, term.which))
        elif term.by is By.TARGET:
            multiplier = target
        for v in term.vectors:
            total, vector = sums[len(added)], vectors[v]
            if term.by is By.ROTATION:
                multiplier = rotators[v](vector, term.which) if term.which else vector
            if term.by is By.ONE:
                added.append(e.builder.fadd(total, vector))
            else:
                added.append(e.multiply_add(multiplier, vector, total))
    return added


def _target(e: Emitter, on: _Operands, rating: Value, index: Value, row: Value) -> Value:
    """The scalar t = r - μ - c."""
    centred = e.centred(e.read(on.values, rating), on.mean)
    in_row = e.plan.layout.bias_in_row
    bias = e.read(row, e.plan.rank) if in_row else e.read(on.biases, index)
    return e.builder.fsub(centred, bias)
