"""Data sets by name or path: MovieLens releases, files on disk, and the synthetic stand-in."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.data import cache
from harness.data.dataset import Dataset
from harness.data.ladder.scales import ratings_needed
from harness.data.movielens.download import RELEASES, DownloadError, Progress, fetch, zip_path
from harness.data.movielens.fingerprint import READER_VERSION
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import Report, cached, open_path, read
from harness.errors import UserError

AUTO, SYNTHETIC, HEADLINE = "auto", "synthetic-32m", "ml-32m"


class Availability(NamedTuple):
    """What there is of a data set: counts of the whole, and whether it is here."""

    name: str
    ratings: int
    users: int
    movies: int
    state: str


def open_dataset(
    source: str,
    names: Sequence[str] | None,
    report: Report,
    columns: Mapping[str, str] | None = None,
) -> Dataset:
    """Data set that a user asked for.

    Parameters
    ----------
    source : str
        "auto", "synthetic-32m", the name of a release, or a path.
    names : sequence of str, or None
        The rungs that are to be cut; None: all ratings are wanted. Of the synthetic set only the
        users that these need are made, and "auto" downloads for "full" only.
    report : callable
        Takes lines that tell what goes on.
    columns : mapping, optional
        Of "user", "item" and "rating" to the names of columns of a path.

    Raises
    ------
    UserError
        Where there is no such data set, or it cannot be had or read.
    """
    if columns and source in (AUTO, SYNTHETIC, *RELEASES):
        raise UserError(f"--columns is for --data PATH: the columns of {source} are known")
    if source == AUTO:
        return _automatic(names, report)
    if source == SYNTHETIC:
        return _open_synthetic(names, report)
    if source in RELEASES:
        return _open_release(source, report)
    path = Path(source).expanduser()
    if not (path.exists() or path.is_symlink()):
        known = ", ".join([AUTO, SYNTHETIC, *RELEASES])
        raise UserError(f"there is no data set or path {source!r}: give a path or one of {known}")
    return open_path(path, report, columns)


def available() -> list[Availability]:
    """All data sets that go by a name, and which of them are here."""
    rows = []
    for name, release in RELEASES.items():
        if release.md5 and cache.folder_of(_release_key(name)).is_dir():
            state = "cached"
        else:
            state = "downloaded" if zip_path(name).is_file() else "to be downloaded"
        rows.append(Availability(name, *release[:3], state))
    made = cache.folder_of(_synthetic_key(None)).is_dir()
    counts = RELEASES[HEADLINE][:3]
    rows.append(Availability(SYNTHETIC, *counts, "cached" if made else "made when needed"))
    return rows


def _automatic(names: Sequence[str] | None, report: Report) -> Dataset:
    here = cache.folder_of(_release_key(HEADLINE)).is_dir() or zip_path(HEADLINE).is_file()
    if here or names is None or "full" in names:
        if not here:
            report(f"{HEADLINE} is not in the cache: downloading it for the full scale")
        try:
            return _open_release(HEADLINE, report)
        except DownloadError as error:
            report(str(error))
    report(f"*** SYNTHETIC DATA: {HEADLINE} is not here, so {SYNTHETIC} stands in for it ***")
    return _open_synthetic(names, report)


def _open_release(name: str, report: Report) -> Dataset:
    def zip_file() -> Path:
        return fetch(name, report, _in_tenths(report))

    release = RELEASES[name]
    if release.md5:
        return cached(_release_key(name), name, lambda: read(locate(zip_file()), report), report)
    dataset = open_path(zip_file(), report)
    ratings = dataset.ratings
    same = (len(ratings), ratings.n_users, ratings.n_items) == release[:3]
    report(
        f"{name} changes with each release and is not pinned: this one has {len(ratings):,} "
        f"ratings, {'as' if same else 'unlike'} that of September 2018 ({release.ratings:,})"
    )
    return dataset


def _open_synthetic(names: Sequence[str] | None, report: Report) -> Dataset:
    # Compiled code: not loaded where it isn't needed.
    from harness.data.synthetic import generate

    n_ratings = None if names is None else ratings_needed(names)
    key = _synthetic_key(n_ratings)
    return cached(key, SYNTHETIC, lambda: generate.make(n_ratings, report), report)


def _release_key(name: str) -> str:
    """Content key of a pinned release: known before its zip is here."""
    return f"{name}-{RELEASES[name].md5}-{READER_VERSION}"


def _synthetic_key(n_ratings: int | None) -> str:
    """Key of the stand-in: it changes with the code that makes it."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in (*sorted(folder.glob("synthetic/*.py")), folder / "ladder" / "holdout.py"):
        digest.update(file.read_bytes())
    return f"{SYNTHETIC}-{n_ratings or 'all'}-{digest.hexdigest()[:32]}"


def _in_tenths(report: Report) -> Progress:
    """Progress of a download as a line for each tenth."""
    told = 0

    def progress(here: int, total: int | None) -> None:
        nonlocal told
        if total and here * 10 // total > told:
            told = here * 10 // total
            report(f"{here / 1e6:,.0f} of {total / 1e6:,.0f} MB")

    return progress
