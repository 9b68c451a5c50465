"""Ratings in many files: the model that one machine would train, whatever the partitions."""

import math
import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from tiny import PARAMS, tiny_dataset

pytest.importorskip("distributed", reason="the extra [dask] is not installed")

from harness.cli import main
from harness.data.ladder import scales
from harness.errors import UserError
from harness.partitioned.request import Request
from harness.partitioned.training import Training
from implementations import fit
from implementations.cluster import clients
from implementations.cluster.workers import Workers
from implementations.error_sums import error_sums

TWIN = {"float64": "numba-tiled", "float32": "numba-tiled-f32"}
SWEEPS = 3


@pytest.fixture(scope="module", autouse=True)
def _closed_in_the_end():
    yield
    clients.close_clients()


def write_files(folder, count=4, as_text=False, seed=3):
    """The tiny set, its ratings in any order in some files of both kinds."""
    data, random = tiny_dataset(), np.random.default_rng(seed)
    order = random.permutation(len(data.ratings))
    users = data.user_ids[data.ratings.users[order]]
    movies = data.movie_ids[data.ratings.items[order]]
    values = data.ratings.values[order]
    folder.mkdir(exist_ok=True)
    for number, rows in enumerate(np.array_split(np.arange(len(order)), count)):
        ids = [users[rows], movies[rows]]
        if as_text:
            ids = [np.array([f"u{one}" for one in of]) for of in ids]
        if number % 2:
            lines = ["userId,movieId,rating,timestamp"]
            lines += [f"{u},{m},{v},0" for u, m, v in zip(*ids, values[rows], strict=True)]
            (folder / f"part-{number}.csv").write_text("\n".join(lines) + "\n")
        else:
            table = pa.table([*ids, values[rows]], ["userId", "movieId", "rating"])
            pa.parquet.write_table(table, folder / f"part-{number}.parquet")
    return tuple(sorted(folder.iterdir()))


@pytest.fixture
def files(tmp_path):
    return write_files(tmp_path / "files")


def request_for(files, work, **changed) -> Request:
    given = {"params": PARAMS, "sweeps": SWEEPS, "work": work, "files": files}
    return Request(**given | changed)


def trained(request, workers=2, memory=0):
    training = Training(request, Workers(workers), lambda _: None, memory)
    return training, [*training.sweeps()]


def bits(model):
    return model.users.tobytes(), model.items.tobytes()


def expected(scale="full", dtype="float32", params=PARAMS):
    rung = scales.cut(tiny_dataset(), scale, 0)
    return rung, fit(rung.train, params, sweeps=SWEEPS, implementation=TWIN[dtype], threads=1)


@pytest.mark.parametrize("partitions", [1, 3, 12])
@pytest.mark.parametrize("dtype", [*TWIN])
def test_the_bits_are_those_of_one_machine(files, tmp_path, dtype, partitions):
    request = request_for(files, tmp_path / "work", dtype=dtype, partitions=partitions)
    training, swept = trained(request)
    rung, model = expected(dtype=dtype)
    found = training.factors
    assert bits(found) == bits(model)
    assert found.mean == model.mean
    assert found.user_ids.ids.tolist() == rung.user_ids.tolist()
    assert found.item_ids.ids.tolist() == rung.movie_ids.tolist()
    sums = error_sums(rung.train, model)[0], error_sums(rung.test, model)[0]
    rmse = [math.sqrt(s / len(r)) for s, r in zip(sums, (rung.train, rung.test), strict=True)]
    assert swept[-1].train_rmse == pytest.approx(rmse[0], rel=1e-12)
    assert swept[-1].test_rmse == pytest.approx(rmse[1], rel=1e-12)
    assert [one.train_rmse is None for one in swept] == [True, True, False]


def test_the_ladder_takes_the_same_users(files, tmp_path, tiny_scales):
    training, _ = trained(request_for(files, tmp_path / "work", scale="100k"))
    rung, model = expected("100k")
    assert training.counted.user_ids.tolist() == rung.user_ids.tolist()
    assert training.counted.movie_ids.tolist() == rung.movie_ids.tolist()
    assert (training.counted.n_train, training.counted.n_test) == (len(rung.train), len(rung.test))
    assert bits(training.factors) == bits(model)


def test_ids_that_are_text(tmp_path):
    files = write_files(tmp_path / "files", as_text=True)
    training, swept = trained(request_for(files, tmp_path / "work"))
    raw = {f"u{one}" for one in tiny_dataset().user_ids}
    assert set(training.factors.user_ids.ids.tolist()) == raw
    assert swept[-1].test_rmse < swept[0].test_rmse


