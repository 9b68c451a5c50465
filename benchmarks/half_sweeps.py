"""What a user waits for: half-sweeps and preparing, of every variant."""

from benchmarks.common import OverVariants, Timed, fastest, map_rung, ready_backend
from implementations.als import sweep
from implementations.problem import AlsParams


class HalfSweeps(OverVariants, Timed):
    """Seconds of each half-sweep and of preparing, by warm backends."""

    def setup(self, implementation, rank, scale):
        self.rung = map_rung(scale)
        self.backend = ready_backend(implementation, rank, self.rung)

    def time_update_users(self, implementation, rank, scale):
        self.spend(self.backend.update_users)

    time_update_users.pretty_name = "Half-sweep: users"

    def time_update_items(self, implementation, rank, scale):
        self.spend(self.backend.update_items)

    time_update_items.pretty_name = "Half-sweep: items"

    def time_prepare(self, implementation, rank, scale):
        self.spend(lambda: self.backend.prepare(self.rung.train))

    time_prepare.pretty_name = "Laying out the ratings"


class Rate(OverVariants):
    """Operations a second: the least that a sweep takes, over the seconds of the fastest one."""

    def setup(self, implementation, rank, scale):
        self.rung = map_rung(scale)
        self.backend = ready_backend(implementation, rank, self.rung)

    def track_gflops(self, implementation, rank, scale):
        # Loads SciPy, which the half-sweeps above do without.
        from harness.analysis.roofline import sweep_flops
        from harness.cost import Size

        train = self.rung.train
        flops = sweep_flops(
            Size(len(train), train.n_users, train.n_items), AlsParams(rank=rank).unknowns
        )
        return flops / fastest(lambda: sweep(self.backend)) / 1e9

    track_gflops.unit = "GFLOP/s"
    track_gflops.pretty_name = "Operations a second of a sweep"
