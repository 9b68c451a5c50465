"""Facts of a run as lines for a table."""

from collections.abc import Mapping
from typing import Any

from harness.report import numbers


def flattened(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as lines: the path to each, and its value in words.

    Parameters
    ----------
    facts : mapping
    prefix : str
        Path to them.

    Returns
    -------
    list of (str, str)
        Nothing there, and numbers that are none, become a dash.
    """
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        path = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            lines += flattened(value, f"{path} · ")
        elif isinstance(value, (list, tuple)) and any(isinstance(v, Mapping) for v in value):
            lines += flattened({str(n): v for n, v in enumerate(value, 1)}, f"{path} · ")
        elif isinstance(value, (list, tuple)):
            lines.append((path, ", ".join(map(_said, value)) or numbers.MISSING))
        else:
            lines.append((path, _said(value)))
    return lines


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and value != value):
        return numbers.MISSING
    return str(value) or numbers.MISSING
