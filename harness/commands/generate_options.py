"""The options of `generate`; what they ask for is imported when it is called."""

import argparse
from pathlib import Path

from harness.options import count


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them, and the call."""
    parser.description = (
        "Write synthetic ratings of the shape of MovieLens in files of about equal size: the same "
        "movies in all, other users in each. A file depends on the seed, its number and its size."
    )
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="made, or gone on with")
    add("--ratings", type=count, required=True, help="in all, at least")
    add("--in-file", type=count, default=4_000_000, help="ratings of a file, at least")
    add("--seed", type=int, default=0, help="of the data")
    add("--format", choices=("parquet", "csv"), default="parquet", help="of the files")
    add("--processes", type=count, help="at once (default: one to a core)")
    parser.set_defaults(call=_generate)


def _generate(options: argparse.Namespace) -> int:
    from harness.commands.generate import generate

    names = ("folder", "ratings", "in_file", "seed", "format", "processes")
    return generate(*(getattr(options, name) for name in names))
