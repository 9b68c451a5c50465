"""What the trials of a study say: the rates as a table, and as a curve to draw."""

import math
from collections.abc import Iterator

import pandas as pd

from harness.analysis.naming import counted
from harness.data.datasets import SYNTHETIC
from harness.study.rates import (
    CONDITIONS,
    LEAST_FOUND,
    MOST_FALSE,
    Rate,
    Trial,
    coverage,
    excess_spread,
    overall_shift,
)
from harness.study.trials import SCALE, Settings

_MACHINES = {"quiet": "as it is", "loaded": "with background load"}


def title_of(settings: Settings) -> str:
    """What was tried, in a line."""
    return (
        f"{settings.implementation}, rank {settings.rank}, {counted(settings.threads, 'thread')}, "
        f"{SYNTHETIC} at {SCALE}, {settings.rounds} rounds, a new process every "
        f"{settings.process_rounds}"
    )


def rate_table(found: list[Rate], trials: list[Trial]) -> tuple[list[list[str]], list[str]]:
    """The rates, a line each, and their headers."""
    rows = []
    for rate in found:
        mine = _of(rate, trials)
        wanted, met = _asked(rate)
        rows.append(
            [
                "the same, twice" if rate.one_in is None else f"one row in {rate.one_in} twice",
                _MACHINES[rate.condition],
                _true_ratio(rate, mine),
                f"{rate.found:,} of {rate.trials:,}",
                _share(rate),
                str(rate.independent),
                _covered(rate, mine),
                wanted,
                met,
            ]
        )
    return rows, [
        "trial",
        "machine",
        "times as long",
        "difference seen",
        "share (95 % interval)",
        "independent trials",
        "95 % intervals with the true ratio",
        "share wanted",
        "so it is",
    ]


def _of(rate: Rate, trials: list[Trial]) -> list[Trial]:
    mine = rate.condition, rate.one_in
    return [trial for trial in trials if (trial.condition, trial.one_in) == mine]


def _asked(rate: Rate) -> tuple[str, str]:
    """What is asked of a rate, and whether it is so."""
    if rate.met is None:
        return "", ""
    asked = f"at most {MOST_FALSE:.0%}" if rate.one_in is None else f"at least {LEAST_FOUND:.0%}"
    if not rate.met:
        return asked, "NOT MET"
    return asked, "met" if rate.proven else "met, not proven"


def _true_log(rate: Rate, trials: list[Trial]) -> float:
    """Log of the true ratio: 0 of the same; of what is slowed down, the mean over its trials."""
    slow = overall_shift(trials)
    return 0.0 if rate.one_in is None or slow is None else slow.log


def _true_ratio(rate: Rate, trials: list[Trial]) -> str:
    return f"{math.exp(_true_log(rate, trials)):.3f}"


def _covered(rate: Rate, trials: list[Trial]) -> str:
    share = coverage(trials, _true_log(rate, trials))
    return "" if share is None else f"{share:.1%}"


def _share(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.share:.1%} ({low:.1%}–{high:.1%})"


def observations(trials: list[Trial]) -> Iterator[str]:
    """Whether intervals tell all of the spread."""
    for condition in CONDITIONS:
        some = [t for t in trials if t.condition == condition and t.kind == "same"]
        spread = excess_spread(some)
        if spread is not None:
            yield (
                f"machine {_MACHINES[condition]}: ratios of equals scatter {spread:.2f} times as "
                "much as their intervals say; 1 would be exact, less means that these are too wide"
            )


def curve_of(found: list[Rate], trials: list[Trial]) -> pd.DataFrame:
    """Of each rate condition, true ratio, share seen, low, high (95 % interval) and words."""
    rows = []
    for rate in found:
        mine = _of(rate, trials)
        named = {"condition": rate.condition, "ratio": math.exp(_true_log(rate, mine))}
        low, high = rate.interval
        words = f"{rate.found:,} of {rate.trials:,}: {_share(rate)}"
        rows.append(named | {"share": rate.share, "low": low, "high": high, "words": words})
    return pd.DataFrame(rows, columns=["condition", "ratio", "share", "low", "high", "words"])
