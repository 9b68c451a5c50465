"""The command `reproduce`: every verdict, every exit status, and what is refused."""

import re

import numpy as np
import pytest
from made import BIASES, figure, protocol_text, split, write_ratings, zipped_ratings

from harness.cli import main
from harness.data.movielens.download import RELEASES
from harness.reproduce.outcome import Verdict, compare, exit_status, not_tried
from harness.reproduce.protocol import Figure, read_protocol
from harness.reproduce.ratings import open_data, rungs
from harness.reproduce.training import Trainer
from harness.reproduce.trying import Workshop, try_protocol
from implementations.registry import find
from implementations.serving import predict
from implementations.training import fit

RACE = 'implementation = "numpy"\nover = "naive"'


@pytest.fixture
def ratings(tmp_path):
    return write_ratings(tmp_path / "ratings")


@pytest.fixture
def tried(tmp_path, ratings, capsys):
    """Exit status and lines of standard output of a protocol that is made of this text."""

    def run(figures, *arguments, **parts):
        path = tmp_path / "mine.toml"
        path.write_text(protocol_text(ratings, figures, **parts))
        status = main(["reproduce", str(path), "--data", str(ratings), *arguments])
        return status, capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def refused(capsys):
    """What a bad call says: one line at the end, status 2."""

    def call(*arguments):
        assert main([str(argument) for argument in arguments]) == 2
        *_, last = capsys.readouterr().err.splitlines()
        assert last.startswith("harness: ")
        return last

    return call


def listed(lines):
    """The cells of the list at the end."""
    start = next(n for n, line in enumerate(lines) if line.startswith("---"))
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[start:]]
    return [row for row in rows[1:] if len(row) == len(rows[0])]


def expected_rmse(ratings):
    """RMSE of the made protocol on train and test, from `fit` and `predict` alone."""
    protocol = read_protocol(protocol_text(ratings, figure("test RMSE", 1)).encode(), "made")
    (rung,) = rungs(open_data(protocol.dataset, ratings), protocol.split, 3)
    model = fit(rung.train, protocol.model.params, sweeps=3, implementation="naive")
    sides = (rung.train, rung.test)
    gaps = [side.values - predict(model, side.users, side.items) for side in sides]
    return [float(np.sqrt(np.mean(gap**2))) for gap in gaps]


def try_made(ratings, figures, free_bytes=1 << 40, **parts):
    protocol = read_protocol(protocol_text(ratings, figures, **parts).encode(), "made")
    return try_protocol(protocol, None, ratings, workshop([], free_bytes))


def workshop(said, free_bytes=1 << 40):
    return Workshop(find, lambda: free_bytes, said.append, said.append)


# What was tried.


def test_figures_that_come_out_are_reproduced(tried, ratings):
    train, test = expected_rmse(ratings)
    status, lines = tried(figure("train RMSE", train, 1e-9) + figure("test RMSE", test, 1e-9))
    assert status == 0
    assert [row[-1] for row in listed(lines)] == ["reproduced"] * 2
    assert listed(lines)[1][:4] == ["made", "test RMSE", f"{test:.5f}", f"{test:.5f}"]
    assert lines[0] == "made: A (2001), T, L"


def test_a_figure_that_does_not_come_out_gives_status_1(tried, ratings):
    train, test = expected_rmse(ratings)
    figures = figure("train RMSE", train, 1e-9) + figure("test RMSE", test + 0.01, 0.009)
    status, lines = tried(figures)
    assert status == 1
    assert [row[-1] for row in listed(lines)] == ["reproduced", "NOT reproduced"]
    assert listed(lines)[1][4:6] == ["-0.01000", "0.00900"]


def test_counts_are_held_exactly(tried, ratings):
    n = len(ratings.read_text().splitlines()) - 1
    n_test = int((np.random.RandomState(3).random_sample(n) < 0.25).sum())
    right, wrong = figure("test ratings", n_test), figure("training ratings", n - n_test + 1)
    status, lines = tried(right + wrong)
    assert status == 1
    assert [row[-1] for row in listed(lines)] == ["reproduced", "NOT reproduced"]
    assert listed(lines)[1][4] == "-1"


