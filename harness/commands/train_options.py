"""The options of `train`; what they ask for is imported when it is called."""

import argparse
from pathlib import Path

from harness.options import add_columns, add_model, count, size_in_bytes


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them, and the call."""
    parser.description = (
        "Train on ratings in many files, more than one process could hold, on the workers of a "
        "cluster: a local one, or that of --scheduler. The bits are those of numba-tiled."
    )
    parser.epilog = "exit status: 0; 2 bad usage or bad data; 130 after Ctrl-C"
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    add = parser.add_argument
    add("files", type=Path, metavar="FOLDER", help="of parquet or csv files; or a file")
    add_columns(parser)
    add("--scale", default="full", help="100k, 320k, 1m, 3.2m, 10m or full")
    add_model(parser)
    add("--dtype", choices=("float32", "float64"), default="float32", help="of the factors")
    add("--sweeps", type=count, default=10, help="to make")
    add("--workers", type=count, help="processes of a local cluster (default: one to a core)")
    add("--memory", type=size_in_bytes, help="a worker may hold, such as 3GiB (default: no limit)")
    add("--scheduler", metavar="tcp://HOST:PORT", help="of a cluster that runs already")
    add("--partitions", type=count, help="of each side (default: two to a worker, or more)")
    add("--work", type=Path, help="folder that all workers share (default: a temporary one)")
    add("--checkpoint", type=Path, help="folder to keep factors in, and to go on from")
    add("--out", type=Path, help="file that the model is written to, as .npz")
    parser.set_defaults(call=_train)


def _train(options: argparse.Namespace) -> int:
    from harness.commands.train import train

    return train(options)
