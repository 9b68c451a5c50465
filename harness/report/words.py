"""The words that tables, figures and page use, each explained once."""

# What a cell can be, in the order in which they are explained.
STATES: dict[str, str] = {
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
    "~": "projected, or compared with what was projected",
    "(a–b)": "95 % confidence interval of the ratio",
    "of FMA peak": (
        "the operations that a sweep's equations take, a second, as a share of what a loop of "
        "nothing but multiply-adds does with this precision and as many threads"
    ),
    "warm": "so short that several sweeps make one turn, warm in cache",
}

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
    "warm in cache": "a sweep shorter than 20 ms is timed several in a row",
    "peak": "the most memory that the process held at once; in brackets the estimate made before",
    "GFLOP/s": "10⁹ multiplications and additions a second: those that the equations take at least",
    "FMA": "a multiplication and an addition in one instruction: the most that a processor does",
    "efficiency": "what more threads give, as a share of as many times the speed",
    "float32, float64": "numbers of 4 and 8 bytes: with about 7 and 16 digits",
}


def short(state: str) -> str:
    """Name a state in a figure."""
    return SHORT_STATES.get(state, state.replace("_", " "))


def captions(against: str) -> dict[str, str]:
    """How each figure is to be read, by its name.

    Parameters
    ----------
    against : str
        The baseline.
    """
    return {
        "seconds": (
            "Seconds of one sweep against the ratings that it goes over. Both axes are "
            "logarithmic: a straight line of slope one means that twice the ratings take twice "
            "the time. A point is the median of the turns; its bar spans the middle half of them. "
            "Dashed lines and hollow points are projected from smaller scales, with the interval "
            "that leaving one of these out gives. Words below the plot say why a point is missing."
        ),
        "speedup": (
            f"How many times as fast as {against}: seconds of {against} divided by seconds of "
            "each, in the same rounds, so that a drift of the machine hits both. Bars are 95 % "
            "confidence intervals. Where one of the two is projected, so is the ratio. What does "
            "not agree with the reference, or could not be checked, has no point here."
        ),
        "rmse": (
            "Root mean square error on the test and training ratings after each sweep. All "
            "implementations compute the same thing, so their lines must coincide: the reference "
            "is thick and pale, the others run thinner inside it, and their markers take turns."
        ),
        "difference": (
            "How far each implementation is from the reference, on a logarithmic axis: at each "
            "sweep the largest difference over all scales, in RMSE and over a fixed sample of "
            "predictions. Every line must stay below the dashed tolerance of its precision. "
            "Exact agreement has a row of its own at the bottom."
        ),
        "time-to-quality": (
            "Root mean square error on the test ratings after each sweep, against the seconds that "
            "so many sweeps take at the median; layout and compilation are not counted. All take "
            "the same steps down, each in its own time. The dashed line is the reference's last "
            "value + .001; a marker stands at the first sweep that is at or below it."
        ),
        "threads": (
            "How many times as fast each implementation is as with its own fewest threads, in the "
            "same rounds, with the 95 % confidence interval. On the grey line as many times the "
            "threads give as many times the speed; below it are three quarters and half of that."
        ),
        "roofline": (
            "Operations a second, by the operations that the equations take at least, against "
            "operations for each byte that a sweep asks for: each rating, with it a row of factors "
            "of the other side, each solution. Horizontal lines are a loop of nothing but "
            "multiply-adds, the best before and after the run; sloping lines are the speed of "
            "reading from memory. What lies above a sloping line has its rows from a cache. "
            "Each implementation is at the largest scale at which it was measured."
        ),
    }