def test_the_spread_over_seeds_adds_to_the_tolerance(tried):
    parts = {"model": BIASES, "split": split("k-fold", "folds = 4")}
    _, lines = tried(figure("test RMSE", 1.4), **parts)
    ((*_, tolerance, _),) = listed(lines)
    assert tolerance.endswith("(3 seeds)")
    assert float(tolerance.split()[0]) > 0


def test_an_implementation_of_the_user_is_used(tried):
    status, lines = tried(figure("test RMSE", 1.4, 5.0), "--impl", "third_party:MyAls")
    assert (status, listed(lines)[0][-1]) == (0, "reproduced")


def test_a_speed_up_is_reproduced_within_its_factor(tried):
    status, lines = tried(figure("speed-up", 1e9, 2.0, RACE))
    ((_, _, published, here, gap, tolerance, verdict),) = listed(lines)
    assert (status, verdict, published) == (1, "NOT reproduced", "1,000,000,000x")
    assert here.endswith("x")
    assert (gap[:7], tolerance) == ("factor ", "factor 2")
    status, lines = tried(figure("speed-up", 1.0, 1e6, RACE))
    assert (status, listed(lines)[0][-1]) == (0, "reproduced")


def test_what_finds_no_room_cannot_be_tried(ratings):
    figures = figure("speed-up", 10.0, 2.0, RACE) + figure("test RMSE", 1.4, 5.0)
    outcomes = try_made(ratings, figures, free_bytes=1000)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.NOT_TRIED] * 2
    assert re.search(r"naive needs about 0\.3 GiB of memory, and 0\.0 are free", outcomes[0].reason)


def test_what_cannot_be_solved_is_not_reproduced(ratings):
    model = '\n[model]\nsolver = "als"\nrank = 25\nreg = 0.0\nbias_reg = 0.0\nsweeps = 2\n'
    (outcome,) = try_made(ratings, figure("test RMSE", 1.0, 9.0), model=model)
    assert outcome.verdict is Verdict.NOT_REPRODUCED
    assert "singular" in outcome.reason
    assert exit_status([outcome]) == 1


@pytest.mark.parametrize("centred", ["true", "false"])
def test_centring_is_the_protocol_s(ratings, centred):
    text = protocol_text(ratings, figure("test RMSE", 1.0))
    # Under so large a ridge factors are zero: what is left is the mean, or nothing.
    text = text.replace("reg = 1.0", f"reg = 1e12\ncentred = {centred}\nbiases = false")
    protocol = read_protocol(text.encode(), "made")
    (rung,) = rungs(open_data(protocol.dataset, ratings), protocol.split, 3)
    found = Trainer(find("numpy"), 1 << 40, lambda *_: None).measure(rung, protocol.model)
    values = rung.test.values
    expected = values - rung.train.mean if centred == "true" else values
    assert found["test RMSE"] == pytest.approx(float(np.sqrt(np.mean(expected**2))), abs=1e-6)


def test_the_first_sweep_tells_how_long_it_will_take():
    said = []
    workshop(said).trainer(find("numpy"), "made").tick(1, 50, 2.5)
    assert "made: the first sweep took 2.5 s: at most 125 s for 50" in said


# What is no such data set.


def test_a_stand_in_is_refused(refused):
    message = refused("reproduce", "mlas-32m", "--data", "synthetic-32m")
    assert "a stand-in never reproduces a published figure" in message


def test_other_ratings_than_the_protocol_s_are_refused(ratings, refused):
    message = refused("reproduce", "mlas-32m", "--data", ratings)
    assert "not cf12b74f9ad4b94a011f079e26d4270a: it is not ml-32m, and other data" in message
    message = refused("reproduce", "surprise-ml-1m", "--data", ratings)
    assert "ratings, users and movies, not (1000209, 6040, 3706): it is not ml-1m" in message


