"""A trained model with raw ids: asked, folded in, saved and loaded."""

import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from harness.conformance import oracle
from implementations import (
    AlsParams,
    Factors,
    IdMap,
    Ratings,
    fit,
    fold_in,
    predict,
    reasons,
    recommend,
)

pytestmark = pytest.mark.kernel

USERS = IdMap(["ann", "bob", "eve"])
ITEMS = IdMap([10, 20, 30, 40])


@pytest.fixture(params=["float32", "float64"])
def model(request):
    generator = np.random.default_rng(5)
    rows = [generator.standard_normal((n, 4)).astype(request.param) for n in (3, 4)]
    return Factors(*rows, 3.5, USERS, ITEMS, AlsParams(rank=3, reg=0.5, bias_reg=0.25))


def test_raw_ids_are_predicted_as_their_rows(model):
    plain = replace(model, user_ids=None, item_ids=None)
    raw = predict(model, ["eve", "ann"], [40, 10])
    np.testing.assert_array_equal(raw, predict(plain, [2, 0], [3, 0]))
    grid = predict(model, [["bob"], ["ann"]], ITEMS.ids)
    np.testing.assert_array_equal(grid, predict(plain, [[1], [0]], range(4)))


def test_who_is_unknown_has_no_factor_and_no_bias(model):
    users, items = (rows.astype(np.float64) for rows in (model.users, model.items))
    assert predict(model, "zoe", 20) == 3.5 + items[1, -1]
    assert predict(model, "bob", 7) == 3.5 + users[1, -1]
    assert predict(model, "zoe", 7) == 3.5


def test_the_best_items_are_recommended(model):
    every = predict(model, "bob", ITEMS.ids)
    order = np.argsort(-every)
    best = recommend(model, "bob", 3)
    assert best.items.tolist() == ITEMS.ids[order[:3]].tolist()
    np.testing.assert_allclose(best.ratings, every[order[:3]], rtol=1e-14)
    assert len(recommend(model, "bob", 100).items) == 4
    assert len(recommend(model, "bob", 0).items) == 0


def test_of_equal_predictions_the_lower_row_comes_first():
    alike = Factors(np.zeros((1, 2)), np.ones((5, 2)), 3.0)
    assert recommend(alike, 0, 3).items.tolist() == [0, 1, 2]


def test_what_was_seen_is_left_out(model):
    seen = Ratings(
        *(np.array(ids, np.int32) for ids in ([0, 1, 1], [3, 0, 2])),
        *(np.ones(3, np.float32), 3, 4, USERS, ITEMS),
    )
    assert sorted(recommend(model, "bob", seen=seen).items) == [20, 40]
    assert sorted(recommend(model, "bob", seen=[10, 30, 999]).items) == [20, 40]
    assert sorted(recommend(model, "zoe", seen=seen).items) == [10, 20, 30, 40]
    assert sorted(recommend(model, "ann", seen=seen).items) == [10, 20, 30]


@pytest.mark.parametrize("count_scaled", [False, True])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("rated", [[40], [10, 30], [30, 10, 20, 40]])
def test_a_user_folded_in_is_the_row_that_the_oracle_solves(model, rated, biases, count_scaled):
    params = AlsParams(rank=3, reg=0.5, bias_reg=0.25, count_scaled=count_scaled, biases=biases)
    values = np.arange(len(rated), dtype=np.float32) + 2
    new = fold_in(model, rated, values, params)
    rows = ITEMS.rows("items", rated).astype(np.int32)
    alone = Ratings(np.zeros(len(rows), np.int32), rows, values, 1, 4)
    start = Factors(np.zeros((1, 4)), model.items.astype(np.float64), model.mean)
    exact = oracle.half_sweep(alone, params, start, "users")
    np.testing.assert_allclose(new.users, exact, rtol=1e-9, atol=1e-12)
    assert (len(new.users), new.user_ids, new.item_ids) == (1, None, ITEMS)
    assert recommend(new, 0, seen=rated).items.size == 4 - len(rated)


@pytest.mark.parametrize("biases", [False, True])
def test_the_reasons_of_a_prediction_add_up_to_it(model, biases):
    params = AlsParams(rank=3, reg=0.5, bias_reg=0.25, biases=biases)
    rated, values = [40, 10, 20], [5, 1, 3]
    parts = reasons(model, rated, values, [30, 20], params)
    assert parts.shape == (2, 3)
    alone = fold_in(model, rated, values, params)
    base = model.mean + model.items[[2, 1], -1].astype(np.float64)
    np.testing.assert_allclose(base + parts.sum(axis=1), predict(alone, 0, [30, 20]), rtol=1e-12)


