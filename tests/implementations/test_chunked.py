"""Chunks taken by several threads."""

from threading import Barrier, get_ident

import numba
import numpy as np
import pytest

from implementations.chunked import equal_chunks, in_chunks
from implementations.jit import compiled

pytestmark = pytest.mark.kernel


@compiled
def _count(chunk, first, end, met):
    met[first:end] += 1 + chunk


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 800])
def test_each_chunk_is_taken_once(n, threads):
    met = np.zeros(n, np.int64)
    in_chunks(_count, equal_chunks(n, 8), met, threads=threads)
    assert (met == 1 + np.arange(n) // 8).all()


def test_chunks_of_unequal_size_may_be_empty():
    met = np.zeros(5, np.int64)
    in_chunks(_count, np.array([0, 3, 3, 5]), met, threads=2)
    assert met.tolist() == [1, 1, 1, 3, 3]


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="one thread only: nothing is compiled")
def test_as_many_threads_as_asked_for_take_them():
    together, threads = Barrier(3, timeout=30), set()

    def kernel(*_chunk):
        together.wait()
        threads.add(get_ident())

    in_chunks(kernel, [0, 1, 2, 3], threads=3)
    assert len(threads) == 3


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_kernel_raises_is_raised(threads):
    def kernel(chunk, _first, _end):
        if chunk == 5:
            raise ValueError("chunk 5")

    with pytest.raises(ValueError, match="chunk 5"):
        in_chunks(kernel, range(11), threads=threads)
