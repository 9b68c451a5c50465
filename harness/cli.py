"""The command line: arguments to calls.

Commands are imported when they are called, so that `--help` answers at once.
"""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from typing import NoReturn

from harness.commands import (
    generate_options,
    latent_options,
    pair_options,
    study_options,
    train_options,
)
from harness.errors import UserError, visible
from harness.options import (
    add_columns,
    add_model,
    add_source,
    count,
    counts,
    paths,
    precision,
    seconds,
    share,
)

_DESCRIPTION = (
    "How much does each way of programming alternating least squares buy, "
    "does every way give the same answer, and how sure are we?"
)
_STATUS = (
    "exit status: 0 all well; 1 a cell failed, broke parity or could not be checked; "
    "2 bad usage or bad data; 130 after Ctrl-C, 143 after SIGTERM"
)
_INTERRUPTED, _TERMINATED = 130, 143

_ENGINE = "where cells are measured: here, or groups of them on the machines of a Dask cluster"
_SCHEDULER = "of the cluster of --engine dask (default: what ALS_LADDER_SCHEDULER says)"
_BUDGET = "of sweeps a cell; inf: no limit (default: 90, and at most half of its scale's)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Left out: those of the process.

    Returns
    -------
    int
        Exit status.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    if options.call is _run:
        options.given = _given(arguments[1:])
    with _as_by_ctrl_c(signal.SIGTERM) as came:
        status = _status_of(options)
    return _TERMINATED if came and status == _INTERRUPTED else status


@contextmanager
def _as_by_ctrl_c(number: int) -> Iterator[list[int]]:
    """Have a signal end this process in order, as Ctrl-C does; it is in the list once it came."""
    came: list[int] = []

    def interrupt(*_: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if current_thread() is not main_thread():  # no other may set handlers
        yield came
        return
    before = signal.signal(number, interrupt)
    try:
        yield came
    finally:
        signal.signal(number, before)


def _status_of(options: argparse.Namespace) -> int:
    """Call the command; exit status, whatever it raises on purpose."""
    try:
        status: int = options.call(options)
    except UserError as error:
        sys.stderr.write(f"harness: {visible(str(error))}\n")
        return 2
    except BrokenPipeError:  # whoever was reading has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "; free some, and go on with run --resume" if full else ""
        sys.stderr.write(f"harness: {visible(place)}{error.strerror or error}{remedy}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("harness: interrupted\n")
        return _INTERRUPTED
    return status


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"harness: {message}; see `{self.prog} --help`\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m harness", description=_DESCRIPTION, epilog=_STATUS)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="measure the ladder; print, draw and keep it"))
    commands.add_parser("list", help="what there is to run, and on what").set_defaults(call=_list)
    _add_check(commands.add_parser("check", help="hold any implementation to the contract"))
    _add_data(commands.add_parser("data", help="fetch, verify and index a data set"))
    _add_recommend(commands.add_parser("recommend", help="movies for who likes some, with reasons"))
    latent = commands.add_parser("latent", help="what the factors of a model know of its movies")
    latent_options.add_options(latent)
    _add_report(commands.add_parser("report", help="draw a run again from its log"))
    _add_compare(commands.add_parser("compare", help="what changed between two runs"))
    pair = commands.add_parser("pair", help="two implementations, in a line with an interval")
    pair_options.add_options(pair)
    trials = commands.add_parser("study", help="measure how often verdicts are wrong")
    study_options.add_options(trials)
    _add_reproduce(commands.add_parser("reproduce", help="try published figures"))
    train = commands.add_parser("train", help="a model from ratings in many files, on a cluster")
    train_options.add_options(train)
    generate = commands.add_parser("generate", help="write synthetic ratings of any size")
    generate_options.add_options(generate)
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.description = "Measure implementations on nested subsamples, and compare their results."
    parser.epilog = _STATUS
    add("--impl", default="all", help="names, groups (all, f32), or module:Class; comma-separated")
    add("--scale", default="1m", help="the ladder up to 100k, 320k, 1m, 3.2m, 10m or full")
    add("--only", action="store_true", help="that scale alone")
    add_source(parser)
    add("--baseline", help="implementation that speedups are relative to (default: the lowest)")
    add_model(parser)
    add("--shuffle-seed", type=int, default=0, help="of the order of turns")
    add("--sweeps", type=count, default=10, help="first sweeps, each judged for quality")
    add("--rounds", type=count, default=30, help="turns of each cell on the clock, at most")
    add("--precision", type=precision, metavar="5%", help="end a scale's rounds when all are so")
    add("--budget", type=seconds, metavar="SECONDS", help=_BUDGET)
    add("--threads", type=counts, default=(), help="counts such as 1,2 (default: all cores)")
    add("--engine", choices=("local", "dask"), default="local", help=_ENGINE)
    add("--scheduler", metavar="tcp://HOST:PORT", help=_SCHEDULER)
    add("--out", type=Path, help="folder of the run (default: a new one in results/)")
    add("--resume", type=Path, metavar="RUN", help="go on with a run that was interrupted")
    add("--dry-run", action="store_true", help="say what would be run")
    add("--latent", action="store_true", help="add to the page what the factors know of movies")
    add("--strict", action="store_true", help="exit status 1 if any cell is not ok")
    parser.set_defaults(call=_run)


