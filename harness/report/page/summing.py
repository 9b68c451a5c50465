"""All remarks on a run in one line."""

from collections.abc import Sequence

from harness.analysis.remarks import Remark
from harness.report.numbers import counted

_NAMED = 4  # kinds, the most serious first


def summary_of(notes: Sequence[Remark]) -> str:
    """Say how many remarks there are, and what they are about.

    Parameters
    ----------
    notes : sequence of Remark
        The most serious first.
    """
    warnings = sum(note.severity == "warning" for note in notes)
    kinds = list(dict.fromkeys(note.kind for note in notes))
    named = ", ".join(kinds[:_NAMED]) + (", …" if len(kinds) > _NAMED else "")
    of_them = f", {counted(warnings, 'warning')}" if warnings else ""
    return f"{counted(len(notes), 'remark')}{of_them}: {named}"
