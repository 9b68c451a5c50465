"""The Gram passes: a row's ratings summed into the accumulators of its plan."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from implementations.tiled.emitter import Emitter, Value
from implementations.tiled.plan import ONES, By, Plan


class _Operands(NamedTuple):
    """What a pass works on; all but `mean`, `first` and `end` are pointers."""

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


def emit_add_ratings(
    e: Emitter, task: Any, start: Value, stop: Value, sums: Value, lane: Value
) -> None:
    """Emit: accumulators of a lane = sums over ratings start … stop - 1, of which there are.

    Parameters
    ----------
    e : Emitter
    task : namespace of pointers and numbers, with the fields of `kernel.Task`
    start, stop : 64-bit value
    sums : pointer to (lanes + 1, n_accumulators) vectors
        The last row of them is zeros: a row's first block starts from there, and not from its own
        accumulators, which would have to be fetched just to be overwritten.
    lane : 64-bit value
    """
    plan = e.plan
    size = len(plan.accumulators) * e.lanes
    zeros, mine = e.address(sums, e.lanes * size), e.address(sums, e.times(lane, size))

    def add_block(first: Value, before: list[Value]) -> list[Value]:
        end = e.least(e.plus(first, plan.block), stop)
        csr, fixed = task.csr, task.fixed
        operands = _Operands(
            fixed.factors.data,
            fixed.biases.data,
            csr.indices.data,
            csr.values.data,
            _ahead(e, task, first),
            task.model.mean,
            first,
            end,
            before[0],
            mine,
        )
        for number in range(len(plan.passes)):
            e.outlined(f"gram_pass_{number}", operands, _pass(number))
        return [mine]

    e.loop(start, stop, [zeros], add_block, step=plan.block)


def _ahead(e: Emitter, task: Any, first: Value) -> Value:
    """Pointer by which the indices of the next block are read, when at a rating of this one.

    Where this or the next block is the last, they are read from the copy with its padding:
    element n of `tail` stands for rating n_ratings - block + n.
    """
    block, n_ratings = e.plan.block, task.csr.indices.size
    inside = e.builder.icmp_signed("<=", e.plus(first, 2 * block), n_ratings)
    indices = e.address(task.csr.indices.data, block)
    padded = e.address(task.tail.data, e.minus(2 * block, n_ratings))
    return e.builder.select(inside, indices, padded)


def _pass(number: int) -> Any:
    """The function that emits pass `number`: one loop over the ratings of a block."""

    def emit(e: Emitter, *arguments: Value) -> None:
        on = _Operands(*arguments)
        plan = e.plan
        skipped = sum(len(term.vectors) for part in plan.passes[:number] for term in part)
        count = sum(len(term.vectors) for term in plan.passes[number])
        places = [(skipped + n) * e.lanes for n in range(count)]

        def add_rating(rating: Value, sums: list[Value]) -> list[Value]:
            _emit_prefetch(e, on, number, e.read(on.ahead, rating))
            return _emit_terms(e, on, number, rating, sums)

        sums = [e.load(on.before, place) for place in places]
        for place, total in zip(places, e.loop(on.first, on.end, sums, add_rating), strict=True):
            e.store(total, on.after, place)

    return emit


def _emit_prefetch(e: Emitter, on: _Operands, number: int, index: Value) -> None:
    """Prefetch this pass's share of the cache lines of a row, and its bias with the targets."""
    row = e.times(index, e.plan.layout.stride)
    per_line = 64 // e.plan.itemsize
    for line in range(number, e.plan.cache_lines, len(e.plan.passes)):
        e.prefetch(on.factors, e.plus(row, line * per_line))
    if not e.plan.layout.bias_in_row and number == _last_with_target(e.plan):
        e.prefetch(on.biases, index)


def _emit_terms(
    e: Emitter, on: _Operands, number: int, rating: Value, sums: Sequence[Value]
) -> list[Value]:
    """Add one rating to the accumulators of a pass."""
    terms = e.plan.passes[number]
    index = e.read(on.indices, rating)
    row = e.address(on.factors, e.times(index, e.plan.layout.stride))
    target = None
    if any(term.by is By.TARGET for term in terms):
        target = e.broadcast(_target(e, on, rating, index, row))
    loaded = sorted({v for term in terms for v in term.vectors if v != ONES})
    vectors = {v: e.load(row, v * e.lanes) for v in loaded}
    vectors[ONES] = e.constant(1.0)
    added: list[Value] = []
    for term in terms:
        if term.by is By.FACTOR:
            multiplier = e.broadcast(e.read(row, term.index))
        elif term.by is By.TARGET:
            multiplier = target
        for v in term.vectors:
            total, vector = sums[len(added)], vectors[v]
            if term.by is By.ROTATION:
                multiplier = e.rotate(vector, term.index) if term.index else vector
            if term.by is By.ONE:
                added.append(e.builder.fadd(total, vector))
            else:
                added.append(e.multiply_add(multiplier, vector, total))
    return added


def _target(e: Emitter, on: _Operands, rating: Value, index: Value, row: Value) -> Value:
    """The scalar t = r - μ - c."""
    value = e.widened(e.read(on.values, rating))
    in_row = e.plan.layout.bias_in_row
    bias = e.read(row, e.plan.rank) if in_row else e.read(on.biases, index)
    return e.builder.fsub(e.builder.fsub(value, on.mean), bias)


def _last_with_target(plan: Plan) -> int:
    """Pass that reads the biases last: the one to prefetch them."""
    passes = enumerate(plan.passes)
    return max(n for n, terms in passes if any(term.by is By.TARGET for term in terms))
