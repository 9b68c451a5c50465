"""The holdout and the ladder as properties, on data sets of any shape."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data.dataset import Dataset, content_sha256
from harness.data.ladder import scales as ladder
from harness.data.ladder.holdout import hash_ids, is_test, splitmix64
from harness.data.ladder.scales import SCALES, cut, ladder_order, plan, ratings_needed, rungs_up_to
from harness.data.movielens.indexing import index_table
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import read
from harness.data.movielens.table import Table
from harness.errors import UserError
from implementations.ratings import Ratings

GAMMA = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


def plain_splitmix64(state):
    """The published algorithm in plain integers."""
    z = (state + GAMMA) & MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def test_published_vectors_of_splitmix64():
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    states = [(1234567 + n * GAMMA) & MASK for n in range(5)]
    assert splitmix64(np.array(states, dtype=np.uint64)).tolist() == published
    assert [plain_splitmix64(state) for state in states] == published


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), st.integers(0, MASK))
def test_holdout_is_the_hash_of_its_definition(user, movie, seed):
    zero = np.zeros(1, dtype=np.int32)
    got = is_test(np.array([user]), np.array([movie]), zero, zero, seed)
    chained = plain_splitmix64(
        plain_splitmix64(plain_splitmix64(seed) ^ user & MASK) ^ movie & MASK
    )
    assert bool(got[0]) == (chained < 2**64 // 10)


def dataset_of(users, movies, values, total=None):
    """Data set of raw columns, by way of the reader's own index."""
    table = Table(
        (np.array(users, dtype=np.int64),),
        (np.array(movies, dtype=np.int64),),
        np.array(values, dtype=np.float32),
    )
    user_ids, movie_ids, ratings, _ = index_table(table, None)
    sha256 = content_sha256(user_ids, movie_ids, ratings)
    total = len(ratings) if total is None else total
    return Dataset("mine", False, sha256, user_ids, movie_ids, ratings, total)


@st.composite
def pairs(draw):
    found = draw(
        st.lists(
            st.tuples(st.integers(1, 12), st.integers(-5, 30)),
            unique=True,
            min_size=1,
            max_size=120,
        )
    )
    return draw(st.permutations(found))


def value_of(user, movie):
    return (user * 7 + movie * 3) % 10 / 2 + 0.5


def datasets():
    return pairs().map(
        lambda rows: dataset_of(
            [u for u, _ in rows], [m for _, m in rows], [value_of(u, m) for u, m in rows]
        )
    )


@pytest.fixture
def small_sizes(monkeypatch):
    """Scales of a few ratings, so that small data sets have all rungs."""
    sizes = dict(zip(SCALES, (5, 12, 25, 50, 80), strict=False))
    monkeypatch.setattr(ladder, "_SIZES", sizes)
    return sizes


# The fixture stays the same from example to example: it may be shared by them.
shared_sizes = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows_of(rung, part):
    """Raw (user, movie, rating) of a part of a rung."""
    ratings = getattr(rung, part)
    users = rung.user_ids[ratings.users].tolist()
    return list(
        zip(users, rung.movie_ids[ratings.items].tolist(), ratings.values.tolist(), strict=True)
    )


@given(datasets(), st.integers(0, 3))
@shared_sizes
def test_rungs_are_nested_and_test_stays_test(small_sizes, dataset, seed):
    names, _ = plan(dataset.total_ratings, "full", only=False)
    below_train, below_test = set(), set()
    for name in names:
        rung = cut(dataset, name, seed)
        train, test = set(rows_of(rung, "train")), set(rows_of(rung, "test"))
        assert below_train <= train
        assert below_test <= test
        assert not train & test
        below_train, below_test = train, test
    everything = {
        (u, m, np.float32(value_of(u, m)))
        for u, m in zip(
            dataset.user_ids[dataset.ratings.users],
            dataset.movie_ids[dataset.ratings.items],
            strict=True,
        )
    }
    assert below_train | below_test == everything


@given(datasets(), st.integers(0, 3))
@shared_sizes
def test_a_rung_is_the_shortest_prefix_of_whole_users(small_sizes, dataset, seed):
    counts = np.bincount(dataset.ratings.users, minlength=len(dataset.user_ids))
    order = sorted(
        range(len(dataset.user_ids)), key=lambda u: plain_splitmix64(int(dataset.user_ids[u]))
    )
    for name, size in small_sizes.items():
        if size > len(dataset.ratings):
            continue
        rung = cut(dataset, name, seed)
        chosen = order[: len(rung.user_ids)]
        assert sorted(dataset.user_ids[chosen]) == rung.user_ids.tolist()
        assert len(rung) == counts[chosen].sum() >= size > counts[chosen[:-1]].sum()


@given(datasets())
@shared_sizes
def test_ids_are_contiguous_sorted_and_cold_is_counted(small_sizes, dataset):
    for name in plan(dataset.total_ratings, "full", only=False)[0]:
        rung = cut(dataset, name, 0)
        for part in (rung.train, rung.test):
            keys = part.users.astype(np.int64) * part.n_items + part.items
            assert (np.diff(keys) > 0).all()
            assert (part.n_users, part.n_items) == (len(rung.user_ids), len(rung.movie_ids))
        for column, ids in (("users", rung.user_ids), ("items", rung.movie_ids)):
            both = np.concatenate([getattr(rung.train, column), getattr(rung.test, column)])
            assert sorted(set(both.tolist())) == list(range(len(ids)))
            assert (np.diff(ids) > 0).all()
        known_users, known_items = set(rung.train.users), set(rung.train.items)
        cold = [
            u not in known_users or i not in known_items
            for u, i in zip(rung.test.users, rung.test.items, strict=True)
        ]
        assert rung.cold().tolist() == cold
        assert rung.n_cold == sum(cold)


