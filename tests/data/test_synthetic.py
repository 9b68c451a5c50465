"""The stand-in has the shape of MovieLens 32M, and is one and the same wherever it is made."""

import numba
import numpy as np
import pytest
from movielens_shape import movie_deviation, user_deviation, value_deviation

from harness.data.dataset import content_sha256
from harness.data.ladder.holdout import splitmix64
from harness.data.ladder.scales import cut, ladder_order
from harness.data.synthetic import generate as synthetic
from harness.data.synthetic import taste as tastes
from harness.data.synthetic.shape import N_MOVIES, movie_counts, movie_ids_and_ranks
from harness.data.synthetic.streams import draws, keys, normals, streams

SHA256_WHOLE = "9f41317c41bf3f11170b413fb7253f94ac5930ca98929d8aaf04cbcc20542b9b"
SHA256_100K = "22b7b12c9e53b95715399fdf7751edcd416880ccf14d43c8207e6123d78d4031"


@pytest.fixture(scope="module")
def whole():
    return synthetic.make()


@pytest.fixture(scope="module")
def part():
    return synthetic.make(100_000)


def rows_of(dataset, user_ids):
    """Raw movies and ratings of some users."""
    users = np.searchsorted(dataset.user_ids, user_ids)
    mask = np.isin(dataset.ratings.users, users)
    movies = dataset.movie_ids[dataset.ratings.items[mask]]
    return movies, dataset.ratings.values[mask], np.bincount(dataset.ratings.users[mask])[users]


def test_the_whole_has_the_shape_of_movielens(whole):
    ratings = whole.ratings
    assert (len(ratings), ratings.n_users, ratings.n_items) == (32_000_204, 200_948, 84_432)
    assert whole.complete
    assert user_deviation(np.bincount(ratings.users)) < 0.03
    assert movie_deviation(np.bincount(ratings.items)) < 0.03
    assert value_deviation(ratings.values) < 1


def test_popular_movies_are_rated_higher(whole):
    items = whole.ratings.items
    counts = np.bincount(items)
    means = np.bincount(items, whole.ratings.values) / counts
    known = counts >= 50
    assert np.corrcoef(np.log(counts[known]), means[known])[0, 1] > 0.3
    top = means[np.argsort(-counts)[:10]]
    assert 3.9 < top.mean() < 4.3


def test_no_pair_twice_and_sorted(whole):
    ratings = whole.ratings
    # One block of users at a time, because a key of every pair would take 256 MB.
    for low in range(0, len(ratings), 4_000_000):
        block = slice(low, low + 4_000_001)
        pairs = ratings.users[block].astype(np.int64) * ratings.n_items + ratings.items[block]
        assert (np.diff(pairs) > 0).all()


def test_a_prefix_holds_the_rows_of_the_whole(whole, part):
    assert not part.complete
    assert part.total_ratings == 32_000_204
    assert 100_000 <= len(part.ratings) < 110_000
    order = ladder_order(whole.user_ids)[: len(part.user_ids)]
    assert part.user_ids.tolist() == sorted(whole.user_ids[order].tolist())
    for of_whole, of_part in zip(
        rows_of(whole, part.user_ids), rows_of(part, part.user_ids), strict=True
    ):
        assert np.array_equal(of_whole, of_part)


def test_a_rung_is_the_same_from_more_and_from_less(part):
    larger = synthetic.make(320_000)
    assert value_deviation(larger.ratings.values) < 1.5
    one, other = cut(part, "100k", 0), cut(larger, "100k", 0)
    assert one.user_ids.tolist() == other.user_ids.tolist()
    assert one.movie_ids.tolist() == other.movie_ids.tolist()
    for ours, theirs in ((one.train, other.train), (one.test, other.test)):
        assert np.array_equal(ours.items, theirs.items)
        assert np.array_equal(ours.values, theirs.values)


def test_same_bits_wherever_it_is_made(whole, part):
    assert whole.sha256 == SHA256_WHOLE
    assert part.sha256 == SHA256_100K
    assert part.sha256 == content_sha256(part.user_ids, part.movie_ids, part.ratings)


def test_threads_do_not_matter(part, monkeypatch):
    monkeypatch.setattr(synthetic, "_USERS_AT_ONCE", 50)
    before = numba.get_num_threads()
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            again = synthetic.make(100_000)
            assert (again.sha256, again.facts) == (part.sha256, part.facts)
    finally:
        numba.set_num_threads(before)


