"""The plan: which sums of products are kept in which registers, in which pass over the ratings.

For v_j = [q_j; 1; t_j], a rating's other-side factors, the bias's constant, and its target, the
lower triangle of Σ_j v_j v_jᵀ holds the normal equations of a row and, as its last row, their
right-hand side. The triangle is cut into *accumulators*, each one vector of `lanes` entries that
stays in a register while the ratings go by:

    accumulator += multiplier · vector

As many as there are registers make a *pass*; a block of ratings is read once per pass, from the
first-level cache after the first. Pure Python: `gram` emits the plan as vector instructions, and
`interpreter` executes it in NumPy. `picture` draws it.
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.tiled.rows import RowLayout
from implementations.tiled.systems import Systems, packed_index

# A pseudo-vector of a row: ones in all lanes, not loaded.
ONES = -1
# The factor rows of a block stay in the first-level cache from its first pass to its last. Rows of
# more bytes than this make blocks shorter; blocks of fewer ratings would be mostly loop control.
_ROW_BYTES = 256
_LEAST_BLOCK = 16
# Below this, a block of the diagonal has no more entries than its cyclic diagonals: measured.
_LEAST_CYCLIC_LANES = 8


class By(Enum):
    """What a vector of the row is multiplied by."""

    FACTOR = "factor"  # one element of the row, in all lanes
    ROTATION = "rotation"  # the vector itself, rotated: lane l takes lane l + which
    TARGET = "target"  # t, in all lanes
    ONE = "one"  # nothing


class Term(NamedTuple):
    """One multiplier and the vectors that it multiplies, each into its own accumulator.

    Attributes
    ----------
    by : By
    which : int
        FACTOR: number of the factor; ROTATION: by how many lanes; otherwise 0.
    vectors : tuple of int
        Numbers of the row's vectors, or `ONES`.
    """

    by: By
    which: int
    vectors: tuple[int, ...]


@dataclass(frozen=True)
class Plan(Systems):
    """How the normal equations of a row are summed into registers, pass after pass.

    Attributes are those of `Systems`.
    """

    @property
    def n_accumulators(self) -> int:
        """Accumulators of a row."""
        return len(self.accumulators)

    @cached_property
    def layout(self) -> RowLayout:
        """Layout of the gathered rows."""
        return RowLayout(self.rank, self.lanes)

    @property
    def block(self) -> int:
        """Ratings between two passes; also how far ahead rows are prefetched."""
        most = self.target.block
        fitting = most * _ROW_BYTES // (self.layout.stride * self.itemsize)
        return max(_LEAST_BLOCK, min(most, fitting))

    @cached_property
    def passes(self) -> tuple[tuple[Term, ...], ...]:
        """Terms of each pass."""
        # A group's vectors are in registers beside its accumulators: few, where those are few.
        most = 4 if self.target.registers >= 32 else 2
        vectors = range(self.layout.vectors)
        groups = [vectors[first : first + most] for first in vectors[::most]]
        return tuple(part for group in groups for part in self._passes_of(group))

    @cached_property
    def accumulators(self) -> tuple[tuple[Term, int], ...]:
        """Term and vector of every accumulator, pass after pass."""
        return tuple((term, v) for part in self.passes for term in part for v in term.vectors)

    @cached_property
    def destinations(self) -> NDArray[np.int32]:
        """Where each lane of each accumulator belongs in the packed triangle.

        Returns
        -------
        ndarray, shape (n_accumulators, lanes), int32
            `entries`, one past the triangle, for lanes that nobody wants.
        """
        table = np.full((len(self.accumulators), self.lanes), self.entries, np.int32)
        for number, (term, vector) in enumerate(self.accumulators):
            for lane in range(self.lanes):
                entry = self.entry(term, vector, lane)
                if entry is not None:
                    table[number, lane] = packed_index(*entry)
        return table

    def entry(self, term: Term, vector: int, lane: int) -> tuple[int, int] | None:
        """Row and column of the triangle that a lane of an accumulator sums; None for none."""
        column = vector * self.lanes + lane
        match term.by:
            case By.FACTOR:
                return (term.which, column) if column <= term.which else None
            case By.ROTATION:
                other = vector * self.lanes + (lane + term.which) % self.lanes
                twice = 2 * term.which == self.lanes and 2 * lane >= self.lanes
                return None if twice else (max(column, other), min(column, other))
            case By.ONE:
                return (self.rank, column) if column < self.rank else None
        if vector == ONES:
            return (self.unknowns, self.rank) if lane == 0 else None
        if column == self.rank + 1 and self.biases:  # the row's one
            return (self.unknowns, self.rank)
        return (self.unknowns, column) if column < self.rank else None

    def _passes_of(self, group: range) -> list[tuple[Term, ...]]:
        """Cut the terms of some neighbouring vectors into passes of about the same size."""
        terms = interleaved(self._rotations(group), self._products(group))
        if self.biases:
            terms.append(Term(By.ONE, 0, tuple(group)))
        terms.append(Term(By.TARGET, 0, tuple(group)))
        last = group[-1] == self.layout.vectors - 1
        if last and self.biases and not self.layout.bias_in_row:
            terms.append(Term(By.TARGET, 0, (ONES,)))
        spare = 2 if self.lanes >= _LEAST_CYCLIC_LANES else 1  # a multiplier, a rotated vector
        room = self.target.registers - len(group) - spare
        size = sum(len(term.vectors) for term in terms)
        n_passes = -(-size // room)
        return _cut(terms, min(room, -(-size // n_passes) + len(group) // 2))

    def _is_cyclic(self, vector: int) -> bool:
        """Whether a diagonal block is summed by its cyclic diagonals."""
        return self.lanes >= _LEAST_CYCLIC_LANES and (vector + 1) * self.lanes <= self.rank

    def _rotations(self, group: range) -> list[Term]:
        """The diagonal blocks: symmetric, so that half of the cyclic diagonals and one will do."""
        shifts = range(self.lanes // 2 + 1)
        return [Term(By.ROTATION, s, (v,)) for v in group if self._is_cyclic(v) for s in shifts]

    def _products(self, group: range) -> list[Term]:
        """What is below the diagonal blocks, and those that are not cyclic."""
        terms = []
        for factor in range(group[0] * self.lanes, self.rank):
            diagonal = factor // self.lanes
            stop = diagonal if self._is_cyclic(diagonal) else diagonal + 1
            vectors = tuple(v for v in group if v < stop)
            if vectors:
                terms.append(Term(By.FACTOR, factor, vectors))
        return terms


def interleaved(some: list[Any], others: list[Any]) -> list[Any]:
    """Spread two lists evenly over each other, the order of each kept.

    Rotations run in another unit of the processor than loads: mixed, they wait for neither.
    """
    places = [((n + 0.5) / len(part), part[n]) for part in (some, others) for n in range(len(part))]
    return [item for _, item in sorted(places, key=lambda place: place[0])]


def _cut(terms: list[Term], room: int) -> list[tuple[Term, ...]]:
    """Cut terms, in their order, into passes of at most `room` accumulators."""
    passes: list[tuple[Term, ...]] = []
    current: list[Term] = []
    for term in terms:
        if sum(len(each.vectors) for each in (*current, term)) > room:
            passes.append(tuple(current))
            current = []
        current.append(term)
    return [*passes, tuple(current)]
