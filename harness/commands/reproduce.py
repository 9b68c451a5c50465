"""The command `reproduce`: published protocols, and whether their figures come out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.commands.check import find_or_say
from harness.data.download import zip_path
from harness.data.rung import Rung
from harness.data.split import file_order_split
from harness.errors import UserError
from harness.measure.judge import Judge, Judgement
from harness.screen.console import Screen
from implementations.als import start_factors, sweep
from implementations.backend import Variant
from implementations.problem import AlsParams
from implementations.registry import usable_cores


@dataclass(frozen=True)
class Protocol:
    """A published experiment.

    Attributes
    ----------
    name, source : str
        What it is called here, and where it was published.
    dataset : str
        Release that it needs.
    counts : tuple of int
        Published numbers of train and test ratings.
    params : AlsParams
    sweeps : int
    train_rmse, test_rmse : float
        Published results.
    tolerance : float
        Largest difference, in rating units, that counts as reproduced.
    split : callable
        Path of the data set to train and test.
    """

    name: str
    source: str
    dataset: str
    counts: tuple[int, int]
    params: AlsParams
    sweeps: int
    train_rmse: float
    test_rmse: float
    tolerance: float
    split: Callable[[Path], Rung]


_MLAS = AlsParams(rank=20, reg=25.0, bias_reg=7.5)
_MLAS_SEED = 42

PROTOCOLS = (
    Protocol(
        "mlas-latest-small",
        "Mohammed-Nagi/MLAS, MovieLens latest-small of September 2018, file-order split",
        "ml-latest-small",
        (80_651, 20_185),
        _MLAS,
        30,
        0.7987,
        0.8580,
        0.003,
        lambda path: file_order_split(path, 0.2, _MLAS_SEED),
    ),
    Protocol(
        "mlas-32m",
        "Mohammed-Nagi/MLAS, MovieLens 32M, file-order split",
        "ml-32m",
        (28_800_054, 3_200_150),
        _MLAS,
        50,
        0.6891,
        0.7661,
        0.003,
        lambda path: file_order_split(path, 0.1, _MLAS_SEED),
    ),
)


def reproduce(name: str | None, implementation: str, data: Path | None) -> int:
    """Try published figures.

    Parameters
    ----------
    name : str or None
        Of a protocol; None: all.
    implementation : str
    data : Path or None
        Where the data set of the one protocol is; None: its zip in the cache.

    Returns
    -------
    int
        0 where all that could be tried were reproduced, 1 where one was not.

    Raises
    ------
    UserError
        Where there is no such protocol.
    """
    chosen = [protocol for protocol in PROTOCOLS if name in (None, protocol.name)]
    if not chosen:
        known = ", ".join(protocol.name for protocol in PROTOCOLS)
        raise UserError(f"there is no protocol {name!r}; there are {known}")
    if data is not None and len(chosen) > 1:
        raise UserError("--data belongs to one protocol: name it")
    variant = find_or_say(implementation)
    with Screen() as screen:
        return max(_try(protocol, variant, data, screen) for protocol in chosen)


def _try(protocol: Protocol, variant: Variant, data: Path | None, screen: Screen) -> int:
    path = data or zip_path(protocol.dataset)
    screen.line(f"{protocol.name}: {protocol.source}")
    if not path.exists():
        fetch = f"python -m harness data {protocol.dataset}"
        screen.line(f"  cannot be tried here: no {path}; `{fetch}`, or give --data")
        return 0
    rung = protocol.split(path)
    counts = (len(rung.train), len(rung.test))
    if counts != protocol.counts:
        screen.line(f"  cannot be tried here: train and test are {counts}, not {protocol.counts}")
        return 0
    return _compare(protocol, run_protocol(protocol, rung, variant, screen.moment), screen)


def run_protocol(
    protocol: Protocol, rung: Rung, variant: Variant, moment: Callable[[str], None]
) -> Judgement:
    """Train as the protocol says, and judge the result."""
    backend = variant.create(protocol.params, usable_cores())
    backend.prepare(rung.train)
    backend.load(start_factors(rung.train, protocol.params))
    for number in range(1, protocol.sweeps + 1):
        moment(f"{protocol.name}: sweep {number} of {protocol.sweeps}")
        sweep(backend)
    return Judge(rung, protocol.params)(backend.read())


def _compare(protocol: Protocol, judgement: Judgement, screen: Screen) -> int:
    here = (judgement.train_rmse, judgement.test_rmse or float("nan"))
    published = (protocol.train_rmse, protocol.test_rmse)
    for side, mine, theirs in zip(("train", "test"), here, published, strict=True):
        screen.line(
            f"  {side:5} RMSE {mine:.4f}, published {theirs:.4f}, difference {mine - theirs:+.4f}"
        )
    gap = max(abs(mine - theirs) for mine, theirs in zip(here, published, strict=True))
    close = gap <= protocol.tolerance
    screen.line(f"  {'reproduced' if close else 'NOT reproduced'} (within {protocol.tolerance})")
    return 0 if close else 1