def test_another_seed_is_another_data_set(part):
    other = synthetic.make(100_000, seed=1)
    assert other.sha256 != part.sha256
    assert np.bincount(other.ratings.users).min() >= 20


def test_what_a_prefix_holds(part):
    assert part.synthetic
    assert part.name == "synthetic-32m"
    assert np.bincount(part.ratings.users).min() >= 20
    assert np.bincount(part.ratings.items).min() >= 1
    assert list(part.titles) == list(part.genres) == part.movie_ids.tolist()
    assert {len(genres) for genres in part.genres.values()} == {1, 2, 3}
    assert all(len(set(genres)) == len(genres) for genres in part.genres.values())
    assert {name for genres in part.genres.values() for name in genres} == set(tastes.GENRES)


def test_progress_ends_with_the_best_reachable_rmse(part):
    lines = []
    synthetic.make(100_000, lines.append)
    assert len(lines) >= 3
    assert all("synthetic" in line for line in lines)
    assert f"{part.facts['oracle_rmse']:.4f}" in lines[-1]


@pytest.mark.parametrize("n_ratings", [0, -1, 32_000_205])
def test_more_than_there_is_cannot_be_made(n_ratings):
    with pytest.raises(ValueError, match="1 … 32,000,204"):
        synthetic.make(n_ratings)


def planted(dataset):
    """Latent score of every rating, without and with its noise: the compiled code once more."""
    plan, key = tastes.Plan(), keys(0, synthetic._PURPOSES)
    ids, ranks = movie_ids_and_ranks(key["movies"])
    genres = tastes.genres_of_movies(key["genres"], N_MOVIES)
    taste = tastes.plant(plan, movie_counts()[ranks], genres, key["planted"])
    n_users = int(dataset.user_ids.max()) + 1
    bits = draws(streams(key["taste"], n_users), plan.n_factors + 1)
    bias = (normals(bits[:, 0]) * taste.user_bias_scale) >> 10
    factors = normals(bits[:, 1:]) >> 5
    users = dataset.user_ids[dataset.ratings.users]
    movies = np.searchsorted(ids, dataset.movie_ids)[dataset.ratings.items]
    dots = np.einsum("rf,rf->r", factors[users], taste.movie_factors[movies].astype(np.int64))
    score = bias[users] + taste.movie_bias[movies] + (dots >> 6)
    noise_streams = streams(key["noise"], n_users)[users]
    gamma = np.uint64(0x9E3779B97F4A7C15)
    noise = normals(splitmix64(noise_streams + movies.astype(np.uint64) * gamma))
    return taste, score, score + ((noise * taste.noise_scale) >> 10)


def test_ratings_are_what_is_planted_and_the_oracle_is_its_expectation(part):
    taste, score, noisy = planted(part)
    values = part.ratings.values
    expected = 0.5 + 0.5 * (noisy[:, None] >= taste.thresholds).sum(axis=1)
    assert np.array_equal(values, expected)
    # The best predictor from the score, found from the ratings alone: means in narrow bins of it.
    bins = np.unique(score // (tastes.STAR // 20), return_inverse=True)[1]
    means = np.bincount(bins, values) / np.bincount(bins)
    rmse = np.sqrt(np.mean((values - means[bins]) ** 2))
    assert part.facts["oracle_rmse"] == pytest.approx(rmse, rel=0.003)


def test_factors_decay_and_follow_genres():
    genres = tastes.genres_of_movies(np.uint64(1), 4000)
    taste = tastes.plant(tastes.Plan(), np.full(4000, 100), genres, np.uint64(2))
    strength = taste.movie_factors.std(axis=0)
    assert strength[0] > 2 * strength[7] > 4 * strength[40]
    directions = taste.movie_factors / strength
    alone = directions[genres[:, 1:].min(axis=1) == len(tastes.GENRES)]
    first = genres[genres[:, 1:].min(axis=1) == len(tastes.GENRES), 0]
    alike = (alone @ alone.T) / directions.shape[1]
    same = (first[:, None] == first) & ~np.eye(len(first), dtype=bool)
    assert alike[same].mean() > 0.2
    assert abs(alike[first[:, None] != first].mean()) < 0.1
