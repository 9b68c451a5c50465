"""Planned counts are those of MovieLens 32M, and drawn ones come out as planned."""

import numpy as np
import pytest
from movielens_shape import movie_deviation, user_deviation, value_deviation

from harness.data.synthetic import shape
from harness.data.synthetic.kernels import alias_table, draw_raters
from harness.data.synthetic.streams import draws, keys, normals, permutation, streams
from harness.data.synthetic.weights import movie_weights, user_weights

KEY = np.uint64(7)


def test_users():
    counts = shape.user_counts()
    assert len(counts) == 200_948
    assert counts.sum() == 32_000_204
    assert (np.diff(counts) <= 0).all()
    assert user_deviation(counts) < 0.02


def test_movies():
    counts = shape.movie_counts()
    assert len(counts) == 84_432
    assert counts.sum() == 32_000_204
    assert counts.min() == 1
    assert (np.diff(counts) <= 0).all()
    assert movie_deviation(counts) < 0.005


def test_the_measures_see_a_wrong_shape():
    users, movies = shape.user_counts(), shape.movie_counts()
    assert user_deviation(np.where(users == 20, 19, users)) > 0.03
    assert user_deviation(np.where(users > 6000, users * 1.04, users)) > 0.03
    assert user_deviation(np.full(200_948, 159)) > 0.03
    assert movie_deviation(np.where(movies == 2, 1, movies)) > 0.03
    assert movie_deviation(np.where(np.arange(84_432) == 0, movies * 1.04, movies)) > 0.03
    assert value_deviation(np.repeat(np.arange(1, 11) / 2, 100)) > 1


def test_movie_ids_leave_gaps_and_older_movies_are_more_popular():
    ids, ranks = shape.movie_ids_and_ranks(KEY)
    steps = np.diff(ids)
    assert steps.min() == 1
    assert steps.max() == 6
    assert ids[0] >= 1
    assert sorted(ranks.tolist()) == list(range(84_432))
    assert 0.2 < np.corrcoef(ids, ranks)[0, 1] < 0.8


def test_tail_shares_sum_to_the_tail_and_grow_with_activity():
    counts = shape.user_counts()
    n_tail = int(shape.movie_counts()[4096:].sum())
    wanted = shape.tail_shares(counts, n_tail)
    assert wanted.sum() == pytest.approx(n_tail, rel=1e-3)
    assert (np.diff(wanted / counts) <= 0).all()
    assert wanted[0] > 33_332 - 4096


def test_normals_are_nearly_normal():
    sample = normals(draws(streams(KEY, 1000), 300)) / 37_837
    assert abs(sample.mean()) < 0.01
    assert sample.std() == pytest.approx(1, abs=0.01)
    assert (np.abs(sample) < 1).mean() == pytest.approx(0.68, abs=0.02)
    assert abs(np.corrcoef(sample[:, 0], sample[:, 1])[0, 1]) < 0.1


def test_every_purpose_and_seed_has_its_own_key():
    some = [*keys(0, ("a", "b", "c")).values(), *keys(1, ("a", "b", "c")).values()]
    assert len(set(some)) == 6
    with pytest.raises(ValueError, match="seed"):
        keys(-1, ("a",))


def test_permutation():
    assert sorted(permutation(KEY, 1000).tolist()) == list(range(1000))
    assert permutation(KEY, 1000).tolist() != permutation(np.uint64(8), 1000).tolist()


def test_alias_table_holds_the_probabilities():
    weights = np.array([1.0, 5.0, 0.1, 3.0, 0.9])
    table = alias_table(weights)
    kept = table.keep / 2**32
    share = kept + np.bincount(table.other, 1 - kept, minlength=5)
    np.testing.assert_allclose(share / 5, weights / 10, atol=1e-9)


def test_raters_are_distinct_and_within_their_room():
    counts, room = np.array([3, 50, 1, 40]), np.full(60, 3)
    room[:5] = 1
    raters = draw_raters(counts, room, alias_table(np.arange(60) + 1.0), KEY)
    movies = np.split(raters, np.cumsum(counts)[:-1])
    assert [len(set(users.tolist())) for users in movies] == counts.tolist()
    assert (np.bincount(raters, minlength=60) + room).tolist() == [1] * 5 + [3] * 55
    assert room.min() >= 0


def test_user_weights_make_up_for_saturation():
    wanted = np.append(np.full(2000, 20.0), 700.0)
    sizes, n_movies = np.array([10, 100]), np.array([900, 317])
    counts = np.repeat(sizes, n_movies)
    room = np.full(2001, 10_000)
    table = alias_table(user_weights(wanted, sizes, n_movies))
    found = np.bincount(draw_raters(counts, room, table, KEY), minlength=2001)
    assert found[-1] == pytest.approx(700, rel=0.1)
    assert found[:-1].mean() == pytest.approx(20, rel=0.01)


def test_movie_weights_make_up_for_saturation():
    # 1000 users take 3 of 8 movies: of the first movie nearly all, so that plain shares would
    # give the others too much.
    wanted = np.array([900.0, 600, 500, 400, 300, 150, 100, 50])
    n_users = np.array([0, 0, 0, 1000])
    table = alias_table(movie_weights(wanted, n_users))
    rng = np.random.default_rng(0)
    p = np.bincount(table.other, 1 - table.keep / 2**32, minlength=8) + table.keep / 2**32
    found = np.zeros(8)
    for _ in range(1000):
        found[rng.choice(8, 3, replace=False, p=p / 8)] += 1
    np.testing.assert_allclose(found, wanted, rtol=0.15, atol=15)