def _given(arguments: Sequence[str]) -> set[str]:
    """Options of `run` that stand on the command line, whether as by default or not."""
    parser = _Parser()
    _add_run(parser)
    absent = object()
    parser.set_defaults(**dict.fromkeys(vars(parser.parse_args([])), absent))
    return {
        name for name, value in vars(parser.parse_args(arguments)).items() if value is not absent
    }


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.description = "Hold an implementation to the contract, property by property."
    parser.add_argument("--impl", required=True, help="a name, a group, or module:Class")
    parser.add_argument("--threads", type=count, default=2, help="most threads to check with")
    parser.set_defaults(call=_check)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.description = "Fetch, verify and index a data set; without a name, list them."
    parser.add_argument("source", nargs="?", metavar="NAME|PATH", help="see `list`")
    add_columns(parser)
    parser.add_argument("--write", type=Path, metavar="DIR", help="write it out as MovieLens does")
    parser.set_defaults(call=_data)


def _add_recommend(parser: argparse.ArgumentParser) -> None:
    parser.description = "Train a model, and recommend to who likes some movies: a check by eye."
    add = parser.add_argument
    add("--like", action="append", required=True, metavar="TITLE", help="a title, or part of one")
    add_source(parser)
    add("--scale", default="1m", help="users of auto that are used: 100k, 320k, … or full")
    add("--impl", default="numba-tiled-f32", help="what to train with (default: %(default)s)")
    add("--n", type=count, default=10, help="how many (default: %(default)s)")
    parser.set_defaults(call=_recommend)


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.description = "Print and draw a run again; nothing is measured."
    parser.add_argument("run", nargs="?", type=Path, help="its folder (default: the latest)")
    parser.add_argument("--baseline", help="implementation that speedups are relative to")
    parser.set_defaults(call=_report)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.description = "Compare two runs, cell by cell, with the machine's drift taken out."
    parser.epilog = (
        "exit status: 0; 1 with --fail-if-slower where a cell's verdict is slower and the lower "
        "end of its 95 % interval is above that, where its RMSE differs beyond its tolerance, or "
        "where it no longer ends well; 2 where the runs are not comparable"
    )
    words = "folder of the {} run; of several, comma-separated: then the run is the unit"
    parser.add_argument("first", type=paths, metavar="RUN_A", help=words.format("older"))
    parser.add_argument("second", type=paths, metavar="RUN_B", help=words.format("newer"))
    parser.add_argument("--force", action="store_true", help="compare what is not comparable")
    parser.add_argument("--fail-if-slower", type=share, metavar="5%", help="for use in CI")
    parser.set_defaults(call=_compare)


def _add_reproduce(parser: argparse.ArgumentParser) -> None:
    parser.description = "Run published protocols and compare with their published figures."
    parser.add_argument("protocol", nargs="?", help="its name, or a TOML file (default: all)")
    parser.add_argument("--impl", help="implementation to train with (default: the protocol's)")
    parser.add_argument("--data", type=Path, help="where its data set is, if not in the cache")
    parser.set_defaults(call=_reproduce)


def _run(options: argparse.Namespace) -> int:
    from harness.commands.request import request_of
    from harness.commands.run import run

    return run(request_of(options))


def _list(_: argparse.Namespace) -> int:
    from harness.commands.listing import show

    return show()


def _check(options: argparse.Namespace) -> int:
    from harness.commands.check import check_all

    return check_all(options.impl, options.threads)


def _data(options: argparse.Namespace) -> int:
    from harness.commands.data import open_and_describe, show_all

    if options.source is None:
        return show_all()
    return open_and_describe(options.source, options.write, options.columns)


def _recommend(options: argparse.Namespace) -> int:
    from harness.commands.recommend import recommend_to

    given = (options.like, options.data, options.columns, options.scale, options.impl, options.n)
    return recommend_to(*given)


def _report(options: argparse.Namespace) -> int:
    from harness.commands.report import report

    return report(options.run, options.baseline)


def _compare(options: argparse.Namespace) -> int:
    from harness.commands.compare import compare

    return compare(options.first, options.second, options.force, options.fail_if_slower)


def _reproduce(options: argparse.Namespace) -> int:
    from harness.commands.reproduce import reproduce

    return reproduce(options.protocol, options.impl, options.data)
