"""Synthetic ratings in many files: each of a population of users of its own."""

from pathlib import Path
from typing import IO, Any

import numba
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from harness.data.synthetic.generate import make
from implementations.atomic import atomic_write


def write_population(seed: int, population: int, n_ratings: int, path: Path) -> int:
    """Write the ratings of some users of a population, on one thread; a file that is there stays.

    Parameters
    ----------
    seed : int
    population, n_ratings : int
        As `harness.data.synthetic.generate.make` takes them.
    path : Path
        Its suffix says which format.

    Returns
    -------
    int
        Ratings of the file.
    """
    if path.exists():
        return _count(path)
    numba.set_num_threads(1)
    made = make(n_ratings, seed=seed, population=population)
    ids = (made.user_ids[made.ratings.users], made.movie_ids[made.ratings.items])
    columns = [*(pa.array(one.astype(np.int64)) for one in ids), pa.array(made.ratings.values)]
    table = pa.table(columns, ["userId", "movieId", "rating"])
    with atomic_write(path) as file:
        FORMATS[path.suffix](table, file)
    return len(made.ratings)


def _count(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pa.parquet.read_metadata(path).num_rows)
    return int(pa.csv.read_csv(path).num_rows)


def _write_csv(table: pa.Table, file: IO[Any]) -> None:
    pa.csv.write_csv(table, file)


def _write_parquet(table: pa.Table, file: IO[Any]) -> None:
    pa.parquet.write_table(table, file)


FORMATS = {".csv": _write_csv, ".parquet": _write_parquet}
"""How a table is written, by the suffix of the file."""
