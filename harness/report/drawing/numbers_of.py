"""The numbers that a figure shows, as a table for those who want them."""

from collections.abc import Mapping

import pandas as pd

_CELL = {
    "rung": "scale",
    "train_ratings": "training ratings",
    "variant": "implementation",
    "threads": "threads",
}


def numbers_of(
    frame: pd.DataFrame, columns: Mapping[str, str], by: Mapping[str, str] = _CELL
) -> pd.DataFrame:
    """Rows of a frame that have a number, under headings with their units.

    Parameters
    ----------
    frame : DataFrame
        Of the analysis; may be empty.
    columns : mapping of str to str
        What is shown, by name in the frame: the heading. Rows without any of the first are left
        out, and columns that the frame lacks.
    by : mapping of str to str
        What names a row.
    """
    named = {name: heading for name, heading in {**by, **columns}.items() if name in frame}
    first = next(iter(columns))
    if frame.empty or first not in frame:
        return pd.DataFrame(columns=[*named.values()])
    shown: pd.DataFrame = frame.loc[frame[first].notna(), [*named]].rename(columns=named)
    return shown.reset_index(drop=True)


def of_sweeps(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The same of a frame with a row for each sweep.

    Parameters
    ----------
    frame : DataFrame
    columns : mapping of str to str
    """
    return numbers_of(frame, columns, {**_CELL, "sweep": "sweep"})
