"""The words that tables, figures and page use, each explained once."""

from harness.analysis.convergence import (
    DRIVEN_OBJECTIVE_TOLERANCE,
    DRIVEN_RMSE_TOLERANCE,
    OBJECTIVE_TOLERANCE,
    RMSE_TOLERANCE,
)
from harness.analysis.verdict import State

# What a cell can be, in the order in which they are explained.
STATES: dict[State, str] = {
    "over_budget": "the seconds allowed for sweeps ran out: its RMSE is that of fewer sweeps",
    "projected": "not measured: predicted from its own smaller scales",
    "skipped": "not tried: one sweep was predicted to take longer than is allowed",
    "refused": "not tried: the implementation, or the memory that there is, rules it out",
    "timeout": "gave no answer in time",
    "out_of_memory": "ended for want of memory",
    "failed": "ended with an error",
    "diverged": "a system of equations could not be solved, or a number was not finite",
    "interrupted": "the run was stopped before it was done",
    "parity_failed": "its result is not the reference's: its speed means nothing",
    "unchecked": "there was nothing to compare its result with: its speed is not claimed",
}

# Words for a figure, where room is scarce.
SHORT_STATES = {"out_of_memory": "no memory", "parity_failed": "differs"}

# Words of a table, in the order in which they are explained.
TABLE_WORDS: dict[str, str] = {
    "reference": "what the others are compared with",
    "same (x)": (
        "no prediction of a fixed sample is further than x from the reference's, and all "
        "differences are within the tolerances"
    ),
    "DIFFERS": "a difference from the reference is beyond its tolerance",
    "(x after n)": (
        "an RMSE after n sweeps, fewer than planned: not to be compared with those beside it"
    ),
    "same at convergence": (
        "goes another way, so it is compared where both have converged: a library's J is within "
        f"{OBJECTIVE_TOLERANCE:.1%} of the reference's, and its test RMSE within {RMSE_TOLERANCE}; "
        f"of what is relaxed or nested, J is at most {DRIVEN_OBJECTIVE_TOLERANCE:.1%} above, and "
        f"the test RMSE {DRIVEN_RMSE_TOLERANCE}; J never rose, and half-sweeps are the same"
    ),
    "not converged": "goes another way, and J still falls too fast where it ends",
    "own objective": "it minimises something else: its seconds are comparable, its result is not",
    "~": "projected, or compared with what was projected",
    "(a–b)": "95 % confidence interval of the ratio",
    "of FMA peak": (
        "GFLOP/s (the operations that the equations take at least) as a share of a pure "
        "multiply-add loop at the same precision and thread count"
    ),
    "≤": "by the machine as it was before the run: it is measured again at the end",
    "to quality s": (
        "seconds from the indexed ratings until the test RMSE is the reference's final one + .001 "
        "at most: layout or conversion, compilation and sweeps included"
    ),
    "warm": "so short that it is timed right after other sweeps, warm in cache",
}

# Above a table of seconds and sweeps.
TIME_TO_QUALITY = (
    "from the indexed ratings, set-up included: to the test RMSE that the reference ends with "
    "+ .001, and to objectives J above the best that anybody came to here"
)

GLOSSARY: dict[str, str] = {
    "sweep": "one solution for all users and then all items: the unit that is timed",
    "half-sweep": "one side of it: all users, or all items",
    "scale": "one of the nested subsamples of whole users; each contains the smaller ones",
    "training and test ratings": "a tenth of the ratings is held out, the same in every scale",
    "RMSE": "root mean square error of the predictions, in rating units: smaller is better",
    "baseline": "the implementation that the others' speed is divided by",
    "× as fast": "seconds of the baseline divided by seconds of this one, in the same rounds",
    "reference": (
        "the lowest float64 implementation of the ladder that did the sweep and itself agrees "
        "with the one below"
    ),
    "parity": "the same start gives the same result, sweep by sweep, within a tolerance",
    "round": "every implementation has one turn on the clock, in an order shuffled each time",
    "warm in cache": "a short sweep is timed right after others, whose data it finds in the caches",
    "peak": "the most memory that the process held at once; in brackets the estimate made before",
    "GFLOP/s": "10⁹ multiplications and additions a second: those that the equations take at least",
    "FMA": "a multiplication and an addition in one instruction: the most that a processor does",
    "efficiency": "speedup over the fewest threads, divided by the ratio of thread counts",
    "objective J": "what is minimised: squared errors on the training ratings, and the penalties",
    "relaxed": (
        "from the second sweep on, a half-sweep goes so many times as far as to its solution"
    ),
    "nested start": "items start from a model of a tenth of the users",
    "float32, float64": "numbers of 4 and 8 bytes: with about 7 and 16 digits",
}


def short(state: str) -> str:
    """Name a state in a figure."""
    return SHORT_STATES.get(state, state.replace("_", " "))
