"""The command `train`: a model from ratings in many files, on a cluster."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.request import model_params
from harness.data.ladder.scales import rungs_up_to
from harness.data.movielens.locating import tables_in
from harness.errors import UserError
from harness.scratch import scratch_folder
from harness.screen.console import Screen

if TYPE_CHECKING:  # Dask is an extra
    from harness.partitioned.training import Training

# Options that a request takes as they are.
_TAKEN = ("dtype", "sweeps", "columns", "scale", "split_seed", "partitions", "checkpoint")


def train(options: argparse.Namespace) -> int:
    """Train, and say after each sweep what it took and how good the model is.

    Raises
    ------
    UserError
        Where Dask is missing, files are bad, or the workers are too small, or gone.
    """
    rungs_up_to(options.scale, only=True)
    files = tables_in(options.files)
    expect_dask()
    with Screen() as screen, scratch_folder() as scratch:
        screen.line(f"{options.files}: {len(files):,} files")
        _train_on(options, tuple(files), Path(scratch), screen)
    return 0


def expect_dask() -> None:
    """See to it that Dask is here.

    Raises
    ------
    UserError
        Where it is not; the message names the extra.
    """
    from implementations.registry import find

    try:
        find("dask")
    except ImportError as error:
        raise UserError(str(error)) from None


def _train_on(
    options: argparse.Namespace, files: tuple[Path, ...], scratch: Path, screen: Screen
) -> None:
    from harness.partitioned.request import Request
    from harness.partitioned.training import Training
    from implementations.cluster.clients import SCHEDULER, ClusterError, close_clients
    from implementations.cluster.workers import Workers
    from implementations.registry import usable_cores

    if options.scheduler:
        os.environ[SCHEDULER] = options.scheduler
    request = Request(
        files=tuple(file.resolve() for file in files),
        work=(options.work or scratch).resolve(),
        params=model_params(options),
        **{name: getattr(options, name) for name in _TAKEN},
    )
    try:
        workers = Workers(options.workers or usable_cores(), options.memory or 0)
        training = Training(request, workers, screen.line, options.memory or 0)
        _sweep(training, screen)
        for worker, peak in training.peaks().items():
            screen.line(f"{worker}: at most {peak / 2**30:.2f} GiB")
        if options.out is not None:
            training.factors.save(options.out)
            screen.line(f"written  {options.out}")
    except (ClusterError, OSError) as error:
        raise UserError(str(error)) from error
    finally:
        close_clients()


def _sweep(training: "Training", screen: Screen) -> None:
    counted = training.counted
    screen.line(
        f"{counted.n_train:,} training and {counted.n_test:,} test ratings of "
        f"{len(counted.user_ids):,} users and {len(counted.movie_ids):,} movies"
    )
    for one in training.sweeps():
        text = f"sweep {one.number}: {one.seconds:.3g} s, test RMSE {one.test_rmse:.5f}"
        if one.train_rmse is not None:
            text += f", training RMSE {one.train_rmse:.5f}"
        text += f", {one.bytes_sent / 1e6:,.1f} MB sent"
        screen.line(text + (f", {one.lost} workers lost so far" if one.lost else ""))
