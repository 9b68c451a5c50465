"""The command `reproduce`: published figures, and whether they come out here."""

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from harness.commands.check import find_or_say
from harness.errors import UserError
from harness.measure.machine import available_bytes
from harness.reproduce.outcome import Outcome, exit_status
from harness.reproduce.protocol import Figure, Protocol, choose
from harness.reproduce.trying import Workshop, try_protocol
from harness.screen.console import Screen

_HEADERS = ("protocol", "figure", "published", "here", "difference", "tolerance", "verdict")
_ALIGNMENT = ("left", "left", "right", "right", "right", "right", "left")
_MISSING = "–"


def reproduce(asked: str | None, implementation: str | None, data: Path | None) -> int:
    """Try published figures, and print one list of what came of them.

    Parameters
    ----------
    asked : str or None
        Name of a protocol, or path of one; None: all that come with the harness.
    implementation : str or None
        What to train with; None: what each protocol names.
    data : Path or None
        Where the data set of the one protocol is; None: its zip in the cache.

    Returns
    -------
    int
        0 where all that could be tried were reproduced, 1 where one was not.

    Raises
    ------
    UserError
        Where there is no such protocol, or what was given for it is bad.
    """
    chosen = choose(asked)
    if data is not None and len(chosen) > 1:
        raise UserError("--data belongs to one protocol: name it")
    with Screen() as screen:
        workshop = Workshop(find_or_say, available_bytes, screen.notice, screen.moment)
        outcomes = []
        for protocol in chosen:
            _introduce(protocol, screen)
            outcomes += try_protocol(protocol, implementation, data, workshop)
        screen.line()
        _show(outcomes, screen)
    return exit_status(outcomes)


def _introduce(protocol: Protocol, screen: Screen) -> None:
    source = protocol.source
    screen.line(f"{protocol.name}: {source.authors} ({source.year}), {source.title}, {source.link}")
    screen.line(f"  split: {protocol.split.note}")


def _show(outcomes: Sequence[Outcome], screen: Screen) -> None:
    """Print a line for each figure, then why some could not be tried."""
    rows = [_row(outcome) for outcome in outcomes]
    screen.line(tabulate(rows, _HEADERS, disable_numparse=True, colalign=_ALIGNMENT))
    reasons = {(one.protocol, one.verdict, one.reason): None for one in outcomes if one.reason}
    for protocol, verdict, reason in reasons:
        screen.line(f"{protocol}: {verdict}, because {reason}")


def _row(outcome: Outcome) -> tuple[str, ...]:
    figure, here = outcome.figure, outcome.here
    if here is None or outcome.tolerance is None:
        measured = (_MISSING, _MISSING, _MISSING)
    else:
        measured = (_number(figure, here), _difference(figure, here), _tolerance(outcome))
    published = _number(figure, figure.published)
    return (outcome.protocol, figure.name, published, *measured, str(outcome.verdict))


def _number(figure: Figure, value: float) -> str:
    """Print a figure: counts in full, RMSE with five decimals, speed-ups with three digits."""
    if figure.quantity == "speed-up":
        return f"{value:,.0f}x" if value >= 100 else f"{value:.3g}x"
    return f"{value:.5f}" if figure.quantity.endswith("RMSE") else f"{value:,.0f}"


def _difference(figure: Figure, here: float) -> str:
    if figure.quantity == "speed-up":
        return f"factor {here / figure.published:.2g}"
    gap = here - figure.published
    return f"{gap:+.5f}" if figure.quantity.endswith("RMSE") else f"{gap:+,.0f}"


def _tolerance(outcome: Outcome) -> str:
    figure, tolerance = outcome.figure, outcome.tolerance
    if figure.quantity == "speed-up":
        return f"factor {tolerance:.3g}"
    if not figure.quantity.endswith("RMSE"):
        return f"{tolerance:,.0f}"
    seeds = f" ({outcome.n_seeds} seeds)" if outcome.n_seeds > 1 else ""
    return f"{tolerance:.5f}{seeds}"
