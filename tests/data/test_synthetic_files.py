"""Synthetic ratings in files: each depends on its number alone, and all share their movies."""

import numpy as np
import pyarrow.parquet
import pytest

from harness.cli import main
from harness.data.synthetic.generate import make
from harness.data.synthetic.shape import N_USERS

IN_FILE = "20000"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "ratings"
    assert main(["generate", str(path), "--ratings", "50000", "--in-file", IN_FILE]) == 0
    return path


def columns(path):
    table = pyarrow.parquet.read_table(path)
    return [table[name].to_numpy() for name in ("userId", "movieId", "rating")]


def test_files_hold_what_was_asked_for(folder):
    paths = sorted(folder.glob("*.parquet"))
    assert [path.name for path in paths] == [f"part-0000{n}.parquet" for n in range(3)]
    sizes = [len(columns(path)[0]) for path in paths]
    for size, least in zip(sizes, (20_000, 20_000, 10_000), strict=True):
        assert least <= size < least + 5_000


def test_the_first_population_is_the_set_that_goes_by_the_name(folder):
    made = make(20_000)
    users, movies, values = columns(folder / "part-00000.parquet")
    assert np.array_equal(users, made.user_ids[made.ratings.users])
    assert np.array_equal(movies, made.movie_ids[made.ratings.items])
    assert np.array_equal(values, made.ratings.values)


def test_populations_have_users_of_their_own_and_the_same_movies(folder):
    first, second = (columns(folder / f"part-0000{n}.parquet") for n in (0, 1))
    assert first[0].max() <= N_USERS < second[0].min() <= second[0].max() <= 2 * N_USERS
    common = np.intersect1d(first[1], second[1])
    often = [m for m in common if min((first[1] == m).sum(), (second[1] == m).sum()) >= 25]
    assert len(often) > 50
    quality = [[v[i == m].mean() for m in often] for _, i, v in (first, second)]
    assert np.corrcoef(quality)[0, 1] > 0.6  # a movie is as good to all
    assert abs(len(first[2]) - len(second[2])) < 5_000


def test_a_file_depends_on_its_number_alone(folder, tmp_path):
    given = ["--ratings", "90000", "--in-file", IN_FILE, "--processes", "1"]
    assert main(["generate", str(tmp_path / "more"), *given]) == 0
    for name in ("part-00000.parquet", "part-00001.parquet"):
        assert (folder / name).read_bytes() == (tmp_path / "more" / name).read_bytes()


def test_what_was_begun_is_gone_on_with(folder, capsys):
    (folder / "part-00001.parquet").unlink()
    before = (folder / "part-00000.parquet").stat().st_mtime_ns
    assert main(["generate", str(folder), "--ratings", "50000", "--in-file", IN_FILE]) == 0
    assert (folder / "part-00001.parquet").exists()
    assert (folder / "part-00000.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (["--seed", "1"], "holds other data"),
        (["--in-file", "40000000"], "--in-file must be at most 32,000,204"),
        (["--seed", "-1"], "--seed must lie in"),
    ],
)
def test_what_cannot_be_is_one_line(folder, capsys, more, error):
    given = ["--ratings", "50000", "--in-file", IN_FILE, *more]
    assert main(["generate", str(folder), *given]) == 2
    assert error in capsys.readouterr().err


def test_a_folder_with_other_files_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["generate", str(tmp_path), "--ratings", "50000"]) == 2
    assert "holds other files" in capsys.readouterr().err


def test_csv_holds_the_same(folder, tmp_path):
    out = tmp_path / "csv"
    given = ["--ratings", "20000", "--in-file", IN_FILE, "--format", "csv"]
    assert main(["generate", str(out), *given]) == 0
    found = np.genfromtxt(out / "part-00000.csv", delimiter=",", skip_header=1)
    for column, wanted in zip(found.T, columns(folder / "part-00000.parquet"), strict=True):
        assert np.array_equal(column, wanted)
