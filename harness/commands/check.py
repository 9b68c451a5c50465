"""The command `check`: the contract, property by property, on anybody's implementation."""

from harness.conformance.check import check
from harness.errors import UserError
from harness.screen.console import Screen
from implementations.registry import expand, find, peers
from implementations.variant import Variant


def check_all(asked: str, threads: int) -> int:
    """Check implementations, a line for each property.

    Returns
    -------
    int
        0 where all hold, 1 where one does not.
    """
    variants = [find_or_say(name) for name in expand(asked)]
    if not variants:
        raise UserError("--impl names no implementation; see `python -m harness list`")
    for variant in variants:
        if variant.is_whole_fit:
            raise UserError(
                f"--impl {variant.name}: it has `fit` only, and the contract is of half-sweeps; "
                "`run` compares what it comes to with the reference"
            )
        if variant.acceleration.words:
            base = variant.name.partition("+")[0]
            raise UserError(
                f"--impl {variant.name}: the contract is of exact half-sweeps; check {base}"
            )
    with Screen() as screen:
        broken = sum(_check(variant, threads, screen) for variant in variants)
    return 1 if broken else 0


def _check(variant: Variant, threads: int, screen: Screen) -> int:
    screen.line(f"{variant.name} ({variant.dtype})")
    broken = 0
    for outcome in check(variant, threads):
        broken += not outcome.passed
        screen.line(f"  {'ok    ' if outcome.passed else 'BROKEN'}  {outcome.statement}")
        if outcome.detail:
            screen.line(f"          {outcome.detail}")
    screen.line("  every property holds" if not broken else f"  {broken} broken")
    return broken


def find_or_say(name: str) -> Variant:
    """Look an implementation up.

    Raises
    ------
    UserError
        Where there is none of that name, or it cannot be loaded.
    """
    try:
        return find(name)
    except KeyError as error:
        raise UserError(f"--impl: {error.args[0]}") from None
    except Exception as error:  # noqa: BLE001 - importing a module can raise anything
        reason = " ".join(str(error).split())
        kind = "" if name in peers() else f"{type(error).__name__}: "  # a library's says it all
        raise UserError(f"--impl {name}: {kind}{reason}") from None
