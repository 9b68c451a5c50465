"""The options of `study`; what they ask for is imported when it is called."""

import argparse
from pathlib import Path

from harness.options import count


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them, and the call."""
    parser.description = (
        "Hold an implementation against itself, and against itself slowed down by a known share, "
        "with and without background load: how often is a difference seen?"
    )
    parser.epilog = (
        "exit status: 0 the rates are as wanted; 1 one is not; 2 bad usage; 130 after Ctrl-C"
    )
    add = parser.add_argument
    add("--trials", type=count, default=64, help="independent pairs of the same (default: 64)")
    add("--rounds", type=count, default=30, help="of each run (default: 30, as of run)")
    words = "as it is, with background load, or (default) both"
    add("--machine", choices=("quiet", "loaded", "both"), default="both", help=words)
    add("--impl", default="numba-serial", help="implementation (default: numba-serial)")
    add("--rank", type=count, default=8, help="default: 8, for short sweeps: a trial takes long")
    add("--out", type=Path, default=Path("results/study.json"), help="what there is goes on")
    parser.set_defaults(call=_study)


def _study(options: argparse.Namespace) -> int:
    from harness.commands.study import StudyRequest, study

    given = options.trials, options.out, options.impl, options.rank, options.rounds
    both = options.machine == "both"
    return study(StudyRequest(*given, ("quiet", "loaded") if both else (options.machine,)))
