"""The command `latent`: what the factors of a trained model mean, in words and pictures."""

import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.analysis.latent import Trained, latent_facts
from harness.commands.check import find_or_say
from harness.data.dataset import Dataset
from harness.data.datasets import open_dataset
from harness.data.ladder.rung import Rung
from harness.data.ladder.scales import cut, rungs_up_to
from harness.data.ladder.scales import plan as plan_rungs
from harness.errors import UserError
from harness.report.figures import write_figures
from harness.report.files import write_whole
from harness.report.latent import latent_figures
from harness.report.latent.summary import summary
from harness.results.log import read_run
from harness.screen.console import Screen
from harness.screen.showing import LATENT_NAME, draw_page
from implementations import AlsParams, Factors, fit, predict
from implementations.registry import find
from implementations.variant import Variant

IMPLEMENTATION = "numba-tiled"  # trained with, unless another is named

# Without a run. Fixed regularisers shrink movies with few ratings; those weighed by counts leave
# them as long as any, and the map is full of chance. 25 and 7.5 suit 32 million ratings, but leave
# little of the factors of 100 thousand. Measured on ml-latest-small, and in the same order on a
# million synthetic ratings: with 10, the mean held-out AUC of genres is .785, and the highest of 2,
# 5, 10, 15 (.779), 25 (.704) and of .05 by counts (.749); the test RMSE is .866, with 25 .870.
_PARAMS = AlsParams(reg=10.0, bias_reg=7.5)
_SWEEPS = 10
_SCALE = "1m"


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of `latent`; None where one was left out."""

    run: Path | None = None
    data: str | None = None
    columns: Mapping[str, str]
    scale: str | None = None
    impl: str
    rank: int | None = None
    out: Path | None = None


@dataclass(frozen=True)
class _Task:
    """What is trained, on which part of which data, and where facts and figures go."""

    dataset: Dataset
    scale: str
    split_seed: int
    params: AlsParams
    sweeps: int
    folder: Path
    figures: Path


def latent(request: Request) -> int:
    """Train a model, analyse its item factors, print, draw and keep what they show.

    Returns
    -------
    int
        0

    Raises
    ------
    UserError
        Where something asked for cannot be, or the factors have nothing to show.
    """
    variant = find_or_say(request.impl)
    with Screen() as screen:
        task = _of_run(request, screen) if request.run else _of_data(request, screen)
        facts = _found(task, variant, screen)
        screen.line(summary(facts))
        screen.line()
        written = _write(facts, task)
        if request.run and request.out is None:
            screen.notice("drawing")
            written.append(draw_page(request.run))
        for path in written:
            screen.line(f"written {path}")
    return 0


def add_latent(run: Path, screen: Screen) -> None:
    """Put what the factors of a run's data show beside its log, for its page.

    Where they have nothing to show, a line says so.
    """
    try:
        task = _of_run(Request(run=run, columns={}, impl=IMPLEMENTATION), screen)
        _write(_found(task, find(IMPLEMENTATION), screen), task)
    except UserError as error:
        screen.line(f"the page has no latent space: {error}")


def _found(task: _Task, variant: Variant, screen: Screen) -> dict[str, Any]:
    """Train, and analyse."""
    rung = cut(task.dataset, task.scale, task.split_seed)
    screen.notice(f"training {variant.name} on {len(rung.train):,} ratings")
    with _vanished_is_an_error():
        factors = fit(rung.train, task.params, sweeps=task.sweeps, implementation=variant.name)
    screen.notice("looking at the factors")
    trained = _trained(task.dataset, rung, factors)
    return _about(task, rung, factors, variant.name) | latent_facts(trained)


def _of_run(request: Request, screen: Screen) -> _Task:
    """Data, largest scale and parameters of a run."""
    given = {"data": request.data, "columns": request.columns, "scale": request.scale}
    for option, value in given.items():
        if value:
            raise UserError(f"--{option}: a run has its own; leave it or the run out")
    folder = Path(request.run or "")
    started = read_run(folder).started
    about, asked = started.dataset, started.plan
    dataset = open_dataset(about["source"], asked["rungs"], screen.line, about.get("columns"))
    if dataset.sha256 != about["sha256"]:
        raise UserError(f"{about['source']} is not what {folder} was run on: it has changed since")
    params = _ranked(AlsParams(**asked["params"]), request.rank)
    out = request.out or folder
    what = (dataset, asked["rungs"][-1], asked["split_seed"], params, asked["sweeps"])
    return _Task(*what, out, out / "figures")


def _of_data(request: Request, screen: Screen) -> _Task:
    """Data by name or path, cut to a scale."""
    scale = request.scale or _SCALE
    params = _ranked(_PARAMS, request.rank)
    wanted = rungs_up_to(scale, only=True)
    dataset = open_dataset(request.data or "auto", wanted, screen.line, request.columns)
    (name,), notices = plan_rungs(dataset.total_ratings, scale, only=True)
    for notice in notices:
        screen.line(notice)
    out = request.out or Path("results") / f"latent-{dataset.name}"
    return _Task(dataset, name, 0, params, _SWEEPS, out, out)


def _ranked(params: AlsParams, rank: int | None) -> AlsParams:
    return params if rank is None else replace(params, rank=rank)


@contextmanager
def _vanished_is_an_error() -> Iterator[None]:
    """Refuse what `fit` warns about: factors that have vanished have nothing to show."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            yield
        except UserWarning as warning:
            raise UserError(" ".join(str(warning).split())) from None


def _trained(dataset: Dataset, rung: Rung, factors: Factors) -> Trained:
    ids = rung.movie_ids.tolist()
    counts = np.bincount(rung.train.items, minlength=rung.train.n_items)
    titles = [dataset.titles.get(movie, f"movie {movie}") for movie in ids]
    genres = [dataset.genres.get(movie, ()) for movie in ids]
    users, items = (rows.astype(np.float64) for rows in (factors.users, factors.items))
    return Trained(users, items, counts, titles, genres)


def _about(task: _Task, rung: Rung, factors: Factors, implementation: str) -> dict[str, Any]:
    """What was trained on what, and how well it predicts."""
    train, test = rung.train, rung.test
    errors = test.values - predict(factors, test.users, test.items)
    return {
        "data": {
            "name": task.dataset.name,
            "synthetic": task.dataset.synthetic,
            "sha256": task.dataset.sha256,
            "scale": rung.name,
            "train_ratings": len(train),
            "test_ratings": len(test),
            "users": train.n_users,
            "movies": train.n_items,
        },
        "model": {
            "implementation": implementation,
            "params": asdict(task.params),
            "sweeps": task.sweeps,
            "test_rmse": float(np.sqrt(np.mean(errors**2))) if len(test) else None,
        },
    }


def _write(facts: Mapping[str, Any], task: _Task) -> list[Path]:
    """Write the facts, and figures of them."""
    text = json.dumps(facts, allow_nan=False, ensure_ascii=False) + "\n"
    drawn = write_figures(latent_figures(facts), task.figures)
    return [write_whole(task.folder / LATENT_NAME, text), *drawn]
