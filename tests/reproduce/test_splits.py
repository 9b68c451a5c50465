"""Splits of published protocols: each a partition, of known counts, the same for a seed."""

import numpy as np
import pytest
from made import write_ratings

from harness.data.movielens.download import RELEASES, Release
from harness.reproduce.protocol import DataSet, Split, choose
from harness.reproduce.ratings import open_data, rungs
from harness.reproduce.splits import split_masks

USERS = np.random.default_rng(1).permutation(np.repeat(np.arange(5), (1, 2, 9, 10, 44)))
USERS = USERS.astype(np.int32)


def make(kind, share=None, folds=None, **more):
    more = {"original": False, "seeds": (0, 1, 2), "note": "made", **more}
    return Split(kind=kind, share=share, folds=folds, **more)


def masks(split, seed=0):
    return list(split_masks(split, USERS, seed))


ALL = [
    make("file-order", 0.2),
    make("random", 0.2),
    make("per-user", 0.2),
    make("k-fold", folds=5),
]


@pytest.mark.parametrize("split", ALL, ids=lambda split: split.kind)
def test_a_seed_gives_the_same_split_and_another_another(split):
    assert np.array_equal(masks(split, 4), masks(split, 4))
    assert not np.array_equal(masks(split, 4), masks(split, 5))


@pytest.mark.parametrize("split", ALL, ids=lambda split: split.kind)
def test_train_and_test_hold_each_rating_once(tmp_path, monkeypatch, split):
    path = write_ratings(tmp_path)
    whole = sorted(tuple(line.split(",")[:3]) for line in path.read_text().splitlines()[1:])
    monkeypatch.setitem(RELEASES, "made", Release(len(whole), 40, 30, None))
    indexed = open_data(DataSet(name="made"), path)
    for rung in rungs(indexed, split, 1):
        found = [
            (str(rung.user_ids[user]), str(rung.movie_ids[item]), str(value))
            for part in (rung.train, rung.test)
            for user, item, value in zip(part.users, part.items, part.values, strict=True)
        ]
        assert sorted(found) == whole
        assert 0 < len(rung.test) < len(rung.train)


def test_file_order_is_the_mask_of_the_global_generator():
    np.random.seed(42)  # noqa: NPY002
    expected = np.random.rand(len(USERS)) < 0.2  # noqa: NPY002
    assert masks(make("file-order", 0.2), 42)[0].tolist() == expected.tolist()


def test_the_mask_goes_by_the_order_of_the_file(tmp_path, monkeypatch):
    path = write_ratings(tmp_path)
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    monkeypatch.setitem(RELEASES, "made", Release(len(rows), 40, 30, None))
    indexed = open_data(DataSet(name="made"), path)
    assert indexed.order is not None
    (rung,) = rungs(indexed, make("random", 0.25), 9)
    test = np.random.RandomState(9).permutation(len(rows))[: -(-len(rows) // 4)]
    expected = {(int(rows[n][0]), int(rows[n][1])) for n in test}
    found = zip(rung.user_ids[rung.test.users], rung.movie_ids[rung.test.items], strict=True)
    assert set(found) == expected


def test_random_takes_the_share_rounded_up():
    assert masks(make("random", 0.2))[0].sum() == 14  # of 66


def test_per_user_takes_a_share_of_each_and_leaves_one_to_train():
    (mask,) = masks(make("per-user", 0.2))
    assert np.bincount(USERS[mask], minlength=5).tolist() == [0, 1, 1, 2, 8]
    (mask,) = masks(make("per-user", 0.3))
    assert np.bincount(USERS[mask], minlength=5).tolist() == [0, 1, 2, 3, 13]


def test_folds_cover_all_ratings_once_and_are_of_one_size():
    found = np.array(masks(make("k-fold", folds=5)))
    assert found.sum(axis=0).tolist() == [1] * len(USERS)
    assert sorted(found.sum(axis=1).tolist()) == [13, 13, 13, 13, 14]


def test_cold_test_ratings_are_dropped_where_a_protocol_says_so(tmp_path, monkeypatch):
    path = tmp_path / "ratings.csv"
    rows = [f"{n},{n},3.0,9" for n in range(40)]
    path.write_text("\n".join(["userId,movieId,rating,timestamp", *rows]) + "\n")
    monkeypatch.setitem(RELEASES, "made", Release(40, 40, 40, None))
    indexed = open_data(DataSet(name="made"), path)
    kept, dropped = (
        next(rungs(indexed, make("random", 0.2, drop_cold=drop), 0)) for drop in (False, True)
    )
    assert (len(kept.test), kept.n_cold) == (8, 8)
    assert (len(dropped.test), dropped.n_cold) == (0, 0)
    assert len(dropped.train) == 32


def test_published_counts_of_ml_latest_small(movielens_small):
    (protocol,) = choose("mlas-latest-small")
    indexed = open_data(protocol.dataset, movielens_small)
    (rung,) = rungs(indexed, protocol.split, 42)
    assert (len(rung.train), len(rung.test)) == (80_651, 20_185)
