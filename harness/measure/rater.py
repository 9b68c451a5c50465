"""What the machine can do at its best: multiply-adds, matrix products, reading from memory.

NumPy's matrix product alone would be no roof: its BLAS may choose code for an older processor.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from harness.measure.machine import available_bytes
from harness.measure.rate_kernels import Loop, fill, multiply_add_loop, read

T = TypeVar("T")
Rates = dict[str, float]
_DTYPES = ("float32", "float64")
# Vectors that a thread multiplies and adds to in a repetition: 10 to 30 ms, beside which the
# wake-up of threads is nothing.
_MULTIPLY_ADDS = 60_000_000
_FEWEST, _MOST, _LONG_ENOUGH_S = 3, 9, 0.35
_MATRIX = 1024  # rows and columns
# Eight times a cache of 32 MiB, where there is room for that; touching it first takes most of the
# time there is.
_MEMORY_BYTES, _SHARE_OF_MEMORY = 1 << 28, 8


class Work(NamedTuple):
    """Something to be timed, and the operations or bytes that it is."""

    do: Callable[[], object]
    amount: float


@dataclass(frozen=True)
class Rater:
    """Measures in this process, again and again with the same memory and compiled code.

    Attributes
    ----------
    clock : callable
        Seconds.
    """

    clock: Callable[[], float] = perf_counter

    def rates(self, threads: int) -> tuple[Rates, Rates]:
        """Median and best rates over some repetitions.

        Parameters
        ----------
        threads : int
            At most as many as the libraries of this process were started with.

        Returns
        -------
        median, best : dict of str to float
            GFLOP/s and GB/s, as `harness.results.events.Machine` names them.
        """
        rates: dict[str, list[float]] = {}
        with ThreadPoolExecutor(threads) as pool, threadpool_limits(threads):
            rates |= self._in_turn(self._own(pool, threads))
            rates |= self._in_turn(self._products())  # last: their threads stay awake for a while
        medians = {name: median(values) for name, values in rates.items()}
        return medians, {name: max(values) for name, values in rates.items()}

    @cached_property
    def _loops(self) -> dict[str, Loop]:
        return {dtype: multiply_add_loop(dtype) for dtype in _DTYPES}

    @cached_property
    def _memory(self) -> NDArray[np.uint64]:
        size = min(_MEMORY_BYTES, available_bytes() // _SHARE_OF_MEMORY)
        return np.empty(size // 8, np.uint64)

    def _own(self, pool: ThreadPoolExecutor, threads: int) -> dict[str, Work]:
        """Reading and multiply-adds, compiled, their memory filled."""
        loops = self._loops
        parts = np.array_split(self._memory, threads)
        _each(pool, fill, parts)  # each thread's part near to it
        read(parts[0][:1])
        work = {"bandwidth_gbs": Work(partial(_each, pool, read, parts), self._memory.nbytes)}
        for dtype, loop in loops.items():
            loop.run(1)
            turns = [_MULTIPLY_ADDS // loop.accumulators] * threads
            flops = 2 * loop.lanes * loop.accumulators * sum(turns)
            work[f"fma_{dtype}_gflops"] = Work(partial(_each, pool, loop.run, turns), flops)
        return work

    def _products(self) -> dict[str, Work]:
        work = {}
        for dtype in _DTYPES:
            one = np.ones((_MATRIX, _MATRIX), dtype)
            multiply = partial(np.matmul, one, one, out=np.empty_like(one))
            multiply()
            work[f"gemm_{dtype}_gflops"] = Work(multiply, 2 * _MATRIX**3)
        return work

    def _in_turn(self, works: dict[str, Work]) -> dict[str, list[float]]:
        """Rates of some repetitions; in turn, so that a busy moment does not hit one of them."""
        rates: dict[str, list[float]] = {name: [] for name in works}
        start, done = self.clock(), 0
        while done < _FEWEST or (done < _MOST and self.clock() - start < _LONG_ENOUGH_S):
            for name, work in works.items():
                before = self.clock()
                work.do()
                rates[name].append(work.amount / (self.clock() - before) / 1e9)
            done += 1
        return rates


def _each(pool: ThreadPoolExecutor, function: Callable[[T], object], parts: Iterable[T]) -> None:
    """Do something with each part at once, and wait for all."""
    for _ in pool.map(function, parts):
        pass
