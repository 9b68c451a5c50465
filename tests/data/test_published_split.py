"""Splits of published protocols, which go by the order of the file."""

import numpy as np
from release_files import ROWS, write_csv

from harness.data.split import bernoulli_mask, file_order_split


def test_mask_is_that_of_the_global_generator():
    np.random.seed(42)  # noqa: NPY002
    expected = np.random.rand(1000) < 0.2  # noqa: NPY002
    assert bernoulli_mask(1000, 0.2, 42).tolist() == expected.tolist()


def test_the_mask_goes_by_the_order_of_the_file(tmp_path):
    write_csv(tmp_path)
    rung = file_order_split(tmp_path, 0.5, 1)
    expected = {row for row, test in zip(ROWS, bernoulli_mask(5, 0.5, 1), strict=True) if test}
    assert 0 < len(expected) < 5
    for part, rows in ((rung.test, expected), (rung.train, set(ROWS) - expected)):
        users, movies = rung.user_ids[part.users], rung.movie_ids[part.items]
        assert set(zip(users, movies, part.values, strict=True)) == rows


def test_published_counts_of_ml_latest_small(movielens_small):
    rung = file_order_split(movielens_small, 0.2, 42)
    assert (len(rung.train), len(rung.test)) == (80_651, 20_185)
