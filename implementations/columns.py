"""Which columns of a table hold users, items and ratings."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from implementations.arguments import of_kind

ROLES = ("user", "item", "rating")

# Names that people give them, without case and signs: userId, user_id and "User ID" are one.
_ID = ("", "id", "no", "number", "index")
_STEMS = {
    "user": ("user", "u", "customer", "reviewer", "member", "account", "viewer", "reader"),
    "item": (
        *("item", "i", "movie", "film", "product", "book", "track", "song", "artist", "album"),
        *("game", "joke", "anime", "recipe", "business", "show"),
    ),
}
_SYNONYMS = {
    "user": {stem + end for stem in _STEMS["user"] for end in _ID} | {"uid"},
    "item": {stem + end for stem in _STEMS["item"] for end in _ID} | {"iid", "asin", "isbn"},
    "rating": {"rating", "ratings", "value", "score", "stars", "star", "overall", "bookrating"},
}


def find_columns(
    names: Sequence[str], given: Mapping[str, str | None], say: str = "Say "
) -> tuple[str, str, str]:
    """Names of the columns of users, items and ratings.

    Parameters
    ----------
    names : sequence of str
        Of all columns.
    given : mapping
        From "user", "item" and "rating" to a name where one was given; the rest is guessed.
    say : str
        How a message begins its advice to name a column.

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        Where a given name is none of them, or not exactly one column can be meant.
    """
    user, item, rating = (_find(role, names, given.get(role), say) for role in ROLES)
    return user, item, rating


def columns_of(frame: Any, given: Mapping[str, str | None]) -> list[Any]:
    """Columns of users, items and ratings of a table of pandas, pyarrow, or one like them.

    Parameters
    ----------
    frame : pandas.DataFrame, pyarrow.Table, or whatever offers Arrow's C stream
    given : mapping
        As of `find_columns`.

    Returns
    -------
    list of three columns, each array_like

    Raises
    ------
    TypeError
        Where it is no table.
    ValueError
        As `find_columns`.
    """
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, pd.DataFrame) and not len(frame.columns):
        raise ValueError("frame has no columns")
    if isinstance(frame, pd.DataFrame):
        return [frame[name] for name in find_columns([*frame.columns], given)]
    if not isinstance(frame, pa.Table | pa.RecordBatch):
        if not hasattr(frame, "__arrow_c_stream__"):
            raise TypeError(f"frame must be a table of columns, not {type(frame).__name__}")
        try:
            frame = pa.table(frame)
        except (TypeError, ValueError) as error:
            raise TypeError(f"frame must be a table of columns: {error}") from None
    return [frame.column(name) for name in find_columns(frame.column_names, given)]


def _find(role: str, names: Sequence[str], given: str | None, say: str) -> str:
    there = ", ".join(repr(name) for name in names)
    if given is not None:
        of_kind(role, given, str)
        if given not in names:
            raise ValueError(f"there is no column {given!r} for {role}; there are {there}")
        return given
    meant = [name for name in names if plain_name(name) in _SYNONYMS[role]]
    if len(meant) == 1:
        return meant[0]
    why = "several could hold it" if meant else "none has a name for it that is known"
    raise ValueError(f"no column of {role}s can be told among {there}: {why}. {say}{role}=…")


def plain_name(name: str) -> str:
    """Name of a column without case and signs: `movieId`, `movie_id` and `Movie ID` are one."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())
