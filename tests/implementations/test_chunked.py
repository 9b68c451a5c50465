"""Chunks taken by several threads."""

from threading import Barrier, get_ident

import numba
import numpy as np
import pytest

from implementations.chunked import in_chunks
from implementations.jit import compiled

pytestmark = pytest.mark.kernel


@compiled
def _count(chunk, met):
    met[chunk] += 1


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
@pytest.mark.parametrize("n_chunks", [0, 1, 2, 100])
def test_each_chunk_is_taken_once(n_chunks, threads):
    met = np.zeros(n_chunks, np.int64)
    in_chunks(_count, n_chunks, met, threads=threads)
    assert (met == 1).all()


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="one thread only: nothing is compiled")
def test_as_many_threads_as_asked_for_take_them():
    together, threads = Barrier(3, timeout=30), set()

    def kernel(_chunk):
        together.wait()
        threads.add(get_ident())

    in_chunks(kernel, 3, threads=3)
    assert len(threads) == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_kernel_raises_is_raised(threads):
    def kernel(chunk):
        if chunk == 5:
            raise ValueError("chunk 5")

    with pytest.raises(ValueError, match="chunk 5"):
        in_chunks(kernel, 10, threads=threads)
