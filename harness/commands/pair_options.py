"""The options of `pair`; what they ask for is imported when it is called."""

import argparse

from harness.options import add_source, count, precision, seconds

_NAME = "a name (see `list`), module:Class, or REVISION@NAME"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them, and the call."""
    parser.description = (
        "Two implementations by turns, made anew for every block of turns, in many short "
        "processes: how many times as long does NEW take? Of another revision: in a process each."
    )
    parser.epilog = "exit status: 0; 1 where their results differ; 2 bad usage or bad data"
    add = parser.add_argument
    add("old", metavar="OLD", help=_NAME)
    add("new", metavar="NEW", help="the same")
    add_source(parser)
    add("--scale", default="100k", help="100k, 320k, … or full (default: 100k)")
    add("--rank", type=count, default=20, help="length of a factor (default: 20)")
    add("--threads", type=count, help="default: all cores")
    add("--seconds", type=seconds, default=60.0, help="to spend (default: 60)")
    add("--until", type=precision, metavar="1%", help="end when the interval is so narrow")
    add("--equivalent", type=precision, metavar="2%", help="say where the two differ by less")
    parser.set_defaults(call=_pair)


def _pair(options: argparse.Namespace) -> int:
    from harness.commands.pair import PairRequest, pair
    from implementations.problem import AlsParams

    names = (name for name in PairRequest.__dataclass_fields__ if name != "params")
    given = {name: getattr(options, name) for name in names}
    return pair(PairRequest(params=AlsParams(rank=options.rank), **given))
