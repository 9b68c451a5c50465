"""Peak memory of a process that prepares and sweeps."""

from benchmarks.common import (
    RANKS,
    SCALES,
    VARIANTS,
    OverVariants,
    map_rung,
    ready_backend,
    variant_for,
    write_rungs,
)
from implementations.als import sweep


class Memory(OverVariants):
    """Peak of the whole process: interpreter, libraries, ratings, layout and factors."""

    def setup_cache(self) -> None:
        """Rungs, and every kernel compiled: else the first to run would hold the compiler, too."""
        write_rungs()
        rung = map_rung(SCALES[0])
        for name in VARIANTS:
            for rank in RANKS:
                try:
                    ready_backend(name, rank, rung)
                except NotImplementedError:
                    continue

    def setup(self, implementation, rank, scale):
        variant_for(implementation, rank, map_rung(scale))

    def peakmem_sweep(self, implementation, rank, scale):
        sweep(ready_backend(implementation, rank, map_rung(scale)))

    peakmem_sweep.pretty_name = "Peak memory of preparing and a sweep"