def test_ratings_that_nothing_identifies_are_refused(tmp_path, ratings, refused):
    path = tmp_path / "mine.toml"
    text = protocol_text(ratings, figure("test RMSE", 1.0))
    path.write_text(re.sub(r"ratings_md5 = .*", "", text))
    message = refused("reproduce", path, "--data", ratings)
    assert "nothing tells made-ratings from a stand-in: give its ratings_md5" in message


def test_data_belong_to_one_protocol(ratings, refused):
    assert "--data belongs to one protocol" in refused("reproduce", "--data", ratings)


def test_a_broken_protocol_is_refused(tmp_path, refused):
    path = tmp_path / "mine.toml"
    path.write_text("name = ")
    assert "mine.toml is no protocol: " in refused("reproduce", path)


def test_what_is_not_here_cannot_be_tried(own_cache, capsys):
    assert main(["reproduce"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {row[-1] for row in listed(lines)} == {"cannot be tried here"}
    assert len(listed(lines)) == 24
    assert sum("cannot be tried here, because there is no " in line for line in lines) == 7


def test_a_zip_in_the_cache_that_is_another_cannot_be_tried(own_cache, ratings, capsys):
    zipped_ratings(ratings, own_cache / "downloads" / "ml-1m.zip")
    assert main(["reproduce", "surprise-ml-1m"]) == 0
    assert f"not {RELEASES['ml-1m'].md5}: it is not ml-1m" in capsys.readouterr().out


def test_ml_latest_small_is_reproduced(movielens_small, capsys):
    assert main(["reproduce", "mlas-latest-small", "--data", str(movielens_small)]) == 0
    rows = listed(capsys.readouterr().out.splitlines())
    assert [row[-1] for row in rows] == ["reproduced"] * 4


# The arithmetic of a verdict.


def made_figure(quantity="test RMSE", published=1.0, tolerance=0.1, **more):
    given = {"name": "f", "quantity": quantity, "published": published, "because": "made"}
    return Figure(**given, tolerance=tolerance, **more)


@pytest.mark.parametrize(("here", "near"), [(1.09, 1), (0.91, 1), (1.11, 0), (0.89, 0)])
def test_the_tolerance_holds_on_both_sides(here, near):
    outcome = compare("p", made_figure(), [here], original=True)
    assert outcome.verdict is (Verdict.REPRODUCED if near else Verdict.NOT_REPRODUCED)


@pytest.mark.parametrize(("here", "near"), [(19.0, 1), (6.0, 1), (21.0, 0), (4.0, 0)])
def test_a_speed_up_may_err_by_its_factor_either_way(here, near):
    figure = made_figure("speed-up", 10.0, 2.0, implementation="a", over="b")
    outcome = compare("p", figure, [here], original=False)
    assert outcome.verdict is (Verdict.REPRODUCED if near else Verdict.NOT_REPRODUCED)


def test_what_is_not_a_number_is_not_reproduced():
    outcome = compare("p", made_figure(), [float("nan")], original=True)
    assert outcome.verdict is Verdict.NOT_REPRODUCED


def test_the_spread_is_a_prediction_interval():
    # Standard deviation 1, t(.975; 2) = 4.302653, times the root of 1 + 1/3.
    outcome = compare("p", made_figure(), [1.0, 2.0, 3.0], original=False)
    assert outcome.tolerance == pytest.approx(0.1 + 4.302653 * (4 / 3) ** 0.5, abs=1e-5)
    assert (outcome.here, outcome.n_seeds) == (2.0, 3)


def test_only_what_was_tried_decides_the_exit_status():
    untried, near = not_tried("p", made_figure(), "r"), compare("p", made_figure(), [1.0], True)
    assert exit_status([untried, near]) == 0
    assert exit_status([untried, compare("p", made_figure(), [2.0], True)]) == 1
