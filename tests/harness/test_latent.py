"""What factors mean: planted genres come out, each formula by another way, odd models."""

import numpy as np
import pytest
from made_models import made

from harness.analysis.latent import Trained, latent_facts
from harness.analysis.latent.separation import (
    auc,
    discriminant,
    interval,
    separation,
    shrunk_covariance,
)
from harness.analysis.latent.shrinkage import by_ratings
from harness.analysis.latent.space import cosines, in_stars, principal_axes
from harness.commands.latent import _PARAMS, _trained
from harness.data.ladder.scales import cut
from harness.data.synthetic import generate
from harness.errors import UserError
from implementations import fit

RANDOM = np.random.default_rng


# --- what was planted


def test_genres_planted_in_synthetic_ratings_come_out():
    dataset = generate.make(320_000)
    rung = cut(dataset, "320k", 0)
    trained = _trained(dataset, rung, fit(rung.train, _PARAMS))
    pairs = latent_facts(trained)["pairs"]
    assert (pairs[0]["first"], pairs[0]["second"]) == ("Children", "Horror")
    (typical,) = (p for p in pairs if (p["first"], p["second"]) == ("Comedy", "Thriller"))
    assert typical["low"] > 0.75
    assert np.median([pair["auc"] for pair in pairs]) > 0.75
    assert abs(np.mean([pair["shuffled"] for pair in pairs]) - 0.5) < 0.02


def test_genres_that_factors_know_nothing_of_are_at_chance():
    random = RANDOM(3)
    found = [separation(*random.normal(size=(2, 40, 10))) for _ in range(200)]
    assert abs(np.mean([one.auc for one in found]) - 0.5) < 0.02
    covered = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert covered > 0.92  # of 95 %


# --- what does not depend on how a model is written down


def test_facts_are_the_same_for_all_factors_that_predict_the_same():
    trained = made()
    change = RANDOM(5).normal(size=(5, 5)) + 2 * np.eye(5)
    users, items = trained.users.copy(), trained.items.copy()
    shift = RANDOM(6).normal(size=5)
    # Users moved by a constant, which the movies' biases take back; then both changed by A.
    users[:, :-1] = (users[:, :-1] + shift) @ change
    items[:, -1] -= items[:, :-1] @ shift
    items[:, :-1] = items[:, :-1] @ np.linalg.inv(change).T
    predicted = [u[:, :-1] @ i[:, :-1].T + i[:, -1] for u, i in (
        (trained.users, trained.items), (users, items),
    )]  # fmt: skip
    np.testing.assert_allclose(*predicted, rtol=1e-9, atol=1e-9)
    other = Trained(users, items, trained.counts, trained.titles, trained.genres)
    _assert_alike(latent_facts(trained), latent_facts(other))


def _assert_alike(one, other):
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        for a, b in zip(one, other, strict=True):
            _assert_alike(a, b)
    else:
        assert one == (pytest.approx(other, rel=1e-4, abs=1e-9) if type(one) is float else other)


def test_signs_do_not_hang_on_the_signs_of_factors():
    movies = RANDOM(1).normal(size=(40, 3)) ** 2
    scores = [principal_axes(movies * signs).scores for signs in ((1, 1, 1), (-1, 1, -1))]
    np.testing.assert_allclose(*scores, atol=1e-12)
    assert ((scores[0] ** 3).sum(axis=0) > 0).all()
    even = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    assert principal_axes(even).scores[0, 0] > 0
    np.testing.assert_allclose(principal_axes(-even).scores[0, 0], 2)


# --- by another way


def test_axes_are_the_eigenvectors_of_the_covariance():
    movies = RANDOM(2).normal(size=(60, 4)) @ np.diag([3, 2, 1, 0.5])
    axes = principal_axes(movies)
    values, vectors = np.linalg.eigh(np.cov(movies.T))
    np.testing.assert_allclose(axes.shares, values[::-1] / values.sum())
    expected = (movies - movies.mean(axis=0)) @ vectors[:, ::-1]
    np.testing.assert_allclose(np.abs(axes.scores), np.abs(expected), atol=1e-9)


