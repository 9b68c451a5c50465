"""Facts of a model in words: what stands above its figures, and titles that fit."""

import re
from collections.abc import Mapping
from textwrap import shorten
from typing import Any

from harness.report.findings import About

_YEAR = re.compile(r"\s*\(\d{4}\)$")
_OTHER_NAME = re.compile(r"\s*\([^()]*\)$")
_ARTICLE = re.compile(r"^(.*), (The|A|An|Les|Le|La|Das|Der|Die|El|Il)$")


def about(facts: Mapping[str, Any]) -> About:
    """Of which data the model is, and how it was trained."""
    data, model = facts["data"], facts["model"]
    ratings = f"{data['train_ratings']:,} ratings"
    return About.of(data, model["params"], model["sweeps"], ratings)


def plain_title(title: str, most: int = 26) -> str:
    """A title as people say it: ``The Matrix`` for ``Matrix, The (1999)``, ``Star Wars IV``.

    Parameters
    ----------
    title : str
    most : int
        Characters. Of a longer title, what stands before its last colon is left out, then its end.
    """
    text = _OTHER_NAME.sub("", _YEAR.sub("", title.strip())) or title
    series, colon, episode = text.partition(": Episode ")
    text = _ARTICLE.sub(r"\2 \1", f"{series} {episode.partition(' - ')[0]}" if colon else text)
    if len(text) > most:
        text = text.rpartition(": ")[2]
    return shorten(text, most, placeholder=" …")


def counts_said(least: int, most: int) -> str:
    """From so many to so many: ``1``, ``2–4``."""
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"