def test_reasons_are_of_items_that_are_known(model):
    with pytest.raises(ValueError, match="wanted must be one-dimensional, of items that the model"):
        reasons(model, [40], [5], [999])
    with pytest.raises(ValueError, match="items must hold one item at least"):
        reasons(model, [], [], [10])


def test_a_user_without_ratings_is_folded_in_as_zeros(model):
    assert not fold_in(model, [], []).users.any()


@pytest.mark.parametrize("ids", [(None, None), (USERS, ITEMS), (IdMap([3, 5, 2**64 - 1]), None)])
def test_a_saved_model_comes_back_to_the_bit(model, ids, tmp_path):
    saved = replace(model, user_ids=ids[0], item_ids=ids[1])
    saved.save(tmp_path / "model")
    loaded = Factors.load(tmp_path / "model")
    for one, other in ((saved.users, loaded.users), (saved.items, loaded.items)):
        assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes())
    assert (loaded.mean, loaded.params) == (saved.mean, saved.params)
    assert (loaded.user_ids, loaded.item_ids) == ids


@pytest.mark.parametrize("texts", [["", "\0", "a\0", "ä"], ["\udc80"], [], ["1\n2", "🎬" * 50]])
def test_every_string_comes_back(texts, tmp_path):
    rows = np.zeros((len(texts), 1))
    Factors(rows, rows, 1.0, IdMap(np.array(sorted(texts), object))).save(tmp_path / "m.npz")
    assert Factors.load(tmp_path / "m.npz").user_ids.ids.tolist() == sorted(texts)


def test_saving_replaces_and_leaves_nothing_beside(model, tmp_path):
    for _ in range(2):
        model.save(tmp_path / "m.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]
    with pytest.raises(OSError, match="nowhere"):
        model.save(tmp_path / "nowhere" / "m.npz")


def test_a_failed_save_leaves_what_was_there(model, tmp_path, monkeypatch):
    model.save(tmp_path / "m.npz")
    before = (tmp_path / "m.npz").read_bytes()
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(OSError, match="No space left"):
        replace(model, mean=9.0).save(tmp_path / "m.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]
    assert (tmp_path / "m.npz").read_bytes() == before


def _no_space(_):
    raise OSError(28, "No space left on device")


def test_a_file_that_is_damaged_anywhere_is_named_or_gives_the_same(model, tmp_path):
    model.save(tmp_path / "m.npz")
    whole = (tmp_path / "m.npz").read_bytes()
    generator = np.random.default_rng(1)
    for _ in range(300):
        damaged = bytearray(whole)
        if generator.integers(2):
            del damaged[generator.integers(len(damaged)) :]
        else:
            damaged[generator.integers(len(damaged))] ^= 1 << generator.integers(8)
        (tmp_path / "d.npz").write_bytes(damaged)
        try:
            loaded = Factors.load(tmp_path / "d.npz")
        except ValueError as error:
            assert "d.npz" in str(error)  # noqa: PT017  # some of the damage is without effect
        else:
            assert loaded.users.tobytes() == model.users.tobytes()
            assert loaded.items.tobytes() == model.items.tobytes()


def test_what_is_no_saved_model_is_named(model, tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, users=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz holds no saved factors"):
        Factors.load(path)
    path.write_text("userId,movieId\n")
    with pytest.raises(ValueError, match=r"other\.npz"):
        Factors.load(path)
    with pytest.raises(OSError, match="not-there"):
        Factors.load(tmp_path / "not-there.npz")


def test_a_later_version_asks_for_an_update(model, tmp_path, monkeypatch):
    monkeypatch.setattr("implementations.factors._VERSION", 2)
    model.save(tmp_path / "m.npz")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 2 is later than 1: update"):
        Factors.load(tmp_path / "m.npz")


def test_no_pickle_is_ever_read(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(path, about=np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"m\.npz"):
        Factors.load(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["about.npy"]


def test_ids_go_all_the_way(tmp_path):
    train = Ratings.from_arrays(["u1", "u1", "u2"], ["a", "b", "b"], [5, 3, 4])
    fitted = fit(train, AlsParams(rank=2, reg=0.1))
    assert fitted.params == AlsParams(rank=2, reg=0.1)
    fitted.save(tmp_path / "m.npz")
    loaded = Factors.load(tmp_path / "m.npz")
    assert recommend(loaded, "u2", seen=train).items.tolist() == ["a"]
    np.testing.assert_array_equal(
        predict(loaded, ["u1", "new"], "a"), predict(fitted, ["u1", "new"], "a")
    )
