"""A data set that is written out and read again is the same one."""

import csv

import numpy as np
import pytest

from harness.data.dataset import Dataset
from harness.data.datasets import open_dataset
from harness.data.movielens import export
from harness.data.synthetic import generate as synthetic
from harness.errors import UserError
from implementations.ratings import Ratings


@pytest.fixture(scope="module")
def made():
    return synthetic.make(100_000)


@pytest.fixture
def tiny():
    ratings = Ratings(
        np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32),
        np.array([4, 0.5, 3.7], np.float32), 2, 2,
    )  # fmt: skip
    ids = np.array([7, 9]), np.array([10, 30])
    titles, genres = {10: 'Léon, "The"'}, {10: ("Action", "Drama")}
    return Dataset("tiny", False, "", *ids, ratings, 3, titles, genres)


def test_read_again_it_is_the_same(made, tmp_path, own_cache, monkeypatch):
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", 3333)
    export.write_csv(made, tmp_path / "out")
    again = open_dataset(str(tmp_path / "out"), None, lambda line: None)
    assert again.sha256 == made.sha256
    assert (again.titles, again.genres) == (made.titles, made.genres)


def test_the_layout_is_movielens(tiny, tmp_path):
    export.write_csv(tiny, tmp_path)
    lines = (tmp_path / "ratings.csv").read_text().splitlines()
    assert lines[0] == "userId,movieId,rating,timestamp"
    rows = [line.rpartition(",") for line in lines[1:]]
    assert [row[0] for row in rows] == ["7,10,4.0", "7,30,0.5", "9,30,3.7"]
    times = [int(row[2]) for row in rows]
    assert times[1] == times[0] + 30
    assert all(789_652_009 <= time < 1_700_000_000 for time in times)
    with (tmp_path / "movies.csv").open(encoding="utf-8") as stream:
        assert list(csv.reader(stream)) == [
            ["movieId", "title", "genres"],
            ["10", 'Léon, "The"', "Action|Drama"],
            ["30", "", "(no genres listed)"],
        ]


def test_nothing_half_written_is_left(tiny, tmp_path, monkeypatch):
    (tmp_path / "ratings.csv").write_text("before")

    def full(values):
        raise OSError("no space left on device")

    monkeypatch.setattr(export, "_as_text", full)
    with pytest.raises(UserError, match="no space left") as error:
        export.write_csv(tiny, tmp_path)
    assert "\n" not in str(error.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["movies.csv", "ratings.csv"]
    assert (tmp_path / "ratings.csv").read_text() == "before"


def test_a_file_in_place_of_the_folder(tiny, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another folder"):
        export.write_csv(tiny, tmp_path / "file")
