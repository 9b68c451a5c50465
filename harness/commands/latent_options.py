"""The options of `latent`, and their call. Nothing heavy is imported for `--help`."""

from argparse import ArgumentParser, Namespace
from dataclasses import fields
from pathlib import Path

from harness.options import add_source, count


def add_options(parser: ArgumentParser) -> None:
    """Add the options, and the call."""
    add_source(parser)
    parser.description = "Train a model; map its movies, and say what its factors know of genres."
    add = parser.add_argument
    add("run", nargs="?", type=Path, metavar="RUN", help="data, largest scale, parameters of a run")
    add("--scale", help="users that are trained on: 100k, 320k, … or full (default: 1m)")
    add("--impl", default="numba-tiled", help="what to train with (default: %(default)s)")
    add("--rank", type=count, help="length of a factor (default: 20, or the run's)")
    add("--out", type=Path, help="folder to write to (default: the run's, or results/latent-DATA)")
    parser.set_defaults(call=_call, data=None)  # whether data were named beside a run, is seen


def _call(options: Namespace) -> int:
    from harness.commands.latent import Request, latent

    given = {field.name: getattr(options, field.name) for field in fields(Request)}
    return latent(Request(**given))
