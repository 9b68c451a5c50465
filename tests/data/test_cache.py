"""A data set comes back from the cache as it was; a damaged one is noticed and made again."""

import shutil

import numpy as np
import pytest
from release_files import write_csv, write_dat, zipped

from harness.data import cache
from harness.data.movielens import opening
from harness.data.movielens.fingerprint import content_key
from harness.data.movielens.locating import locate

COLUMNS = ("user_ids", "movie_ids", "users", "items", "values")


class Lines(list):
    """Lines that were reported."""

    def __call__(self, line):
        self.append(line)


@pytest.fixture
def folder(tmp_path, own_cache):
    path = tmp_path / "release"
    path.mkdir()
    write_csv(path)
    return path


@pytest.fixture
def reads(monkeypatch):
    """Counts how often files were read."""
    count = []
    read = opening.read

    def counting(source, report):
        count.append(source)
        return read(source, report)

    monkeypatch.setattr(opening, "read", counting)
    return count


def same(one, two):
    assert (one.name, one.synthetic, one.sha256, one.total_ratings) == (
        two.name, two.synthetic, two.sha256, two.total_ratings,
    )  # fmt: skip
    assert (one.titles, one.genres, one.facts) == (two.titles, two.genres, two.facts)
    assert one.user_ids.tolist() == two.user_ids.tolist()
    assert one.movie_ids.tolist() == two.movie_ids.tolist()
    for column in ("users", "items", "values"):
        assert getattr(one.ratings, column).tolist() == getattr(two.ratings, column).tolist()


def stored(own_cache):
    (folder,) = (own_cache / "columns").iterdir()
    return folder


def test_the_second_time_nothing_is_read(folder, own_cache, reads):
    fresh = opening.read(locate(folder), print)
    reads.clear()
    for _ in range(2):
        same(opening.open_path(folder, Lines()), fresh)
    assert len(reads) == 1


def test_columns_are_read_only_memory_maps(folder, own_cache):
    dataset = opening.open_path(folder, Lines())
    for column in (dataset.user_ids, dataset.ratings.users, dataset.ratings.values):
        assert isinstance(column, np.memmap)
        assert not column.flags.writeable


def cut_short(file):
    file.write_bytes(file.read_bytes()[:-3])


def flip(file):
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [cut_short, flip, lambda file: file.unlink(),
                                    lambda file: file.write_bytes(b"")])  # fmt: skip
@pytest.mark.parametrize("name", [*(f"{column}.npy" for column in COLUMNS), "about.json"])
def test_damage_is_noticed_and_repaired(folder, own_cache, reads, name, damage):
    whole = opening.open_path(folder, Lines())
    whole_rows = whole.ratings.values.tolist()
    # Aside and back: what is mapped must not change under the first data set.
    kept = stored(own_cache)
    shutil.copytree(kept, own_cache / "copy")
    shutil.rmtree(kept)
    (own_cache / "copy").rename(kept)
    damage(kept / name)
    lines = Lines()
    again = opening.open_path(folder, lines)
    assert again.ratings.values.tolist() == whole_rows
    assert again.sha256 == whole.sha256
    assert "damaged" in lines[0]
    assert str(kept) in lines[0]
    assert len(reads) == 2
    opening.open_path(folder, Lines())
    assert len(reads) == 2


def test_a_changed_file_is_read_again(folder, own_cache, reads):
    before = opening.open_path(folder, Lines())
    text = (folder / "ratings.csv").read_text().replace("7,30,4.0", "7,30,3.5")
    (folder / "ratings.csv").write_text(text)
    after = opening.open_path(folder, Lines())
    assert before.sha256 != after.sha256
    (folder / "movies.csv").unlink()
    assert opening.open_path(folder, Lines()).titles == {}
    assert len(reads) == 3


def test_the_key_is_of_the_content_and_not_of_the_place(folder, tmp_path, own_cache):
    other = tmp_path / "copy"
    shutil.copytree(folder, other)
    assert content_key(locate(folder)) == content_key(locate(other))
    key = content_key(locate(folder))
    for memory in (own_cache / "checksums").iterdir():
        memory.write_text("{")
    assert content_key(locate(folder)) == key
    assert opening.open_path(folder, Lines()).name == "release"
    assert opening.open_path(other, Lines()).name == "copy"


def test_identity_does_not_depend_on_the_layout(folder, tmp_path, own_cache):
    dat = tmp_path / "dat"
    dat.mkdir()
    write_dat(dat)
    archive = zipped(dat, tmp_path / "dat.zip")
    found = {opening.open_path(path, Lines()).sha256 for path in (folder, dat, archive)}
    assert len(found) == 1


def test_a_cache_that_cannot_be_written_is_no_obstacle(folder, own_cache, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.np, "save", full_disk)
    lines = Lines()
    assert len(opening.open_path(folder, lines).ratings) == 5
    assert "not cached" in lines[-1]
    assert "No space left" in lines[-1]
    assert not list((own_cache / "columns").iterdir())


def test_an_interrupted_write_leaves_nothing(folder, own_cache, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cache.np, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        opening.open_path(folder, Lines())
    assert not list((own_cache / "columns").iterdir())


def test_what_a_killed_writer_left_is_swept_away(folder, own_cache):
    columns = own_cache / "columns"
    # No process has the first number, one has the other.
    dead, alive = (columns / f".key.{pid}-0123abcd.part" for pid in (99999999, 1))
    for name in (dead, alive):
        name.mkdir(parents=True)
    opening.open_path(folder, Lines())
    assert not dead.exists()
    assert alive.exists()


def test_cache_folder_of_the_user(monkeypatch):
    monkeypatch.delenv("ALS_LADDER_CACHE")
    assert cache.cache_folder().name == "als-ladder"
