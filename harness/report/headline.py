"""What a run found, in sentences computed from its cells."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from harness.report import numbers, words
from harness.report.cells import baseline, label, labels, rows_of, several_threads
from harness.report.findings import About


def headline(cells: pd.DataFrame, about: About) -> list[str]:
    """State the largest speed-up found, and what must be known to believe it.

    Parameters
    ----------
    cells : DataFrame
        The cells frame; may be empty.
    about : About
        Where the data is synthetic, each sentence on speed says so.

    Returns
    -------
    list of str
        Sentences. The first is of the fastest at the largest scale, and says so where a speed is
        projected there; then come those of the largest scale at which baseline and the other were
        both measured, with an interval where there is any, and agree.
    """
    if cells.empty:
        return ["Nothing was measured."]
    measured = _largest(cells, projected=False)
    ratings = max((row.train_ratings for row in measured), default=0)
    guessed = [row for row in _largest(cells, projected=True) if row.train_ratings > ratings]
    rows = [*guessed[-1:], *reversed(measured)]
    sentences = [_claim(row, cells, about.ratings) for row in rows]
    sentences = sentences if measured else [*sentences, _none(cells)]
    return sentences + _doubts(cells)


def _largest(cells: pd.DataFrame, *, projected: bool) -> list[Any]:
    """Fastest of the largest scale that has speed-ups: in the baseline's precision, then any."""
    against = baseline(cells)
    usable = cells[
        (cells["speedup_projected"].astype(bool) == projected)
        & cells["speedup"].notna()
        & (cells["variant"] != against)
        & ~cells["state"].isin(["parity_failed", "unchecked"])
        & ~cells["verdict"].isin(["own", "unconverged"])
        & ~cells["projected"].astype(bool)
    ]
    if usable.empty:
        return []
    if usable["speedup_low"].notna().any():
        usable = usable[usable["speedup_low"].notna()]
    top = usable[usable["train_ratings"] == usable["train_ratings"].max()]
    dtypes = set(cells.loc[cells["variant"] == against, "dtype"])
    alike = top[top["dtype"].isin(dtypes)]
    chosen = [_fastest(frame) for frame in (alike, top) if not frame.empty]
    return chosen[:1] + [row for row in chosen[1:] if row.speedup > chosen[0].speedup]


def _fastest(cells: pd.DataFrame) -> Any:
    return max(rows_of(cells), key=lambda row: float(row.speedup))


def _claim(row: Any, cells: pd.DataFrame, ratings: str) -> str:
    guessed = bool(row.speedup_projected)
    ratio = numbers.with_interval(
        row.speedup, row.speedup_low, row.speedup_high, tilde=guessed, unit="×"
    )
    name = label(str(row.variant), int(row.threads), row.variant in several_threads(cells))
    precision = f" (in {row.dtype})" if row.dtype != "float64" else ""
    rest = f", where {row.baseline} is projected, not measured" if guessed else ""
    return (
        f"{name}{precision} does a sweep over {numbers.count(row.train_ratings)} {ratings} "
        f"{ratio} as fast as {row.baseline}{_agreement(row)}{rest}."
    )


def _agreement(row: Any) -> str:
    if row.verdict == "converged":
        return f" and is the same at convergence (J {numbers.change(row.objective_difference)})"
    if row.verdict != "ok" or not numbers.known(row.prediction_difference):
        return ""
    if numbers.number(row.prediction_difference) == 0:
        return ", with identical predictions"
    return f", with the same predictions to {numbers.difference(row.prediction_difference)}"


def _none(cells: pd.DataFrame) -> str:
    against = baseline(cells)
    if not against:
        return "No speed is compared: nothing to compare with was planned."
    if cells.loc[cells["variant"] == against, "sweep_s"].isna().all():
        return f"No speed is compared: {against} was not timed."
    return f"No speed is compared: nothing that agrees with the reference ran beside {against}."


def _doubts(cells: pd.DataFrame) -> list[str]:
    """Name what did not give the same answer, was not checked, or gave none at all."""
    states, timed = cells["state"], cells["sweep_s"].notna()
    sentences = [
        f"{where} {text}: no speed is claimed."
        for state, text in (
            ("parity_failed", "does not give the same result"),
            ("unchecked", "could not be checked"),
        )
        for where in _places(cells[states == state])
    ]
    for state in words.STATES:
        gone = cells[(states == state) & ~timed]
        if not gone.empty:
            sentences.append(f"Without timing ({state}): {'; '.join(_places(gone))}.")
    return sentences


def _places(cells: pd.DataFrame) -> list[str]:
    """Name implementations, each with its scales."""
    found: dict[str, list[str]] = {}
    for name, row in zip(labels(cells), rows_of(cells), strict=True):
        found.setdefault(name, []).append(str(row.rung))
    return [f"{name} at {_listed(scales)}" for name, scales in found.items()]


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
