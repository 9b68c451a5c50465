"""A partition: some neighbouring rows of one side, which one worker of a cluster solves."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from implementations.layout import chunks_of_equal_work
from implementations.problem import AlsParams, Float
from implementations.ratings import Csr
from implementations.tiled.crew import Crew, Ordered
from implementations.tiled.plan import Plan
from implementations.tiled.rows import Rows
from implementations.tiled.schedule import ROW_COST
from implementations.tiled.target import host_target

# A partition is sent the rows of the other side that it touches, where that is less than this
# share of them; otherwise all, which several partitions of a worker have in common.
_WHOLE_FROM = 0.5


class Solved(NamedTuple):
    """What comes of the rows of a partition.

    Attributes
    ----------
    rows : ndarray, shape (n_rows, rank + 1)
    failed : int or None
        The lowest row of the side whose system failed; `rows` then mean nothing.
    """

    rows: NDArray[Float]
    failed: int | None


@dataclass(eq=False)
class Part:
    """Rows first … first + n - 1 of one side, with their ratings.

    Attributes
    ----------
    first : int
    csr : Csr
        Their ratings; `indices` count among `needed`.
    needed : ndarray of int32, or None
        Rows of the other side that it touches, ascending; None: it is given all of them.
    params : AlsParams
    dtype : str
        "float32" or "float64".
    """

    first: int
    csr: Csr
    needed: NDArray[np.int32] | None
    params: AlsParams
    dtype: str

    def __getstate__(self) -> dict[str, Any]:
        """Leave threads and scratch where they are: a copy makes its own."""
        made_here = ("_crew", "_ordered", "_plan")
        return {name: value for name, value in vars(self).items() if name not in made_here}

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = (*self.csr, *(() if self.needed is None else (self.needed,)))
        return sum(array.nbytes for array in arrays)

    @property
    def n_rows(self) -> int:
        """Rows that it solves."""
        return len(self.csr.indptr) - 1

    @cached_property
    def _plan(self) -> Plan:
        target = host_target(np.dtype(self.dtype))
        return Plan(self.params.rank, self.params.biases, self.dtype, target)

    @cached_property
    def _crew(self) -> Crew:
        return Crew(self._plan, self.params, 1)

    @cached_property
    def _ordered(self) -> Ordered:
        return self._crew.order(self.csr)

    def compile(self) -> None:
        """Compile what `solve` takes."""
        dtype, layout = np.dtype(self.dtype), self._plan.layout
        nothing = layout.pack(np.zeros((1, self.params.rank + 1), dtype), dtype)
        self._crew.compile(self._crew.task(self._ordered, 0.0, nothing, nothing))

    def solve(
        self,
        fixed: NDArray[Float],
        mean: float,
        old: NDArray[Float] | None = None,
        relaxation: float = 1.0,
    ) -> Solved:
        """Solve its rows, on one thread; the bits are those of `numba-tiled`.

        Parameters
        ----------
        fixed : ndarray, shape (n_needed or n_other, rank + 1)
            The other side, in `dtype`.
        mean : float
        old : ndarray, shape (n_rows, rank + 1), optional
            These rows as they are, from which `relaxation` goes.
        relaxation : float
        """
        dtype, layout = np.dtype(self.dtype), self._plan.layout
        before = np.zeros((self.n_rows, self.params.rank + 1), dtype) if old is None else old
        rows = layout.pack(before, dtype)
        task = self._crew.task(self._ordered, mean, self._packed(fixed), rows, relaxation)
        failed = self._crew.solve(task)
        return Solved(layout.unpack(rows), None if failed is None else failed + self.first)

    def _packed(self, fixed: NDArray[Float]) -> Rows:
        """The other side as the kernel gathers from; once for all partitions that are given it."""
        key = (id(fixed), self._plan)
        if _last_packed.get("key") != key or _last_packed["of"]() is not fixed:
            made = self._plan.layout.pack(fixed, np.dtype(self.dtype))
            _last_packed.update(key=key, of=ref(fixed), rows=made)
        rows: Rows = _last_packed["rows"]
        return rows


# What this process was given last, and the same packed: partitions that touch most of the other
# side are given one array. A worker has one thread.
_last_packed: dict[str, Any] = {}


def parts_of(csr: Csr, n_other: int, count: int, params: AlsParams, dtype: str) -> list[Part]:
    """Cut one side into at most so many partitions of about the same work.

    Parameters
    ----------
    csr : Csr
        The ratings by row of this side.
    n_other : int
        Rows of the other side.
    count : int
    params : AlsParams
    dtype : str
    """
    cuts = chunks_of_equal_work(csr.indptr, count, float(ROW_COST))
    made = []
    for first, stop in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        begin, end = csr.indptr[first], csr.indptr[stop]
        indices, values = csr.indices[begin:end], csr.values[begin:end]
        needed, places = touched((indices,), n_other)
        indices = np.array(indices) if needed is None else places[indices]
        mine = Csr(csr.indptr[first : stop + 1] - begin, indices, np.array(values))
        made.append(Part(first, mine, needed, params, dtype))
    return made


def touched(
    columns: tuple[NDArray[np.int32], ...], n_other: int
) -> tuple[NDArray[np.int32] | None, NDArray[np.int32]]:
    """Rows of the other side that occur, and the place of each among these; None where most do.

    Parameters
    ----------
    columns : tuple of ndarray, int32
    n_other : int

    Returns
    -------
    needed : ndarray of int32, or None
    places : ndarray of int32, shape (n_other,)
        Of use where `needed` is not None.
    """
    seen = np.zeros(n_other, np.bool_)
    for column in columns:
        seen[column] = True
    needed = np.flatnonzero(seen).astype(np.int32)
    places = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return (None if len(needed) >= _WHOLE_FROM * n_other else needed), places
