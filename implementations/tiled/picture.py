"""Draws a plan: which pass, and which kind of term, sums which entry of the triangle.

``python -m implementations.tiled.picture 20 float32`` prints that of this machine.
"""

import argparse
from itertools import product

import numpy as np

from implementations.tiled.plan import ONES, By, Plan, Term
from implementations.tiled.target import host_target

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def draw(plan: Plan) -> str:
    """Triangle of a plan as text, and its passes.

    Each entry is a digit or letter, the number of its pass: modulo 36, where there are more. On
    the right stands what the row is; entries that stay `n` are counts, and not summed.
    """
    unknowns = plan.unknowns
    canvas = [["n"] * (min(i, unknowns - 1) + 1) for i in range(unknowns + 1)]
    for number, terms in enumerate(plan.passes):
        for term in terms:
            for v, lane in product(term.vectors, range(plan.lanes)):
                if entry := plan.entry(term, v, lane):
                    canvas[entry[0]][entry[1]] = _DIGITS[number % len(_DIGITS)]
    names = [f"q{i}" for i in range(plan.rank)] + ["1"] * plan.biases + ["t"]
    width = 2 * unknowns
    lines = [f"{' '.join(row):<{width}}{name}" for row, name in zip(canvas, names, strict=True)]
    return "\n".join([*lines, "", *(_describe(n, terms) for n, terms in enumerate(plan.passes))])


def _describe(number: int, terms: tuple[Term, ...]) -> str:
    """One line on a pass: its accumulators by kind, and what it loads."""
    kinds = {by: sum(len(term.vectors) for term in terms if term.by is by) for by in By}
    parts = ", ".join(f"{count} by {by.value}" for by, count in kinds.items() if count)
    vectors = sorted({v for term in terms for v in term.vectors} - {ONES})
    return (
        f"pass {_DIGITS[number % len(_DIGITS)]}: {sum(kinds.values())} accumulators ({parts}) "
        f"of vectors {', '.join(map(str, vectors))}"
    )


def main() -> None:
    """Print the plan of a rank and dtype for this machine."""
    parser = argparse.ArgumentParser(description="draw the plan of tiles and passes")
    parser.add_argument("rank", type=int)
    parser.add_argument("dtype", choices=("float32", "float64"))
    asked = parser.parse_args()
    plan = Plan(asked.rank, True, asked.dtype, host_target(np.dtype(asked.dtype)))
    print(draw(plan))  # noqa: T201


if __name__ == "__main__":
    main()
