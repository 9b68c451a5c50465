"""numba-tiled-f32 against cmfrec, interleaved in one process: seconds of an iteration.

    pip install -c constraints.txt -e ".[peers]"
    python -m scripts.race_cmfrec --scale full --rank 32

cmfrec minimises the same objective (biases, the same ridge, no scaling by counts) in float32 with
as many threads. It has `fit` only, so an iteration is half of what a fit of three takes longer than
a fit of one. In each round every contestant has one turn, in an order shuffled anew.
"""

import argparse
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import perf_counter, sleep

import numpy as np
from scipy.sparse import coo_array, coo_matrix
from tabulate import tabulate

from harness.analysis.inference import mean_shift
from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder import cut
from harness.measure.judge import Judge
from harness.report.numbers import with_interval
from implementations.als import ready, start_factors, sweep
from implementations.problem import AlsParams, Factors, Ratings
from implementations.registry import find, usable_cores

try:
    import cmfrec
except ImportError:
    sys.stderr.write('cmfrec is not here: pip install -c constraints.txt -e ".[peers]"\n')
    sys.exit(2)

OURS = "numba-tiled-f32"
SHORT, LONG = 1, 3
# Threads of OpenMP and of a BLAS go on spinning for a while after a call.
REST_S = 0.5


def cmfrec_fit(train: Ratings, params: AlsParams, iterations: int, use_cg: bool) -> cmfrec.CMF:
    """Fit cmfrec's model with our parameters."""
    ridge = [params.bias_reg, params.bias_reg, *[params.reg] * 4]
    model = cmfrec.CMF(
        method="als",
        k=params.rank,
        lambda_=ridge,
        scale_lam=False,
        use_cg=use_cg,
        finalize_chol=False,
        niter=iterations,
        use_float=True,
        nthreads=usable_cores(),
        precompute_for_predictions=False,
        verbose=False,
    )
    shape = (train.n_users, train.n_items)
    return model.fit(coo_matrix(coo_array((train.values, (train.users, train.items)), shape)))


def factors_of(model: cmfrec.CMF) -> Factors:
    """A fitted model as our judge takes it."""
    users = np.column_stack((model.A_, model.user_bias_))
    items = np.column_stack((model.B_, model.item_bias_))
    return Factors(users, items, float(model.glob_mean_))


def per_iteration(taken: dict[int, float]) -> float:
    """Seconds of an iteration from those of a short and of a long fit."""
    difference = taken[LONG] - taken[SHORT]
    if difference <= 0:
        raise SystemExit(f"{LONG} iterations took no longer than {SHORT}: choose a larger --scale")
    return difference / (LONG - SHORT)


class Cmfrec:
    """A contestant: one of cmfrec's two ways to solve a row."""

    def __init__(self, train: Ratings, params: AlsParams, use_cg: bool) -> None:
        self.name = "cmfrec, conjugate gradient" if use_cg else "cmfrec, Cholesky"
        self.fit: Callable[[int], cmfrec.CMF] = lambda n: cmfrec_fit(train, params, n, use_cg)

    def seconds(self) -> float:
        """Of one iteration."""
        taken = {}
        for iterations in (SHORT, LONG):
            start = perf_counter()
            self.factors = factors_of(self.fit(iterations))
            taken[iterations] = perf_counter() - start
        return per_iteration(taken)


class Ours:
    """A contestant, timed in the same way: three sweeps less one, from the start."""

    name = OURS

    def __init__(self, train: Ratings, params: AlsParams) -> None:
        self.backend = ready(find(OURS), train, params)
        self.start = start_factors(train, params)

    def seconds(self) -> float:
        """Of one sweep."""
        taken = {}
        for sweeps in (SHORT, LONG):
            self.backend.load(self.start)
            start = perf_counter()
            for _ in range(sweeps):
                sweep(self.backend)
            taken[sweeps] = perf_counter() - start
        self.factors = self.backend.read()
        return per_iteration(taken)


def main() -> None:
    options = _options()
    rung = cut(open_dataset(SYNTHETIC, (options.scale,), print), options.scale, split_seed=0)
    params = AlsParams(rank=options.rank)
    contestants = [
        Cmfrec(rung.train, params, use_cg=False),
        Cmfrec(rung.train, params, use_cg=True),
        Ours(rung.train, params),
    ]
    seconds: dict[str, list[float]] = {one.name: [] for one in contestants}
    for number in range(options.rounds):
        for which in np.random.default_rng(number).permutation(len(contestants)):
            one = contestants[which]
            sleep(REST_S)
            seconds[one.name].append(one.seconds())
            print(f"round {number + 1}: {one.name} {seconds[one.name][-1]:.3f} s", flush=True)
    _print(options, rung, contestants, seconds)


def _print(options, rung, contestants, seconds) -> None:
    rows = []
    for one in contestants:
        logs = np.log(np.array(seconds[one.name]) / np.array(seconds[OURS]))
        shift = mean_shift(logs)
        ratio = with_interval(shift.ratio, *(shift.interval or (None, None)))
        judged = Judge(rung, AlsParams(rank=options.rank))(one.factors)
        low, high = min(seconds[one.name]), max(seconds[one.name])
        spread = f"{np.median(seconds[one.name]):.3g} ({low:.3g}–{high:.3g})"
        qualities = [f"{rmse:.4f}" for rmse in (judged.train_rmse, judged.test_rmse)]
        rows.append((one.name, spread, ratio, *qualities))
    print(f"\n{SYNTHETIC} at {options.scale}: {len(rung.train):,} training ratings")
    print(f"rank {options.rank}, float32, {usable_cores()} threads, cmfrec {version('cmfrec')}\n")
    headers = (
        "",
        "s/iteration: median (range)",
        f"x {OURS} (95 %)",
        f"train RMSE after {LONG}",
        "test",
    )
    print(tabulate(rows, headers, disable_numparse=True))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="full")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
