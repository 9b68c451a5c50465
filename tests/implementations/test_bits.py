"""What must be equal to the last bit: plain Python and compiled, serial and parallel, any cut."""

import numba
import pytest
from hypothesis import given
from strategies import bits, problems, quick, swept

from harness.conformance.problems import Problem, irregular
from implementations import numba_parallel, numba_serial
from implementations.registry import find

pytestmark = pytest.mark.kernel

DTYPES = {"float64": "", "float32": "-f32"}
CHUNKS = [1, 3, 1000] if not numba.config.DISABLE_JIT else [3]


@quick
@given(problem=problems())
def test_compiled_factors_are_those_of_plain_python(problem: Problem) -> None:
    reference = bits(swept(find("naive").create(problem.params), problem))
    for name in ("numba-serial", "numba-parallel"):
        assert bits(swept(find(name).create(problem.params, 2), problem)) == reference, name


@pytest.mark.parametrize("suffix", DTYPES.values(), ids=DTYPES)
@quick
@given(problem=problems())
def test_serial_and_parallel_agree(suffix: str, problem: Problem) -> None:
    serial = swept(find(f"numba-serial{suffix}").create(problem.params), problem)
    parallel = swept(find(f"numba-parallel{suffix}").create(problem.params, 2), problem)
    assert bits(serial) == bits(parallel)


@pytest.mark.parametrize("suffix", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("chunks_per_thread", CHUNKS)
@quick
@given(problem=problems())
def test_any_threads_and_chunks_agree(
    suffix: str, chunks_per_thread: int, problem: Problem
) -> None:
    variant = find(f"numba-parallel{suffix}")
    reference = bits(swept(variant.create(problem.params, 1), problem))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba_parallel, "_CHUNKS_PER_THREAD", chunks_per_thread)
        for threads in (1, 2):
            assert bits(swept(variant.create(problem.params, threads), problem)) == reference


@pytest.mark.parametrize("suffix", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("block_bytes", [1, 500, 3000])
@quick
@given(problem=problems())
def test_item_blocks_of_any_size_agree(suffix: str, block_bytes: int, problem: Problem) -> None:
    variant = find(f"numba-serial{suffix}")
    reference = bits(swept(variant.create(problem.params), problem))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba_serial, "_BLOCK_BYTES", block_bytes)
        assert bits(swept(variant.create(problem.params), problem)) == reference


def test_one_bit_is_seen() -> None:
    factors = swept(find("numba-serial").create(irregular().params), irregular())
    reference = bits(factors)
    factors.items[4, 2] *= 1 + 2**-52
    assert bits(factors) != reference
