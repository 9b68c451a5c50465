"""Sweeps to the same quality by several paths: plain, relaxed, nested, momentum, Anderson.

    python -m scripts.race_paths --data synthetic-32m --scale full --sweeps 20 --out paths.jsonl

Seconds are not measured: what a path costs is counted in sweeps over all ratings, those of a nested
start as their share. Momentum and Anderson's mixing are here to be compared with, and nowhere else:
the first raises the objective, the second has to compute it after every sweep (not counted).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from harness.data.datasets import open_dataset
from harness.data.ladder.scales import cut
from harness.measure.judge import Judge
from implementations import nested
from implementations.als import ready, start_factors
from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams, Float
from implementations.ratings import Ratings
from implementations.registry import find, usable_cores

MARGINS = (1e-2, 1e-3, 1e-4)
RMSE_MARGIN = 1e-3
FASTEST = "numba-tiled-f32"
Step = Callable[[AlsBackend], None]


@dataclass(frozen=True)
class Way:
    """One path: what a sweep is, and from where."""

    name: str
    relaxation: float = 1.0
    momentum: float = 0.0
    anderson: int = 0
    shares: tuple[float, ...] = ()  # of the users, in models that start each other
    rung_sweeps: int = nested.NESTED_SWEEPS

    @property
    def start_cost(self) -> float:
        """Sweeps over all ratings that the start is worth."""
        return self.rung_sweeps * sum(self.shares)


def paths() -> list[Way]:
    """All that are compared; plain sweeps first."""
    found = [Way("plain")]
    found += [Way(f"relaxed {w}", relaxation=w) for w in (1.2, 1.3, 1.4, 1.5, 1.6, 1.7)]
    found += [Way(f"momentum {b}", momentum=b) for b in (0.2, 0.3, 0.4)]
    found += [Way(f"Anderson, {m} back", anderson=m) for m in (2, 5)]
    for shares, sweeps in (((0.03,), 8), ((0.1,), 4), ((0.1,), 8), ((0.1,), 16), ((0.3,), 4)):
        found.append(Way(f"nested {shares[0]:g}, {sweeps}", shares=shares, rung_sweeps=sweeps))
    found.append(Way("nested 0.01 and 0.1, 4", shares=(0.01, 0.1), rung_sweeps=4))
    found.append(Way("nested 0.01 and 0.1, 6", shares=(0.01, 0.1), rung_sweeps=6))
    both = [p for p in found if p.shares in ((0.1,), (0.01, 0.1))]
    return found + [replace(p, name=f"{p.name}, relaxed 1.5", relaxation=1.5) for p in both]


def start_of(path: Way, train: Ratings, params: AlsParams) -> Factors:
    """Where a path begins."""
    start = start_factors(train, params)
    variant = find(f"{FASTEST}+relaxed={path.relaxation}")
    make = partial(variant.create, params, usable_cores())
    return nested.nested_start(make, train, params, start, path.shares, path.rung_sweeps)


def sweeps_of(
    path: Way, backend: AlsBackend, objective: Callable[[Factors], float]
) -> Iterator[Factors]:
    """Factors after each sweep."""
    older: dict[str, NDArray[Float]] = {}
    history: list[tuple[NDArray[Float], NDArray[Float]]] = []
    last, good = np.inf, backend.read()
    while True:
        before = backend.read()
        backend.update_users()
        _add_momentum(backend, "users", before, older, path.momentum)
        backend.update_items()
        _add_momentum(backend, "items", before, older, path.momentum)
        after = backend.read()
        yield after
        if path.anderson:
            value = objective(after)
            if value > last:  # the mixture was no good: go on by plain sweeps from before it
                history.clear()
                backend.load(good)
                continue
            good, last = after, value
            history = [*history, (before.items, after.items)][-path.anderson - 1 :]
            backend.load(replace(after, items=_mixed(history)))


def _add_momentum(
    backend: AlsBackend,
    side: str,
    before: Factors,
    older: dict[str, NDArray[Float]],
    momentum: float,
) -> None:
    """Add so much of the last change of a side (heavy ball: Polyak 1964)."""
    old = getattr(before, side)
    if momentum and side in older and old.any():
        factors = backend.read()
        moved = getattr(factors, side) + np.float32(momentum) * (old - older[side])
        backend.load(replace(factors, **{side: moved}))
    older[side] = old


def _mixed(history: list[tuple[NDArray[Float], NDArray[Float]]]) -> NDArray[Float]:
    """Items mixed so that their changes cancel in the least squares' sense (Anderson 1965)."""
    latest = history[-1][1]
    if len(history) < 2:
        return latest
    changes = np.stack([(after - before).ravel().astype(float) for before, after in history])
    differences = changes[1:] - changes[:-1]
    gram = differences @ differences.T
    gram += 1e-8 * np.trace(gram) * np.eye(len(gram))
    weights = np.linalg.solve(gram, differences @ changes[-1])
    steps = [history[n + 1][1] - history[n][1] for n in range(len(history) - 1)]
    mixed = latest - sum(np.float32(w) * step for w, step in zip(weights, steps, strict=True))
    return np.asarray(mixed, latest.dtype)


