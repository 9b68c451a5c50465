"""How often `pair` is right: on a rung and its twin, and where the twin solves some rows twice.

    python -m scripts.try_pair --trials 20 --seconds 20 --out pair.jsonl

The twin is a copy of the rung's source that is compiled by itself (`scripts._twin`). A slow-down
solves one row in so many twice, so its true size is known by its trials together only.
A file that is there is gone on with.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest
from tabulate import tabulate

from harness.commands.pair import PairRequest, trial
from harness.measure.machine import describe_machine
from harness.scratch import scratch_folder
from implementations.problem import AlsParams
from scripts._twin import twinned, write_twin

# One row in so many is solved twice: that share of a sweep, and what a second call costs.
SLOWED_BY = {"nothing": None, "one row in 180": 180, "one row in 90": 90, "one row in 36": 36}
_SLOWED = "what the twin solves twice; some of: " + ", ".join(f"'{name}'" for name in SLOWED_BY)


def rows(lines: list[dict[str, Any]]) -> tuple[list[list[str]], list[str]]:
    """A line for each slow-down: what was seen of it, and how often."""
    table = []
    for name in SLOWED_BY:
        mine = [line for line in lines if line["slowed"] == name]
        if not mine:
            continue
        verdicts = [line["verdict"] for line in mine]
        expected = "no difference seen" if SLOWED_BY[name] is None else "slower"
        right = verdicts.count(expected)
        low, high = binomtest(right, len(mine)).proportion_ci()
        mean = math.exp(float(np.mean([line["log"] for line in mine])))
        true = 1.0 if SLOWED_BY[name] is None else mean
        inside = sum(line["low"] <= true <= line["high"] for line in mine)
        processes = [line["processes"] for line in mine if "processes" in line]
        table.append(
            [
                name,
                str(len(mine)),
                f"{mean:.4f}",
                ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts)),
                f"{right / len(mine):.0%} ({low:.0%}–{high:.0%})".replace("%", " %"),
                f"{inside} of {len(mine)}",
                f"{np.median([line['seconds'] for line in mine]):.0f}",
                f"{np.median(processes):.0f}" if processes else "",
            ]
        )
    return table, [
        "solved twice",
        "trials",
        "NEW/OLD: mean",
        "verdicts on NEW",
        "as they should be (95 % interval)",
        "95 % intervals with that mean (nothing: with 1)",
        "seconds of a trial",
        "processes of a trial",
    ]


def main() -> int:
    """Try, and print the table."""
    options = _options()
    lines = []
    if options.out.exists():
        lines = [json.loads(line) for line in options.out.read_text("utf-8").splitlines()]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    machine = describe_machine()
    with scratch_folder() as folder:
        slow_downs = tuple(filter(None, SLOWED_BY.values()))
        twins = write_twin(Path(folder), options.impl, slow_downs)
        for number in range(options.trials):
            for name in options.slowed:
                if any(line["slowed"] == name and line["trial"] == number for line in lines):
                    continue
                tried = _tried(options, name, twins[SLOWED_BY[name] or 0], number)
                lines.append(tried | {"machine": machine})
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
    table, headers = rows(lines)
    print(tabulate(table, headers, disable_numparse=True))
    return 0


def _tried(options: argparse.Namespace, name: str, twin: str, number: int) -> dict[str, Any]:
    """One trial of a slow-down."""
    asked = {"scale": options.scale, "threads": options.threads}
    request = PairRequest(
        old=options.impl,
        new=twin,
        data=options.data,
        params=AlsParams(rank=options.rank),
        seconds=options.seconds,
        **asked,
    )
    result, seconds = trial(request, seed=1_000 * number)
    low, high = result.shift.interval or (math.nan, math.nan)
    found = {"log": result.shift.log, "low": low, "high": high, "verdict": result.shift.verdict}
    named = {"slowed": name, "trial": number, "impl": options.impl, "rank": options.rank}
    return (
        named
        | asked
        | found
        | {"beside": options.beside, "turns": result.turns, "processes": result.processes}
        | {"seconds": seconds}
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--impl", type=twinned, default="numba-serial")
    parser.add_argument("--data", default="auto")
    parser.add_argument("--scale", default="100k")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--slowed", nargs="+", choices=SLOWED_BY, default=[*SLOWED_BY], metavar="HOW", help=_SLOWED
    )
    parser.add_argument("--trials", type=int, default=20, help="of each slow-down")
    parser.add_argument("--beside", default="", help="what else the machine did: kept, and shown")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each trial")
    parser.add_argument("--out", type=Path, default=Path("results/pair.jsonl"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
