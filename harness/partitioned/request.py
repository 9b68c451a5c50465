"""The noun `Request`: what is to be trained on which files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from implementations.problem import AlsParams


@dataclass(frozen=True)
class Request:
    """What is to be trained.

    Attributes
    ----------
    files : tuple of Path
        Of ratings; every worker can read them.
    work : Path
        A folder that every worker can write, for what is between files and partitions.
    params : AlsParams
    dtype : str
    sweeps : int
    columns : mapping
        As `harness.data.movielens.locating.locate` takes them.
    scale : str
        A rung of the ladder.
    split_seed : int
    partitions : int or None
        Of a side; None: two to a worker, and more where they would be large.
    checkpoint : Path or None
        Folder that factors are kept in after every sweep, and gone on from.
    """

    files: tuple[Path, ...]
    work: Path
    params: AlsParams
    dtype: str = "float32"
    sweeps: int = 10
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: str = "full"
    split_seed: int = 0
    partitions: int | None = None
    checkpoint: Path | None = None
