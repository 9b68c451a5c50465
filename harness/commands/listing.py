"""The command `list`: what is here, what is missing and why."""

from tabulate import tabulate

from harness.commands.data import availability_table
from harness.data.ladder.scales import SCALES
from harness.screen.console import Screen
from implementations.problem import AlsParams
from implementations.ratings import ProblemSize
from implementations.registry import GROUPS, extras, find, names, peers, special
from implementations.variant import Variant


def show() -> int:
    """Print implementations, groups, scales and data sets."""
    with Screen() as screen:
        rows = [_row(name) for name in (*names(), *special(), *extras(), *peers())]
        screen.line(tabulate(rows, _HEADERS, disable_numparse=True))
        screen.line()
        for group, members in GROUPS.items():
            screen.line(f"--impl {group:6} is {', '.join(members)}")
        screen.line("--impl NAME+relaxed, NAME+nested take another way (docs/acceleration.md)")
        screen.line("--impl module:Class runs a class of your own (CONTRIBUTING.md)")
        screen.line(f"--scale is the ladder up to one of {', '.join(SCALES)}")
        screen.line()
        screen.line(availability_table())
    return 0


_HEADERS = ("implementation", "dtype", "threads", "idea")


def _row(name: str) -> tuple[str, str, str, str]:
    try:
        variant = find(name)
        reason = _refusal(variant)
    except ImportError as error:
        return name, "–", "–", f"missing: {error}"
    except Exception as error:  # noqa: BLE001 - a plug-in that cannot be loaded is listed, too
        return name, "–", "–", f"missing: {type(error).__name__}: {error}"
    threads = "any" if variant.most_threads is None else str(variant.most_threads)
    return name, variant.dtype, threads, f"not here: {reason}" if reason else variant.idea


def _refusal(variant: Variant) -> str | None:
    """Why this machine does not run it, however small the problem."""
    small = ProblemSize(n_users=1, n_items=1, n_ratings=1)
    return variant.made_by.refuses(variant.job(AlsParams(), 1, small))
