"""The command `recommend`: movies for somebody who likes some, as a check by eye."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from textwrap import shorten

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from harness.commands.check import find_or_say
from harness.data.dataset import Dataset
from harness.data.datasets import open_dataset
from harness.data.ladder.scales import rungs_up_to
from harness.errors import UserError
from harness.screen.console import Screen
from implementations import AlsParams, Factors, fit, fold_in, reasons, recommend

# Weighed by counts, regularisers suit data of any size. A user's bias would be the same for all
# movies, and the greater part of what a few ratings say: it is left out of the row folded in.
_TRAINED = AlsParams(count_scaled=True)
_FOLDED = replace(_TRAINED, biases=False)
_LEAST_RATINGS = 20  # a movie with fewer is recommended for the taste of those few
_MOST_REASONS = 2


def recommend_to(
    likes: Sequence[str],
    source: str,
    columns: Mapping[str, str],
    scale: str,
    implementation: str,
    n: int,
) -> int:
    """Train on a data set, fold in a user who gave these movies the highest rating, and recommend.

    Returns
    -------
    int
        0

    Raises
    ------
    UserError
        Where there is no such data set or implementation, no titles, or no title like one.
    """
    variant = find_or_say(implementation)
    with Screen() as screen:
        dataset = open_dataset(source, rungs_up_to(scale, only=True), screen.line, columns)
        titles = _titles(dataset)
        counts = np.bincount(dataset.ratings.items, minlength=len(titles))
        liked = np.array([_row_like(text, titles, counts) for text in likes])
        screen.notice(f"training {variant.name} on {len(dataset.ratings):,} ratings")
        factors = fit(dataset.ratings, _TRAINED, implementation=implementation)
        for row in dict.fromkeys(liked.tolist()):
            screen.line(f"liked  {titles[row]}")
        screen.line()
        screen.line(_table(factors, np.unique(liked), counts, titles, dataset, n))
    return 0


def _titles(dataset: Dataset) -> list[str]:
    """Title of each row; that of one without is its id."""
    if not dataset.titles:
        raise UserError(f"{dataset.name} has no titles: put movies.csv beside the ratings")
    return [dataset.titles.get(movie, str(movie)) for movie in dataset.movie_ids.tolist()]


def _row_like(text: str, titles: Sequence[str], counts: NDArray[np.int64]) -> int:
    """Row of the movie that is meant: of titles that hold the text, the one most often rated.

    Raises
    ------
    UserError
        Where no title holds it; it names those that are closest.
    """
    folded = [title.casefold() for title in titles]
    wanted = text.casefold().strip()
    exact = [row for row, title in enumerate(folded) if title == wanted]
    found = exact or [row for row, title in enumerate(folded) if wanted and wanted in title]
    if found:
        return max(found, key=lambda row: counts[row])
    close = get_close_matches(wanted, folded, n=3, cutoff=0.5)
    meant = "; ".join(titles[folded.index(title)] for title in close)
    raise UserError(
        f"--like {text!r}: no title holds it" + (f"; near it are {meant}" * bool(close))
    )


def _table(
    factors: Factors,
    liked: NDArray[np.int64],
    counts: NDArray[np.int64],
    titles: Sequence[str],
    dataset: Dataset,
    n: int,
) -> str:
    """The best movies, each with the liked ones that speak most for it."""
    values = np.full(len(liked), dataset.ratings.values.max())
    user = fold_in(factors, liked, values, _FOLDED)
    left_out = np.union1d(liked, np.flatnonzero(counts < _LEAST_RATINGS))
    best = recommend(user, 0, n, seen=left_out)
    if not len(best.items):
        raise UserError(f"no other movie has {_LEAST_RATINGS} ratings: there is none to recommend")
    parts = reasons(factors, liked, values, best.items, _FOLDED)
    rows = [
        (f"{rating:.2f}", _short(titles[movie]), f"{counts[movie]:,}", _told(part, liked, titles))
        for movie, rating, part in zip(best.items, best.ratings, parts, strict=True)
    ]
    headers = ("predicted", "title", "ratings", "mostly for")
    alignment = ("right", "left", "right", "left")
    return tabulate(rows, headers, disable_numparse=True, colalign=alignment)


def _told(part: NDArray[np.float64], liked: NDArray[np.int64], titles: Sequence[str]) -> str:
    order = np.argsort(-part, kind="stable")[:_MOST_REASONS]
    told = (f"{_short(titles[liked[at]], 28)} {part[at]:+.2f}" for at in order if part[at] > 0)
    return ", ".join(told)


def _short(title: str, width: int = 48) -> str:
    return shorten(title, width, placeholder=" …")
