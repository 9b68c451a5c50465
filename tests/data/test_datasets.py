"""Data sets by name: which one is opened, what is made or fetched for it, and what is said."""

import hashlib
import shutil

import numpy as np
import pytest
from release_files import write_csv, zipped

from harness.data import datasets
from harness.data.dataset import Dataset, content_sha256
from harness.data.datasets import available, open_dataset
from harness.data.movielens import download
from harness.data.movielens.download import DownloadError, Release, zip_path
from harness.data.synthetic import generate as synthetic
from harness.errors import UserError
from implementations.ratings import Ratings


@pytest.fixture
def asked(monkeypatch, own_cache):
    """Sizes that the generator was asked for; it is a stand-in itself, and makes two ratings."""
    sizes = []

    def make(n_ratings=None, report=None, **_):
        sizes.append(n_ratings)
        ids, pair = np.array([4, 9]), np.array([0, 1], dtype=np.int32)
        ratings = Ratings(pair, pair, np.array([1, 2], dtype=np.float32), 2, 2)
        sha256 = content_sha256(ids, ids, ratings)
        return Dataset("synthetic-32m", True, sha256, ids, ids, ratings, 50, facts={"noise": 0.7})

    monkeypatch.setattr(synthetic, "make", make)
    return sizes


@pytest.fixture
def fetched(monkeypatch):
    """Releases that a download was tried of; there is no network."""
    names = []

    def fetch(name, report, progress):
        names.append(name)
        if zip_path(name).is_file():
            return zip_path(name)
        raise DownloadError(f"{name} was not fetched")

    monkeypatch.setattr(datasets, "fetch", fetch)
    return names


@pytest.fixture
def release(tmp_path, own_cache):
    """Puts the zip of a small release where a download would."""

    def place(name):
        (tmp_path / "files").mkdir()
        write_csv(tmp_path / "files")
        zip_path(name).parent.mkdir(parents=True)
        return zipped(tmp_path / "files", zip_path(name))

    return place


def test_only_what_the_ladder_needs_is_made_and_kept(asked):
    lines = []
    for _ in range(2):
        dataset = open_dataset("synthetic-32m", ["100k", "1m"], lines.append)
        assert (dataset.name, dataset.synthetic, dataset.complete) == ("synthetic-32m", True, False)
        assert dataset.facts == {"noise": 0.7}
    assert asked == [1_000_000]
    open_dataset("synthetic-32m", ["full"], lines.append)
    open_dataset("synthetic-32m", None, lines.append)
    assert asked == [1_000_000, None]


def test_another_generator_makes_it_anew(asked, monkeypatch, tmp_path):
    before = datasets._synthetic_key(None)
    copy = tmp_path / "data"
    shutil.copytree(datasets.Path(datasets.__file__).parent, copy)
    monkeypatch.setattr(datasets, "__file__", str(copy / "datasets.py"))
    for room, file in (("synthetic", "generate.py"), ("ladder", "holdout.py")):
        assert datasets._synthetic_key(None) == before
        kept = (copy / room / file).read_bytes()
        (copy / room / file).write_text("changed")
        assert datasets._synthetic_key(None) != before
        (copy / room / file).write_bytes(kept)


def test_auto_below_full_is_synthetic_and_says_so(asked, fetched):
    lines = []
    assert open_dataset("auto", ["100k"], lines.append).synthetic
    assert fetched == []
    assert any("SYNTHETIC DATA" in line for line in lines)


@pytest.mark.parametrize("names", [["10m", "full"], None])
def test_auto_for_full_tries_to_download_and_says_so(asked, fetched, names):
    lines = []
    assert open_dataset("auto", names, lines.append).synthetic
    assert fetched == ["ml-32m"]
    assert "downloading" in lines[0]
    assert "ml-32m was not fetched" in lines
    assert any("SYNTHETIC DATA" in line for line in lines)


def test_auto_takes_the_release_that_is_here(asked, fetched, release):
    release("ml-32m")
    lines = []
    for names in (["100k"], ["full"]):
        dataset = open_dataset("auto", names, lines.append)
        assert (dataset.name, dataset.synthetic, len(dataset.ratings)) == ("ml-32m", False, 5)
        zip_path("ml-32m").unlink(missing_ok=True)  # the columns in the cache are enough
    assert asked == []
    assert not any("SYNTHETIC" in line for line in lines)


def test_a_release_by_name_is_read_once(fetched, release):
    release("ml-1m")
    for _ in range(2):
        assert open_dataset("ml-1m", None, lambda _: None).name == "ml-1m"
    assert fetched == ["ml-1m"]


def test_a_release_that_cannot_be_had_is_an_error(own_cache, fetched):
    with pytest.raises(UserError, match="ml-1m was not fetched"):
        open_dataset("ml-1m", None, lambda _: None)


def test_a_zip_of_another_checksum_is_not_taken_by_name(release, monkeypatch):
    path = release("ml-1m")
    monkeypatch.setattr(download, "BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(DownloadError):
        open_dataset("ml-1m", None, lambda _: None)
    pinned = Release(5, 3, 4, hashlib.md5(path.read_bytes()).hexdigest())
    monkeypatch.setitem(download.RELEASES, "ml-1m", pinned)
    assert len(open_dataset("ml-1m", None, lambda _: None).ratings) == 5


@pytest.mark.parametrize(
    ("counts", "word"), [((5, 3, 4), "as that"), ((100_836, 610, 9_724), "unlike that")]
)
def test_what_is_not_pinned_is_said_to_be_so(release, monkeypatch, counts, word):
    monkeypatch.setitem(download.RELEASES, "ml-latest-small", Release(*counts, None))
    release("ml-latest-small")
    lines = []
    assert open_dataset("ml-latest-small", None, lines.append).name == "ml-latest-small"
    assert "is not pinned: this one has 5 ratings" in lines[-1]
    assert word in lines[-1]


def test_a_path_and_nothing_of_that_name(tmp_path, own_cache):
    write_csv(tmp_path)
    assert len(open_dataset(str(tmp_path), None, lambda _: None).ratings) == 5
    with pytest.raises(UserError, match="no data set or path 'ml-33m': give a path or one of auto"):
        open_dataset("ml-33m", None, lambda _: None)


def test_available(asked, fetched, release):
    rows = {row.name: row for row in available()}
    assert rows["ml-32m"][:4] == ("ml-32m", 32_000_204, 200_948, 84_432)
    assert rows["synthetic-32m"][:4] == ("synthetic-32m", 32_000_204, 200_948, 84_432)
    assert rows["ml-32m"].state == "to be downloaded"
    assert rows["synthetic-32m"].state == "made when needed"
    release("ml-1m")
    assert {row.name: row.state for row in available()}["ml-1m"] == "downloaded"
    open_dataset("ml-1m", None, lambda _: None)
    open_dataset("synthetic-32m", None, lambda _: None)
    states = {row.name: row.state for row in available()}
    assert (states["ml-1m"], states["synthetic-32m"]) == ("cached", "cached")


def test_progress_is_a_line_for_each_tenth():
    lines = []
    progress = datasets._in_tenths(lines.append)
    for here in range(0, 1001, 5):
        progress(here * 1_000_000, 1_000_000_000)
    progress(5, None)
    assert len(lines) == 10
    assert lines[-1] == "1,000 of 1,000 MB"
