"""The command `generate`: synthetic ratings of any size, in files."""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from harness.data.synthetic.files import write_population
from harness.data.synthetic.shape import N_RATINGS
from harness.errors import UserError
from harness.screen.console import Screen
from implementations.atomic import atomic_write
from implementations.registry import usable_cores

_ABOUT = "about.json"


def generate(
    folder: Path, ratings: int, in_file: int, seed: int, form: str, processes: int | None
) -> int:
    """Write files of ratings until there are enough; those that are there already stay.

    Parameters
    ----------
    folder : Path
    ratings, in_file : int
        In all, and of a file; at least.
    seed : int
    form : {"parquet", "csv"}
    processes : int, optional

    Raises
    ------
    UserError
        Where the folder holds something else, or cannot be written.
    """
    if in_file > N_RATINGS:
        raise UserError(f"--in-file must be at most {N_RATINGS:,}, not {in_file:,}")
    if not 0 <= seed < 1 << 64:
        raise UserError(f"--seed must lie in 0 … 2⁶⁴ - 1, not {seed}")
    sizes = [in_file] * (ratings // in_file) + [ratings % in_file] * bool(ratings % in_file)
    about = {"seed": seed, "ratings of each file, at least": in_file, "format": form}
    try:
        _begin(folder, about)
        with Screen() as screen:
            made = _written(folder, sizes, seed, form, processes or usable_cores(), screen)
            screen.line(f"{folder}: {made:,} ratings in {len(sizes):,} files")
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error}): choose another folder") from error
    return 0


def _begin(folder: Path, about: dict[str, object]) -> None:
    """Make the folder, or see that it is of the same data."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / _ABOUT
    if not kept.exists():
        if any(folder.iterdir()):
            raise UserError(f"{folder} holds other files: give a new or empty folder")
        with atomic_write(kept) as file:
            file.write((json.dumps(about) + "\n").encode())
    elif kept.read_text(encoding="utf-8") != json.dumps(about) + "\n":
        raise UserError(f"{folder} holds other data ({kept.read_text('utf-8').strip()})")


def _written(
    folder: Path, sizes: list[int], seed: int, form: str, processes: int, screen: Screen
) -> int:
    """Write what is missing, by several processes; how many ratings there are."""
    paths = [folder / f"part-{number:05}.{form}" for number in range(len(sizes))]
    total = 0
    context = get_context("spawn")  # threads of Numba do not outlive a fork
    with ProcessPoolExecutor(min(processes, len(sizes)), mp_context=context) as pool:
        write = partial(write_population, seed)
        numbers = range(len(sizes))
        for path, n in zip(paths, pool.map(write, numbers, sizes, paths), strict=True):
            total += n
            screen.notice(f"{path.name}: {n:,} ratings")
    return total
