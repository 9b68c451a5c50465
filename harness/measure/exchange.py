"""Arrays between runner and workers: files that are mapped, not copied."""

from errno import ENOSPC
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.factors import Factors
from implementations.ratings import Ratings


def _save(path: Path, array: NDArray[Any]) -> None:
    """Save an array; NumPy alone says neither which file nor what to do."""
    try:
        np.save(path, array)
    except OSError as error:
        reason = f"cannot be written ({error.strerror or error}): is the disk full?"
        raise OSError(error.errno or ENOSPC, reason, str(path)) from None


def write_ratings(folder: Path, ratings: Ratings) -> None:
    """Write ratings for workers to map."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("users", "items", "values"):
        _save(folder / f"{name}.npy", getattr(ratings, name))
    _save(folder / "shape.npy", np.array([ratings.n_users, ratings.n_items]))


def map_ratings(folder: Path) -> Ratings:
    """Ratings as read-only maps of the files."""
    users, items, values = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("users", "items", "values")
    )
    n_users, n_items = np.load(folder / "shape.npy").tolist()
    return Ratings(users, items, values, n_users, n_items)


def write_factors(folder: Path, factors: Factors) -> None:
    """Write factors for the other process to read."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder / "users.npy", factors.users)
    _save(folder / "items.npy", factors.items)
    _save(folder / "mean.npy", np.array(float(factors.mean)))


def read_factors(folder: Path) -> Factors:
    """Read factors that the other process wrote."""
    mean = float(np.load(folder / "mean.npy"))
    return Factors(np.load(folder / "users.npy"), np.load(folder / "items.npy"), mean)
