"""The command `compare`: what changed between two runs, and how sure that is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from tabulate import tabulate

from harness.analysis.comparable import differences, software_changes
from harness.analysis.compare import Change, Comparison, compare_runs
from harness.analysis.inference import ALPHA, POWER
from harness.analysis.quiet import FEWEST_QUIET
from harness.analysis.remarks.of_machine import unsteady_cores
from harness.errors import UserError
from harness.report.numbers import with_interval, with_spread
from harness.results.log import read_run
from harness.results.records import Run
from harness.screen.console import Screen

_HEADERS = (
    "scale",
    "implementation",
    "threads",
    "A, s a sweep\n(quick rounds)",
    "B, s a sweep\n(quick rounds)",
    "B/A, drift removed\n(95 % interval)",
    "verdict on B",
    "would have\nbeen seen",
)
_NAME_WIDTH = 24
# What `study` and `repeat_runs` were made with (docs/method-details.md).
_ENOUGH_ROUNDS = 180
_MOST = 10.0  # a change by more than this share is not told from others


def compare(
    first: Sequence[Path], second: Sequence[Path], force: bool, fail_if_slower: float | None
) -> int:
    """Compare two runs, or several a side, cell by cell.

    Parameters
    ----------
    first, second : sequence of Path
        Folders of the runs: those of A, the older side, and of B.
    force : bool
        Compare runs of different data, parameters or machines, too, and say so.
    fail_if_slower : float or None
        Share, such as .05.

    Returns
    -------
    int
        1 where `fail_if_slower` is given and a cell of B fails by it (`failures`), else 0.

    Raises
    ------
    UserError
        Where the runs cannot be compared, or have no cell in common.
    """
    folders = _named(first, second)
    runs = {name: read_run(folder) for name, folder in folders.items()}
    old, *others = runs.values()
    found = [*dict.fromkeys(line for other in others for line in differences(old, other))]
    what = f"{', '.join(map(str, first))} and {', '.join(map(str, second))}"
    if found and not force:
        raise UserError(f"{what} are not comparable: {'; '.join(found)} (--force compares them)")
    comparison = compare_runs(*_sides(runs))
    if not (comparison.changes or comparison.broken):
        raise UserError(f"{what} have no measured cell in common")
    failed = [] if fail_if_slower is None else failures(comparison, fail_if_slower)
    with Screen() as screen:
        _print_heading(folders, runs, found, screen)
        warnings = [line for name, run in runs.items() for line in unsteady_cores(name, run)]
        warnings += [line for name, run in runs.items() for line in few_rounds(name, run)]
        for line in [_table(comparison), "", *warnings, *remarks(comparison)]:
            screen.line(line)
        for line in failed:
            screen.line(f"FAILED   {line}")
    return int(bool(failed))


def _named(first: Sequence[Path], second: Sequence[Path]) -> dict[str, Path]:
    """Folders by what the comparison calls them: A and B, or A1, A2, … where there are several.

    Raises
    ------
    UserError
        Where a folder is given twice on a side: it would count as two runs.
    """
    named: dict[str, Path] = {}
    for letter, side in (("A", first), ("B", second)):
        if len({folder.resolve() for folder in side}) < len(side):
            raise UserError(f"{', '.join(map(str, side))}: a run stands there twice")
        many = len(side) > 1
        named |= {f"{letter}{n if many else ''}": folder for n, folder in enumerate(side, 1)}
    return named


def _sides(runs: Mapping[str, Run]) -> tuple[list[Run], list[Run]]:
    a, b = ([run for name, run in runs.items() if name[0] == letter] for letter in "AB")
    return a, b


def few_rounds(name: str, run: Run) -> list[str]:
    """A warning where a run has too few rounds to be compared by its quick ones."""
    rounds = max((len(record.turns) for record in run.records), default=0)
    if rounds >= FEWEST_QUIET:
        return []
    return [
        f"* run {name} has {rounds} rounds; comparing runs by their quick rounds takes "
        f"{FEWEST_QUIET} or more.",
        f"  To see small changes, make both runs with --rounds {_ENOUGH_ROUNDS}.",
    ]


def failures(comparison: Comparison, share: float) -> list[str]:
    """What `--fail-if-slower` fails by, a line each.

    A cell fails where its verdict is "slower", not withheld, and the lower end of its 95 %
    interval is above 1 + share; where its RMSE differs beyond its tolerance; and where it was sound
    in A and no longer is in B.
    """
    slower = [
        f"{_name(change)} is slower by more than {share * 100:g} %"
        for change in comparison.changes
        if change.shown and not comparison.withheld and _fails(change, share)
    ]
    broken = [f"{cell.variant} at {cell.rung}: {reason}" for cell, reason in comparison.broken]
    return slower + broken + comparison.quality


def _fails(change: Change, share: float) -> bool:
    interval = change.shift.interval
    return change.shift.verdict == "slower" and interval is not None and interval[0] > 1 + share


def _print_heading(
    folders: Mapping[str, Path], runs: Mapping[str, Run], found: list[str], screen: Screen
) -> None:
    if found:
        screen.line("*** FORCED: these runs are not comparable, whatever the table says ***")
        for line in found:
            screen.line(f"  {line}")
    for name, run in runs.items():
        dataset = run.started.dataset
        synthetic = " (synthetic)" if dataset.get("synthetic") else ""
        started = run.started.started
        screen.line(f"{name}  {folders[name]}: {dataset['name']}{synthetic}, {started}")
    old, *others = runs.values()
    changed = dict.fromkeys(line for one in others for line in software_changes(old, one))
    if changed:
        screen.line(f"software that differs: {'; '.join(changed)}")
    screen.line()


def _table(comparison: Comparison) -> str:
    withheld = comparison.withheld is not None
    rows = [_row(change, withheld) for change in comparison.changes if change.shown]
    if not rows:
        return "no cell is sound in both runs"
    widths = [None, _NAME_WIDTH, *[None] * (len(_HEADERS) - 2)]
    return tabulate(rows, _HEADERS, disable_numparse=True, maxcolwidths=widths)


def _row(change: Change, withheld: bool) -> tuple[str, ...]:
    shift, cell = change.shift, change.cell
    low, high = shift.interval or (None, None)
    mark = "" if change.yardstick else " *"
    seen = "–" if shift.detectable is None else _percent(shift.detectable - 1)
    return (
        cell.rung,
        cell.variant,
        str(cell.threads),
        with_spread(change.first_s, None, None),
        with_spread(change.second_s, None, None),
        with_interval(shift.ratio, low, high) + mark,
        "withheld" if withheld else shift.verdict,
        seen,
    )


def _percent(share: float) -> str:
    if share > _MOST:
        return f"over {_MOST:.0%}"
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _name(change: Change) -> str:
    cell = change.cell
    return f"{cell.variant} at {cell.rung}, {cell.threads} thread(s)"


def remarks(comparison: Comparison) -> list[str]:
    """How to read the table, and what it does not tell."""
    lines = [f"VERDICTS ARE WITHHELD: {comparison.withheld}."] if comparison.withheld else []
    lines += _of_all(comparison.changes)
    lines += [f"RMSE DIFFERS  {line}" for line in comparison.quality]
    for cell, reason in comparison.broken + comparison.left_out:
        lines.append(f"not compared  {cell.variant} at {cell.rung}, {cell.threads}: {reason}")
    return [
        *lines,
        f"quick rounds: a twentieth of all rounds is quicker, in a run of {FEWEST_QUIET} or more; "
        "the middle one of fewer",
        "B/A: seconds of B over A, each relative to other cells that both runs have;",
        "     above 1, B is slower. A machine that is slower as a whole does not show here.",
        f"verdict: two-sided t-test (Welch) at {ALPHA:.0%}; would have been seen: the smallest "
        f"change that such data",
        f"     would have shown {POWER:.0%} of the time. No difference seen is no proof that there "
        "is none below it.",
    ]


def _of_all(changes: list[Change]) -> list[str]:
    """What all cells did together, and where a yardstick is weak or missing."""
    if not changes:
        return []
    raw = [change.raw for change in changes]
    lines = [
        f"everything: {median(raw):.2f}x the seconds of A (cells from {min(raw):.2f} to "
        f"{max(raw):.2f}); this is the machine, or something common to all"
    ]
    for rung in dict.fromkeys(change.cell.rung for change in changes):
        there = [change for change in changes if change.cell.rung == rung]
        if any(not change.yardstick for change in there):
            lines.append(
                f"* WARNING: {rung} has no other cell in common to measure against: raw seconds "
                "are compared, and a machine that is faster or slower looks like a change. "
                "Run two or more implementations."
            )
        elif len(there) == 2:
            lines.append(
                f"only two cells at {rung} are in both runs: each is the other's yardstick, so a "
                "change of one cannot be told from the opposite change of the other"
            )
    return lines
