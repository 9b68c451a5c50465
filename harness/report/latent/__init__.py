"""Figures of what the factors of a model mean, as pure functions of its facts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.report.drawing.figure import Drawn
from harness.report.drawing.style import WIDTH, as_wide_as
from harness.report.latent.map import map_figure
from harness.report.latent.parting import parting_figure
from harness.report.latent.shrinkage import shrinkage_figure
from harness.report.latent.words import counts_said

_FIGURES = (
    (
        "latent",
        map_figure,
        "Movies on the two leading axes of their factors. The model has seen ratings only: genres "
        "colour the points afterwards, those that lie farthest out, and a cross marks the mean of "
        "a genre. Distances are in stars: how far apart two movies are for a typical user, biases "
        "apart. Signs of axes mean nothing.",
    ),
    (
        "latent-genres",
        parting_figure,
        "How well a linear discriminant in all dimensions of the factors tells two genres apart, "
        "on movies held out from it: the probability (AUC, in hundredths) that it ranks a movie of "
        "one above a movie of the other; 50 is chance. Movies with both genres are left out.",
    ),
    (
        "latent-shrinkage",
        shrinkage_figure,
        "What is left of a movie's factor and bias, by its number of ratings: the standard "
        "deviation over users of what the factors predict, and the distance of the movie's mean "
        "prediction from that of all. A regulariser that does not grow with the ratings leaves "
        "little where there are few. Well-known movies are also better liked, and opinions on them "
        "more divided: not all of the rise is the regularisers'.",
    ),
)


def latent_figures(facts: Mapping[str, Any], width: float = WIDTH) -> list[Drawn]:
    """Draw all figures of a model's factors.

    Parameters
    ----------
    facts : mapping
        By `harness.analysis.latent.latent_facts`, with ``data`` and ``model``: what `latent.json`
        holds.
    width : float
        Inches; 3.7 suits a phone.

    Returns
    -------
    list of Drawn
        The map, the genres, and the shrinkage.
    """
    tables = {"latent": _movies, "latent-genres": _pairs, "latent-shrinkage": _shrinkage}
    with as_wide_as(width):
        return [
            Drawn(name, caption, draw(facts), tables[name](facts))
            for name, draw, caption in _FIGURES
        ]


def _movies(facts: Mapping[str, Any]) -> pd.DataFrame:
    movies = facts["movies"]
    scores = pd.DataFrame(movies["scores"]).iloc[:, :2]
    scores.columns = [f"axis {number}, stars" for number in range(1, scores.shape[1] + 1)]
    named = {
        "title": movies["title"],
        "ratings": movies["ratings"],
        "genres": [", ".join(genres) for genres in movies["genres"]],
    }
    return pd.concat([pd.DataFrame(named), scores], axis=1)


def _pairs(facts: Mapping[str, Any]) -> pd.DataFrame:
    columns = {
        "first": "genre",
        "second": "from",
        "n_first": "movies",
        "n_second": "movies of that",
    }
    columns |= {"auc": "AUC", "low": "lower (95 %)", "high": "upper (95 %)", "shuffled": "shuffled"}
    return pd.DataFrame(facts["pairs"], columns=[*columns]).rename(columns=columns)


def _shrinkage(facts: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "ratings": counts_said(one["least"], one["most"]),
                "movies": one["movies"],
                "factor, median": one["length"][1],
                "bias, median": one["bias"][1],
            }
            for one in facts["shrinkage"]
        ]
    )