def test_one_file_and_count_scaled(tmp_path):
    files = write_files(tmp_path / "files", 1)
    params = replace(PARAMS, count_scaled=True, reg=0.05, bias_reg=0.05)
    training, _ = trained(request_for(files, tmp_path / "work", params=params))
    assert bits(training.factors) == bits(expected(params=params)[1])


def test_it_goes_on_from_a_checkpoint_to_the_same_bits(files, tmp_path):
    kept = tmp_path / "kept"
    request = request_for(files, tmp_path / "work", checkpoint=kept)
    trained(replace(request, sweeps=2))
    again, swept = trained(request)
    assert [one.number for one in swept] == [3]
    assert bits(again.factors) == bits(expected()[1])
    other = replace(request, params=replace(PARAMS, reg=9.0))
    with pytest.raises(UserError, match="is of other ratings, parameters or implementation"):
        trained(other)


def test_a_pair_that_is_rated_in_two_files_is_named(files, tmp_path):
    again = files[0].with_name("part-9.csv")
    data = tiny_dataset()
    user, movie = (
        int(data.user_ids[data.ratings.users[0]]),
        int(data.movie_ids[data.ratings.items[0]]),
    )
    again.write_text(f"userId,movieId,rating\n{user},{movie},3.0\n")
    with pytest.raises(UserError, match=f"user {user} rated movie {movie} more than once"):
        trained(request_for((*files, again), tmp_path / "work"))


def test_workers_that_are_too_small_are_refused_before_anything_is_dealt(files, tmp_path):
    with pytest.raises(UserError, match=r"each of 2 workers needs about 0\.\d+ GiB and may hold 0"):
        trained(request_for(files, tmp_path / "work"), memory=100 << 20)
    assert not (tmp_path / "work" / "users").exists()


def test_ids_of_two_kinds_are_refused(files, tmp_path):
    (tmp_path / "files" / "odd.csv").write_text("userId,movieId,rating\nx,1,3.0\n")
    odd = tmp_path / "files" / "odd.csv"
    with pytest.raises(UserError, match="ids are text in some files and whole numbers in others"):
        trained(request_for((*files, odd), tmp_path / "work"))


def test_the_command_says_what_each_sweep_took(files, tmp_path, capsys):
    out = tmp_path / "model.npz"
    given = ["--workers", "2", "--sweeps", "2", "--rank", "4", "--reg", "2", "--bias-reg", "1"]
    assert main(["train", str(files[0].parent), *given, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "4 files" in said
    assert "sweep 2: " in said
    assert "training RMSE" in said
    assert said.count("at most 0.") == 2
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere"], "there is no such file or folder"),
        (["."], "holds no table of ratings"),
        ([".", "--memory", "3 apples"], "is not a size such as 3GiB"),
        ([".", "--scale", "2m"], "there is no scale '2m'"),
    ],
)
def test_bad_usage_is_one_line(tmp_path, monkeypatch, capsys, arguments, error):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["train", *arguments])
    except SystemExit as left:
        status = left.code
    assert status == 2
    said = capsys.readouterr().err.strip()
    assert error in said
    assert len(said.splitlines()) == 1


def test_a_bad_line_names_its_file(files, tmp_path, capsys):
    (files[0].parent / "part-7.csv").write_text("userId,movieId,rating\n1,2,3.0\n1,3,high\n")
    assert main(["train", str(files[0].parent), "--workers", "2"]) == 2
    said = capsys.readouterr().err.strip()
    assert "part-7.csv line 3" in said
    assert len(said.splitlines()) == 1


# The last one, since who was killed last is not back yet when it ends.
def test_workers_killed_at_any_moment_change_no_bit(files, tmp_path):
    wanted, random = bits(expected()[1]), np.random.default_rng(4)
    for number in range(4):
        workers = Workers(2)
        killer = threading.Timer(random.uniform(0.0, 0.8), kill_one, [workers, random])
        killer.start()
        training = Training(request_for(files, tmp_path / f"{number}"), workers, lambda _: None)
        assert [*training.sweeps()]
        killer.join()
        assert bits(training.factors) == wanted


def kill_one(workers, random):
    """End a worker process, as an operating system out of memory would."""
    try:
        processes = [*workers.of_each(os.getpid).values()]
        os.kill(int(random.choice(processes)), signal.SIGKILL)
    except Exception:  # noqa: BLE001 - whoever is dead already cannot be asked
        return
