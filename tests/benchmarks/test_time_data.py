"""What comes before and after the sweeps: files, cache, layouts, the judge."""

import numpy as np
import pytest
from bench_cases import SCALE

from harness.data.datasets import SYNTHETIC, open_dataset
from harness.data.ladder.scales import cut
from harness.data.movielens.export import write_csv
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import read
from harness.data.movielens.readers import read_table
from harness.measure.judge import Judge
from implementations.als import sweep
from implementations.layout import by_user, transpose
from implementations.ratings import Ratings
from implementations.registry import usable_cores

IMPLEMENTATIONS = ("numba-tiled", "numba-tiled-f32")  # whose factors are judged
THREADS = sorted({1, usable_cores()})

data = pytest.mark.benchmark(group=f"data: {SCALE} ratings from file or cache")
layout = pytest.mark.benchmark(group="layout: ratings to CSR, and to a second one")


@pytest.fixture(scope="module")
def source(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("movielens")
    write_csv(dataset, folder)
    return locate(folder)


@data
def test_csv_to_columns(source, dataset, benchmark):
    assert len(benchmark(read_table, source)) == len(dataset.ratings)


@data
def test_csv_to_dataset(source, dataset, benchmark):
    assert benchmark(read, source, print).sha256 == dataset.sha256


@data
def test_open_cache(dataset, benchmark):
    opened = benchmark(open_dataset, SYNTHETIC, (SCALE,), print)
    assert isinstance(opened.ratings.values, np.memmap)  # or it was made anew


@data
def test_cut_and_split(dataset, rung, benchmark):
    assert len(benchmark(cut, dataset, SCALE, split_seed=0)) == len(rung)


@pytest.fixture(scope="module")
def shuffled(rung):
    train = rung.train
    order = np.random.default_rng(0).permutation(len(train))
    columns = (column[order] for column in (train.users, train.items, train.values))
    return Ratings(*columns, train.n_users, train.n_items)


@layout
def test_csr_of_sorted(rung, benchmark):
    by_user(rung.train)
    benchmark(by_user, rung.train)


@layout
def test_csr_of_shuffled(rung, shuffled, benchmark):
    by_user(shuffled)
    csr = benchmark(by_user, shuffled)
    np.testing.assert_array_equal(csr.indices, rung.train.items)


@layout
@pytest.mark.parametrize("threads", THREADS, ids="threads{}".format)
def test_transpose(rung, threads, benchmark):
    csr = by_user(rung.train)
    work = (csr, rung.train.n_items, threads)
    transpose(*work)
    benchmark(transpose, *work)


@pytest.mark.benchmark(group="judge: RMSE on train and test")
def test_judge(rung, backend, benchmark):
    sweep(backend)
    judge, factors = Judge(rung, backend.params), backend.read()
    judge(factors)
    assert benchmark(judge, factors).finite
