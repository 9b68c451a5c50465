"""From the cache to a judged model, in one process: where the seconds of a whole fit go.

python -m scripts.end_to_end --impl numba-tiled-f32 --scale full

A first run makes the data set's cache and the compiled code; run it twice to see what they save,
or with NUMBA_CACHE_DIR set to an empty folder to see what compiling costs.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

START = perf_counter()

from tabulate import tabulate  # noqa: E402 - what follows is what importing takes

from harness.data.datasets import SYNTHETIC, open_dataset  # noqa: E402
from harness.data.ladder.scales import cut  # noqa: E402
from harness.measure.judge import Judge  # noqa: E402
from harness.measure.machine import memory_bytes  # noqa: E402
from implementations.als import start_factors, sweep  # noqa: E402
from implementations.problem import AlsParams  # noqa: E402
from implementations.registry import find, usable_cores  # noqa: E402


class Phases:
    """Seconds of named phases, in the order in which they were begun."""

    def __init__(self) -> None:
        self.seconds = {"import": perf_counter() - START}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.seconds[name] = perf_counter() - start

    def table(self) -> str:
        """A line each, and their sum."""
        rows = [*self.seconds.items(), ("all", sum(self.seconds.values()))]
        return tabulate(rows, ("phase", "seconds"), floatfmt=".2f")


def main() -> None:
    options = _options()
    phase = Phases()
    with phase("open the data set"):
        dataset = open_dataset(options.data, (options.scale,), print)
    with phase("cut the scale, split off the test ratings"):
        rung = cut(dataset, options.scale, split_seed=0)
    params = AlsParams(rank=options.rank)
    backend = find(options.impl).create(params, usable_cores())
    with phase("prepare"):
        backend.prepare(rung.train)
    with phase("draw and load the first factors"):
        backend.load(start_factors(rung.train, params))
    with phase("compile, or read from the cache"):
        backend.warm_up()
    with phase(f"{options.sweeps} sweeps"):
        for _ in range(options.sweeps):
            sweep(backend)
    with phase("RMSE on train and test"):
        judgement = Judge(rung, params)(backend.read())
    print(f"{options.impl}, rank {options.rank}, {dataset.name} at {options.scale}")
    print(f"{len(rung.train):,} training ratings, {usable_cores()} threads\n")
    print(phase.table())
    print(f"\ntrain RMSE {judgement.train_rmse:.5f}, test RMSE {judgement.test_rmse:.5f}")
    print(f"peak memory {memory_bytes('VmHWM') / 2**30:.2f} GiB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_HELP)
    parser.add_argument("--impl", default="numba-tiled-f32")
    parser.add_argument("--data", default=SYNTHETIC)
    parser.add_argument("--scale", default="full")
    parser.add_argument("--rank", type=int, default=AlsParams.rank)
    parser.add_argument("--sweeps", type=int, default=10)
    return parser.parse_args()


_HELP = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    main()
