"""Chunks of some work, taken by several threads of Python."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


def equal_chunks(n: int, size: int) -> list[int]:
    """Bounds of chunks of so many each, the last one of what is left."""
    return [*range(0, n, size), n]


def in_chunks(
    kernel: Callable[..., None],
    bounds: Sequence[int] | NDArray[np.int64],
    *arguments: Any,
    threads: int | None = None,
) -> None:
    """Call a kernel that is compiled without Python's lock for chunk 0, 1, …, each once.

    Compared with `numba.prange` over the same chunks, that compiles in a third of the time, and
    there is no layer of threads that a fork, or two threads of Python at once, could come upon.

    Parameters
    ----------
    kernel : callable
        Takes the number of a chunk, its first and its end, and the arguments. No chunk may write
        what another one touches.
    bounds : sequence of int, length number of chunks + 1
        Chunk k goes from bounds[k] up to bounds[k + 1].
    *arguments
    threads : int, optional
        Left out: as many as Numba was started with (`NUMBA_NUM_THREADS`).
    """
    config: Any = numba.config
    most = 1 if config.DISABLE_JIT else threads or config.NUMBA_NUM_THREADS
    # Threads share the iterator of a list, which gives each chunk to one of them.
    chunks = iter(list(enumerate(pairwise(map(int, bounds)))))
    others = min(most, len(bounds) - 1) - 1
    if others < 1:
        _take(chunks, kernel, arguments)
        return
    with ThreadPoolExecutor(others) as pool:
        taken = [pool.submit(_take, chunks, kernel, arguments) for _ in range(others)]
        _take(chunks, kernel, arguments)
    for one in taken:
        one.result()  # raises what it raised


def _take(
    chunks: Iterator[tuple[int, tuple[int, int]]],
    kernel: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    for number, (first, end) in chunks:
        kernel(number, first, end, *arguments)