def test_lengths_and_cosines_are_those_of_what_users_are_predicted():
    trained = made()
    predicted = trained.users[:, :-1] @ trained.items[:, :-1].T
    stars = in_stars(trained.users[:, :-1], trained.items[:, :-1])
    np.testing.assert_allclose(np.linalg.norm(stars, axis=1), predicted.std(axis=0))
    np.testing.assert_allclose(cosines(stars[:3], stars), np.corrcoef(predicted.T)[:3])


@pytest.mark.parametrize("ties", [False, True])
def test_the_auc_is_the_share_of_pairs_in_order(ties):
    random = RANDOM(4)
    first, second = random.normal(0.5, 1, 30), random.normal(0, 1, 41)
    if ties:
        first, second = first.round(), second.round()
    wins = [(a > b) + 0.5 * (a == b) for a in first for b in second]
    assert auc(first, second) == pytest.approx(np.mean(wins))


def test_the_discriminant_is_the_formula_written_out():
    random = RANDOM(8)
    first, second = random.normal(size=(2, 12, 3)) + np.array([[[1.0, 0, 0]], [[0, 0, 0]]])
    around_means = [*(first - first.mean(0)), *(second - second.mean(0))]
    n, eye = len(around_means), np.eye(3)
    sample = sum(np.outer(z, z) for z in around_means) / n
    scale = np.trace(sample) / 3
    noise = sum(np.linalg.norm(np.outer(z, z) - sample) ** 2 for z in around_means) / n**2
    share = min(1, noise / np.linalg.norm(sample - scale * eye) ** 2)
    within = (1 - share) * sample + share * scale * eye
    expected = np.linalg.inv(within) @ (first.mean(0) - second.mean(0))
    np.testing.assert_allclose(discriminant(first, second), expected)


def test_a_covariance_is_never_singular():
    for around_mean in (np.zeros((4, 3)), np.outer([1, -1, 2, -2], [1.0, 0, 0])):
        assert np.linalg.eigvalsh(shrunk_covariance(around_mean)).min() > 0


def test_the_interval_is_a_widened_one_of_hanley_and_mcneil():
    for bound in interval(0.893, 51, 58):
        error = _their_error(bound, 51, 58) * (1 + 0.8 * (1 - bound))
        assert abs(bound - 0.893) == pytest.approx(1.96 * error, rel=1e-3)
    low, high = interval(1.0, 20, 20)  # nothing wrong of so few is not all right
    assert (0.8 < low < 0.95, high) == (True, 1.0)
    assert interval(0.0, 20, 20) == (0.0, pytest.approx(1 - low))


def _their_error(a, n_first, n_second):
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)
    parts = a * (1 - a), (n_first - 1) * (q1 - a**2), (n_second - 1) * (q2 - a**2)
    return np.sqrt(sum(parts) / (n_first * n_second))


def test_few_ratings_are_told_from_many():
    counts = np.array([0, 1, 2, 4, 5, 9, 1000])
    found = by_ratings(counts, np.arange(7.0), -np.arange(7.0))
    assert [(one["least"], one["most"], one["movies"]) for one in found] == [
        (1, 1, 1), (2, 4, 2), (5, 9, 2), (1000, 1999, 1),
    ]  # fmt: skip
    assert found[1]["length"] == found[1]["bias"] == [2.25, 2.5, 2.75]


# --- odd input


def test_factors_with_nothing_to_show_are_refused():
    trained = made()
    trained.items[:, :-1] = 1.0
    with pytest.raises(UserError, match="are alike"):
        latent_facts(trained)
    trained.counts[2:] = 19
    with pytest.raises(UserError, match="movies with 20 training ratings: 2; a map takes 4"):
        latent_facts(trained)


def test_of_many_movies_the_most_rated_are_shown():
    trained = made(4200)  # of which 3,150 have 100 ratings or more
    facts = latent_facts(trained)
    assert facts["least_ratings"] > 100
    assert sorted(facts["movies"]["ratings"]) == np.sort(trained.counts)[-3000:].tolist()
