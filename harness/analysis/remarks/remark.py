"""What a reader should know before believing a run, with its remedy."""

from dataclasses import dataclass
from typing import Literal

from harness.results.events import Cell

RemarkKind = Literal[
    "synthetic",
    "machine not measured",
    "machine changed",
    "measured elsewhere",
    "machines differ",
    "busy before",
    "busy during",
    "drift",
    "cold first turn",
    "threads in force",
    "few rounds",
    "wide interval",
    "no difference",
    "intervals disagree",
    "projection",
]
Severity = Literal["note", "warning"]
"""A note tells how to read the numbers; after a warning some of them may be wrong."""


@dataclass(frozen=True)
class Remark:
    """A remark on a run.

    Attributes
    ----------
    kind : str
    severity : str
    text : str
        One sentence, with the remedy where there is one.
    cells : tuple of Cell
        Those that it is about; empty: all of the run.
    """

    kind: RemarkKind
    severity: Severity
    text: str
    cells: tuple[Cell, ...] = ()
