"""Whether two that sweep at once, on a core each, are told apart sooner than two by turns.

    python -m scripts.try_duet --out results/duet.json

What disturbs the machine disturbs both of a duet (Bulej et al., "Duet benchmarking", ICPE 2020). A
process of an implementation and one of its twin sweep on one core by turns, as in `run`, and at
once on two cores, which they swap in between; as it is, and beside a background load.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.measure.background import background_load
from harness.measure.exchange import write_factors, write_ratings
from harness.measure.handle import Worker
from harness.measure.machine import describe_machine
from harness.measure.session import Session
from harness.scratch import scratch_folder
from implementations.als import start_factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from scripts._records import keep_facts
from scripts._twin import twinned, write_twin

PARAMS = AlsParams(rank=8)
BY_TURNS, AT_ONCE = "by turns", "at once"
MACHINES = {"as it is": False, "beside a background load": True}
# What the twin solves twice, the machine, the way.
Key = tuple[str, str, str]
# Log ratio and seconds of each round; and of each pair of processes.
Rounds = list[list[float]]
Pairs = list[Rounds]
# A standard error of a hundredth, for a 95 % interval of ± 2 %.
_ERROR = 0.01


class Duet:
    """An implementation and its twin, a process each, on one thread.

    Parameters
    ----------
    names : (str, str)
    train : Ratings
    stack : ExitStack
        Ends the processes.
    """

    def __init__(self, names: tuple[str, str], train: Ratings, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_ratings(folder / "ratings", train)
        write_factors(folder / "start", start_factors(train, PARAMS))
        self._workers = [Worker(1, None) for _ in names]
        for name, worker in zip(names, self._workers, strict=True):
            stack.callback(worker.stop)
            worker.make_ready(name, PARAMS, 1, folder / "ratings", folder / "start")
        self._pool = stack.enter_context(ThreadPoolExecutor(len(names)))
        self._sweeps = self._workers[0].call(Session.turn, None, None)[1].sweeps

    def by_turns(self, number: int) -> float:
        """Log ratio of the seconds of both: a turn each, of two parts, as A B B A or B A A B."""
        order = [0, 1, 1, 0] if number % 2 else [1, 0, 0, 1]
        seconds = [0.0, 0.0]
        for which in order:
            seconds[which] += self._turn(which, number)
        return float(np.log(seconds[1] / seconds[0]))

    def at_once(self, number: int) -> float:
        """The same of two parts that both do at once, on swapped cores in the second."""
        seconds = [0.0, 0.0]
        for core in (number, number + 1):
            parts = [self._pool.submit(self._turn, which, core + which) for which in (0, 1)]
            for which, part in enumerate(parts):
                seconds[which] += part.result()
        return float(np.log(seconds[1] / seconds[0]))

    def _turn(self, which: int, core: int) -> float:
        """Seconds of a part, after a sweep that is off the clock."""
        return self._workers[which].call(Session.turn, self._sweeps, None, True, core)[1].seconds


def measured(names: tuple[str, str], train: Ratings, rounds: int) -> dict[str, Rounds]:
    """Log ratio and seconds of each round, by the way in which the two sweep."""
    found: dict[str, Rounds] = {BY_TURNS: [], AT_ONCE: []}
    with ExitStack() as stack:
        duet = Duet(names, train, stack)
        for number in range(rounds):
            for way, take in ((BY_TURNS, duet.by_turns), (AT_ONCE, duet.at_once)):
                began = perf_counter()
                log = take(number)
                found[way].append([log, perf_counter() - began])
    return found


def spread(logs: NDArray[np.float64]) -> float:
    """Standard deviation within pairs of processes, of 1 / 1.349 of the quartiles' distance.

    What is disturbed lies far out, and is left out by every estimate in use here.
    """
    low, high = np.percentile(logs - np.median(logs, axis=1, keepdims=True), [25, 75])
    return float(high - low) / 1.349


def rows(facts: dict[str, Any]) -> tuple[list[list[str]], list[str]]:
    """A line for each slow-down, machine and way; and the headings."""
    lines = []
    for line in facts["lines"]:
        logs, seconds = np.moveaxis(np.array(line["rounds"]), -1, 0)
        between = float(np.median(logs, axis=1).std(ddof=1))
        sd, took = spread(logs), float(np.median(seconds))
        told = f"{np.exp(np.median(logs)):.3f}", f"{sd:.1%}", f"{took * 1e3:.0f}"
        needed = f"{took * (sd / _ERROR) ** 2:.2f}"
        lines.append([line["solved twice"], line["machine"], line["way"], *told, needed])
        lines[-1].append(f"{between:.1%}")
    heads = ["solved twice", "machine", "", "ratio", "a round: sd", "a round, ms"]
    return lines, [*heads, "to a standard error of 1 %, s", "pairs of processes: sd"]


def _each(options: argparse.Namespace, twins: dict[int, str], train: Ratings) -> dict[Key, Pairs]:
    """Rounds of all pairs of processes, by what the twin does, the machine, and the way."""
    found: dict[Key, Pairs] = {}
    every = product(range(options.processes), MACHINES.items(), twins.items())
    for number, (machine, loaded), (one_in, twin) in every:
        slowed = f"one row in {one_in}" if one_in else "nothing"
        with background_load(number) if loaded else nullcontext():
            both = measured((options.impl, twin), train, options.rounds)
        for way, rounds in both.items():
            found.setdefault((slowed, machine, way), []).append(rounds)
    return found


def main() -> int:
    """Measure, print, keep."""
    options = _options()
    dataset = open_dataset(SYNTHETIC, (options.scale,), lambda text: print(text, file=sys.stderr))
    train = cut(dataset, options.scale, 0).train
    with scratch_folder() as folder:
        twins = write_twin(Path(folder), options.impl, (options.slowed,))
        found = _each(options, twins, train)
    names = ("solved twice", "machine", "way")
    lines = [dict(zip(names, key, strict=True)) | {"rounds": found[key]} for key in sorted(found)]
    size = {"scale": options.scale, "train_ratings": len(train), "rank": PARAMS.rank}
    about = {"machine": describe_machine(), "impl": options.impl, "data": SYNTHETIC}
    keep_facts(about | size | {"lines": lines}, options.out)
    print(tabulate(*rows({"lines": lines}), disable_numparse=True))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--impl", type=twinned, default="numba-serial")
    parser.add_argument("--scale", default="100k")
    slowed = "a second twin solves one row in so many twice"
    parser.add_argument("--slowed", type=int, default=36, help=slowed)
    parser.add_argument("--processes", type=int, default=8, help="pairs of processes of each line")
    parser.add_argument("--rounds", type=int, default=30, help="of each pair of processes")
    parser.add_argument("--out", type=Path, default=Path("results/duet.json"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
