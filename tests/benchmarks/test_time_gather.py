"""What reading the factor rows of all ratings takes: a yardstick for every half-sweep.

It is bound by memory, or by the caches where the rows fit into them. `numba-tiled` gathers within
its Gram pass, and has no such part.
"""

from kernel_parts import parts_of

IMPLEMENTATIONS = ("numpy", "numba-serial", "numba-serial-f32")


def test_gather(case, backend, benchmark):
    benchmark.group = f"part: gather factor rows, rank {case.rank}, one thread"
    gather = parts_of(backend).gather
    gather()
    benchmark(gather)
