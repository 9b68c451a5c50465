"""Every layout gives the same data set."""

import numpy as np
import pytest
from release_files import GENRES, HEADER, ROWS, TITLES, WRITERS, write_csv, write_dat, zipped

from harness.data.movielens import indexing
from harness.data.movielens.locating import locate
from harness.data.movielens.movies import read_movies
from harness.data.movielens.opening import read
from harness.data.movielens.readers import read_table


def check(dataset):
    assert dataset.user_ids.tolist() == [2, 7, 900]
    assert dataset.movie_ids.tolist() == [10, 20, 30, 1193]
    assert dataset.ratings.users.tolist() == [0, 0, 1, 1, 2]
    assert dataset.ratings.items.tolist() == [2, 3, 0, 2, 1]
    assert dataset.ratings.values.tolist() == [3, 2, 5, 4, 1]
    assert dataset.complete
    assert not dataset.synthetic


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", WRITERS)
def test_every_layout_as_folder_file_and_zip(tmp_path, name, end):
    folder = tmp_path / "outer" / "release"
    folder.mkdir(parents=True)
    WRITERS[name](folder, end)
    archive = zipped(folder, tmp_path / "ml-x.zip")
    for path, called in (
        (folder, "release"),
        (folder.parent, "release"),
        (folder / name, "release"),
        (archive, "ml-x"),
    ):
        dataset = read(locate(path), print)
        check(dataset)
        assert dataset.name == called
        assert dataset.titles == TITLES
        assert dataset.genres == GENRES


@pytest.mark.parametrize("name", WRITERS)
def test_another_file_name_and_no_movies(tmp_path, name):
    WRITERS[name](tmp_path)
    mine = (tmp_path / name).rename(tmp_path / "mine.txt")
    dataset = read(locate(mine), print)
    check(dataset)
    assert dataset.name == "mine"
    assert dataset.titles == {}
    assert dataset.genres == {}


def test_movies_of_the_10m_release_are_utf8(tmp_path):
    write_dat(tmp_path, encoding="utf-8")
    assert read_movies(locate(tmp_path), False, print).titles == TITLES


def test_the_table_keeps_the_order_of_the_file(tmp_path):
    write_csv(tmp_path)
    table = read_table(locate(tmp_path))
    rows = zip(np.concatenate(table.users), np.concatenate(table.movies), table.values, strict=True)
    assert list(rows) == ROWS


def test_columns_in_another_order_a_mark_and_quotes(tmp_path):
    lines = ["rating,movieId,extra,userId", *(f'{r},"{m}",x,{u}' for u, m, r in ROWS)]
    (tmp_path / "ratings.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    check(read(locate(tmp_path), print))


@pytest.mark.parametrize("far", [2**40, -(2**40)])
def test_ids_of_64_bits(tmp_path, far):
    rows = [HEADER, f"{far},3,1,0", f"1,{far},2,0"]
    (tmp_path / "ratings.csv").write_text("\n".join(rows))
    dataset = read(locate(tmp_path), print)
    assert dataset.user_ids.tolist() == sorted([1, far])
    assert dataset.movie_ids.tolist() == sorted([3, far])


def test_order_is_seen_across_blocks(monkeypatch):
    monkeypatch.setattr(indexing, "_BLOCK", 2)
    users = np.array([0, 0, 0, 1, 1, 2, 2], dtype=np.int32)
    items = np.array([1, 2, 5, 0, 1, 0, 9], dtype=np.int32)
    assert indexing._ascending(users, items)
    for row in range(1, 7):
        swapped = np.arange(7)
        swapped[[row - 1, row]] = row, row - 1
        assert not indexing._ascending(users[swapped], items[swapped])
        repeated = np.arange(7)
        repeated[row] = row - 1
        assert not indexing._ascending(users[repeated], items[repeated])


@pytest.mark.parametrize("scale", [1, 2**33])
def test_contiguous_ids_of_several_blocks(scale):
    blocks = tuple(np.array(ids) * scale for ids in ([7, -2, 7], [0], [5, -2]))
    distinct, positions = indexing.contiguous(blocks)
    assert distinct.tolist() == [-2 * scale, 0, 5 * scale, 7 * scale]
    assert positions.tolist() == [3, 0, 3, 1, 2, 0]
    assert (distinct.dtype, positions.dtype) == (np.int64, np.int32)
