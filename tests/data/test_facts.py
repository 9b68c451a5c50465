"""What `data PATH` shows: counted by hand, and a warning where ids do not match."""

import numpy as np
import pytest
from release_files import write_csv

from harness.commands.data import open_and_describe
from harness.data.facts import facts_of
from harness.data.ladder.scales import cut
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import read


def test_facts_are_those_of_the_file(tmp_path):
    write_csv(tmp_path)
    facts = facts_of(read(locate(tmp_path), pytest.fail))
    assert facts.filled == 5 / (3 * 4)
    assert facts.values == {1.0: 1, 2.0: 1, 3.0: 1, 4.0: 1, 5.0: 1}
    assert facts.user == (2, 2)
    assert facts.movie == (30, 2)


@pytest.mark.parametrize("n_movies", [20, 500])
def test_the_cold_share_is_that_of_the_holdout_of_run(tmp_path, n_movies):
    generator = np.random.default_rng(0)
    pairs = generator.choice(100 * n_movies, 1_000, replace=False)
    rows = [f"{pair % 100},{pair // 100},{pair % 5}" for pair in pairs]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    dataset = read(locate(tmp_path), pytest.fail)
    rung = cut(dataset, "full", 0)
    facts = facts_of(dataset)
    assert facts.cold == pytest.approx(rung.n_cold / len(rung.test))
    assert facts.warning is None


def test_ratings_of_many_values_are_shown_in_ten_intervals(tmp_path):
    rows = [f"{n % 7},{n},{n / 10}" for n in range(300)]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    values = facts_of(read(locate(tmp_path), pytest.fail)).values
    assert len(values) == 10
    assert sum(values.values()) == 300


def test_ids_that_do_not_match_are_warned_of(tmp_path, own_cache, capsys):
    """A column of numbers of rows, taken for users."""
    rows = [f"{n},{n % 90},{1 + n % 5}" for n in range(900)]
    (tmp_path / "mine.csv").write_text("\n".join(["number,item,rating", *rows]))
    assert open_and_describe(str(tmp_path), None, {"user": "number"}) == 0
    printed = capsys.readouterr().out
    assert "users          900" in printed
    assert "heaviest movie 0, 10 ratings" in printed
    assert "100% of the test ratings are of a user or movie without training ratings" in printed


def test_text_ids_are_written_out_and_read_again(tmp_path, own_cache, capsys):
    rows = ['"a, b",x,3.5', "ü,x,4", "ü,=y,1"]
    (tmp_path / "mine.csv").write_text("\n".join(["user,item,rating", *rows]), encoding="utf-8")
    assert open_and_describe(str(tmp_path / "mine.csv"), tmp_path / "out", {}) == 0
    written = read(locate(tmp_path / "out"), pytest.fail)
    before = read(locate(tmp_path / "mine.csv"), pytest.fail)
    assert written.sha256 == before.sha256
    assert before.user_ids.tolist() == ["a, b", "ü"]
