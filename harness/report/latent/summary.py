"""What the factors of a model mean, as text for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, median
from typing import Any

from tabulate import tabulate

from harness.report.latent.words import about, counts_said, plain_title
from harness.report.numbers import percent, rmse

_ENDS = 3  # movies at each end of an axis
_NEAR = 4
_PAIRS = 5  # told best, and told worst
_TITLE = 26


def summary(facts: Mapping[str, Any]) -> str:
    """Say what was found: axes, genres, neighbours, and what few ratings leave.

    Parameters
    ----------
    facts : mapping
        By `harness.analysis.latent.latent_facts`, with ``data`` and ``model``.

    Returns
    -------
    str
        Lines.
    """
    parts = [_head(facts), _axes(facts), _genres(facts), _neighbours(facts), _shrinkage(facts)]
    return "\n\n".join(parts)


def _head(facts: Mapping[str, Any]) -> str:
    data, model = facts["data"], facts["model"]
    told = f"{len(facts['movies']['title']):,} of {data['movies']:,} movies"
    return (
        f"{about(facts).title}\n"
        f"test RMSE {rmse(model['test_rmse'])}; below are {told}: those with "
        f"{facts['least_ratings']:,} training ratings or more"
    )


def _axes(facts: Mapping[str, Any]) -> str:
    rows = [
        (number, percent(axis["share"]), _titles(axis["low"]), _titles(axis["high"]))
        for number, axis in enumerate(facts["axes"], 1)
    ]
    return _table(rows, ("axis", "variance", "at its low end", "at its high end"))


def _titles(movies: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(plain_title(movie["title"], _TITLE) for movie in movies[:_ENDS])


def _genres(facts: Mapping[str, Any]) -> str:
    pairs = facts["pairs"]
    if not pairs:
        return "genres: no two have enough movies that the other has not"
    far, near = pairs[: _PAIRS + 1], pairs[_PAIRS + 1 :][-_PAIRS:]
    rows = [
        (
            f"{pair['first']} ({pair['n_first']:,})",
            f"{pair['second']} ({pair['n_second']:,})",
            f"{pair['auc']:.2f}",
            f"{pair['low']:.2f}–{pair['high']:.2f}",
        )
        for pair in (*far, *near)
    ]
    headers = ("genre (movies)", "from", "AUC", "95 %")
    return f"{_table(rows, headers)}\n{_of_all(pairs)}"


def _of_all(pairs: Sequence[Mapping[str, Any]]) -> str:
    middle = median(pair["auc"] for pair in pairs)
    shuffled = mean(pair["shuffled"] for pair in pairs)
    return (
        f"told apart by a linear discriminant, on movies held out; median of all {len(pairs)} "
        f"pairs {middle:.2f}, with genres shuffled {shuffled:.2f}"
    )


def _neighbours(facts: Mapping[str, Any]) -> str:
    rows = [
        (
            plain_title(movie["title"], _TITLE),
            "\n".join(f"{plain_title(one['title'], 40)}" for one in movie["near"][:_NEAR]),
            "\n".join(f"{one['cosine']:.2f}" for one in movie["near"][:_NEAR]),
        )
        for movie in facts["neighbours"]
    ]
    return _table(rows, ("movie", "liked by the same", "correlation"))


def _shrinkage(facts: Mapping[str, Any]) -> str:
    rows = [
        (
            counts_said(one["least"], one["most"]),
            f"{one['movies']:,}",
            f"{one['length'][1]:.3f}",
            f"{one['bias'][1]:.3f}",
        )
        for one in facts["shrinkage"]
    ]
    return _table(rows, ("ratings", "movies", "median length", "median bias, absolute"))


def _table(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> str:
    return tabulate(rows, headers, disable_numparse=True)
