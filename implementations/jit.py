"""How kernels are compiled: decided once, for all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numba

from implementations.launching import ParallelKernel
from implementations.numba_cache import cached

F = TypeVar("F", bound=Callable[..., Any])

# error_model: NumPy's division has no branch to an exception, which would keep loops from being
#   vectorised; pivots are tested before anything is divided by them.
# nogil: several backends can run in threads of one process.
# Compiled code is cached: a worker starts in milliseconds. Numba's cache does not see a change in
#   a callee of another file, so kernels that call kernels live in one module.
# No fastmath, not even contraction to fused multiply-adds (measured: no gain): every operation
#   rounds as IEEE 754 says, in the order in which it is written, so results are the same to the
#   last bit for every vector width, thread count and machine, and the same as plain Python's.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}


def compiled(function: F) -> F:
    """Compile for one thread."""
    result: F = cached(function, **OPTIONS)
    return result


def compiled_parallel(function: F) -> F:
    """Compile with `numba.prange` spread over threads."""
    kernel: Any = ParallelKernel(function, **OPTIONS)
    result: F = kernel
    return result


def compiled_sums(function: F) -> F:
    """Compile sums of which no factor depends: whose order of additions is the compiler's.

    Vectors of products then take the place of one product after the other; the last bits depend
    on their width.
    """
    result: F = cached(function, fastmath={"reassoc", "contract", "nsz"}, **OPTIONS)
    return result


@contextmanager
def numba_threads(threads: int) -> Iterator[None]:
    """Have Numba's parallel loops use so many threads, and afterwards as many as before.

    Raises
    ------
    ValueError
        Where Numba was started with fewer.
    """
    before = numba.get_num_threads()
    if threads == before:
        yield
        return
    most = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]  # made at run time
    if not 1 <= threads <= most:
        raise ValueError(f"threads must lie in 1 … {most} (what Numba was started with): {threads}")
    numba.set_num_threads(threads)
    try:
        yield
    finally:
        numba.set_num_threads(before)