@given(pairs(), st.randoms())
@shared_sizes
def test_the_order_of_the_rows_does_not_matter(small_sizes, rows, random):
    other = list(rows)
    random.shuffle(other)
    one, two = (
        dataset_of([u for u, _ in some], [m for _, m in some], [value_of(u, m) for u, m in some])
        for some in (rows, other)
    )
    assert one.sha256 == two.sha256
    for name in plan(one.total_ratings, "full", only=False)[0]:
        for part in ("train", "test"):
            assert rows_of(cut(one, name, 1), part) == rows_of(cut(two, name, 1), part)


def test_users_of_an_incomplete_data_set_give_the_same_lower_rungs(small_sizes):
    rows = [(u, m) for u in range(1, 30) for m in range(u % 7 + 1)]
    whole = dataset_of(*zip(*rows, strict=True), [value_of(u, m) for u, m in rows])
    n_users = (
        int(
            np.searchsorted(
                np.cumsum(np.bincount(whole.ratings.users)[ladder_order(whole.user_ids)]),
                ratings_needed(["320k"]),
            )
        )
        + 1
    )
    kept = set(whole.user_ids[ladder_order(whole.user_ids)[:n_users]])
    some = [(u, m) for u, m in rows if u in kept]
    part = dataset_of(*zip(*some, strict=True), [value_of(u, m) for u, m in some], total=len(rows))
    assert not part.complete
    for name in ("100k", "320k"):
        for side in ("train", "test"):
            assert rows_of(cut(part, name, 0), side) == rows_of(cut(whole, name, 0), side)
    for name in ("1m", "full"):
        with pytest.raises(UserError, match=f"too few for {name}"):
            cut(part, name, 0)


def test_the_seed_moves_the_holdout_and_a_tenth_is_test():
    users = np.repeat(np.arange(1000, dtype=np.int32), 100)
    items = np.tile(np.arange(100, dtype=np.int32), 1000)
    ids = np.arange(1, 1001)
    zero, one = (is_test(ids, ids, users, items, seed) for seed in (0, 1))
    for mask in (zero, one):
        assert abs(mask.mean() - 0.1) < 0.004  # four standard deviations
    assert abs((zero & one).mean() - 0.01) < 0.002
    with pytest.raises(ValueError, match="split seed"):
        is_test(ids, ids, users, items, -1)


def test_blocks_do_not_show():
    n = 3 * (1 << 16) + 17
    users, items = np.zeros(n, dtype=np.int32), np.arange(n, dtype=np.int32)
    whole = is_test(np.array([5]), np.arange(n), users, items, 3)
    for start in (0, 1, 65535, 65536, n - 1):
        assert (
            is_test(np.array([5]), np.arange(n), users[start:], items[start:], 3)[0] == whole[start]
        )


def test_plan_up_to_a_scale_or_only_it():
    assert plan(32_000_204, "1m", only=False) == (["100k", "320k", "1m"], [])
    assert plan(32_000_204, "1m", only=True) == (["1m"], [])
    assert plan(32_000_204, "full", only=False) == (list(SCALES), [])
    assert plan(32_000_204, "full", only=True) == (["full"], [])
    assert rungs_up_to("320k", only=False) == ["100k", "320k"]
    with pytest.raises(UserError, match="there is no scale '2m': choose one of 100k, "):
        rungs_up_to("2m", only=True)


def test_a_rung_above_four_fifths_gives_way_to_full():
    names, notices = plan(1_000_209, "1m", only=False)
    assert names == ["100k", "320k", "full"]
    assert notices == ["1m: more than 80% of all 1,000,209 ratings; full takes the place"]
    assert plan(100_836, "full", only=False)[0] == ["full"]
    assert plan(100_836, "100k", only=True)[0] == ["full"]
    assert plan(125_000, "100k", only=True) == (["100k"], [])
    assert plan(124_999, "100k", only=True)[0] == ["full"]


def test_ratings_needed():
    assert ratings_needed(["100k", "1m", "320k"]) == 1_000_000
    assert ratings_needed(["100k", "full"]) is None


def test_a_rung_larger_than_the_data_is_refused():
    with pytest.raises(UserError, match="mine holds 2 ratings here: too few for 100k"):
        cut(dataset_of([1, 2], [3, 3], [1, 2]), "100k", 0)


def test_a_rung_of_real_ratings_keeps_its_shape(movielens_small):
    dataset = read(locate(movielens_small), print)
    assert (len(dataset.ratings), len(dataset.user_ids), len(dataset.movie_ids)) == (
        100_836, 610, 9_724,
    )  # fmt: skip
    assert dataset.titles[1] == "Toy Story (1995)"
    assert dataset.genres[1] == ("Adventure", "Animation", "Children", "Comedy", "Fantasy")
    full = cut(dataset, "full", 0)
    assert len(full) == 100_836
    assert abs(len(full.test) / len(full) - 0.1) < 0.004
    assert hash_ids(dataset.user_ids)[0] == plain_splitmix64(1)
    assert isinstance(full.train, Ratings)