def main() -> int:
    """Race, and print sweeps to each quality."""
    options = _options()
    dataset = open_dataset(
        options.data, (options.scale,), lambda text: print(text, file=sys.stderr)
    )
    rung = cut(dataset, options.scale, 0)
    params = AlsParams(rank=options.rank, count_scaled=options.count_scaled)
    judge = Judge(rung, params)
    lines = []
    for path in (p for p in paths() if not options.only or p.name in options.only):
        start = start_of(path, rung.train, params)
        variant = find(f"{FASTEST}+relaxed={path.relaxation}")
        backend = ready(variant, rung.train, params, factors=start)
        found = sweeps_of(path, backend, lambda factors: judge(factors).objective)
        judged = [judge(factors) for factors, _ in zip(found, range(options.sweeps), strict=False)]
        lines.append(
            {
                "data": dataset.name,
                "synthetic": dataset.synthetic,
                "scale": options.scale,
                "train_ratings": len(rung.train),
                "params": asdict(params),
                "path": path.name,
                "start_cost": path.start_cost,
                "objective": [j.objective for j in judged],
                "test_rmse": [j.test_rmse for j in judged],
            }
        )
        print(path.name, file=sys.stderr, flush=True)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(table(lines))
    return 0


def table(lines: list[dict[str, object]]) -> str:
    """Sweeps to each quality, set-up of nested starts included, as a table in Markdown."""
    best = min(min(line["objective"]) for line in lines)
    target = lines[0]["test_rmse"][-1] + RMSE_MARGIN
    rows = []
    for line in lines:
        reached = [_first(line, "objective", best * (1 + margin)) for margin in MARGINS]
        risen = np.diff(line["objective"]) > 1e-6 * best
        rmse = line["test_rmse"]
        rows.append(
            [
                line["path"],
                _first(line, "test_rmse", target),
                *reached,
                f"{min(rmse):.5f}",
                f"{rmse[-1]:.5f}",
                f"rises {int(risen.sum())} times" if risen.any() else "",
            ]
        )
    headers = ["path", "test RMSE", *(f"J + {100 * m:g} %" for m in MARGINS)]
    headers += ["lowest RMSE", "last RMSE", "J"]
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True)


def _first(line: dict[str, object], name: str, target: float) -> str:
    there = np.flatnonzero(np.asarray(line[name]) <= target)
    return f"{there[0] + 1 + line['start_cost']:.3g}" if len(there) else "–"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="synthetic-32m")
    parser.add_argument("--scale", default="full")
    parser.add_argument("--rank", type=int, default=20)
    parser.add_argument("--count-scaled", action="store_true")
    parser.add_argument("--sweeps", type=int, default=20)
    parser.add_argument("--only", action="append", help="name of a path; may be given again")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
