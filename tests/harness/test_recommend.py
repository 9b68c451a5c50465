"""`recommend`: titles that are meant, reasons that add up, and what a person would agree with."""

import re

import numpy as np
import pytest

from harness.cli import main

MOVIES = ["movieId,title,genres"]
MOVIES += [
    f"{n},{kind} {n} (19{n + 10}),X" for n in range(40) for kind in ["Fun" if n < 20 else "War"]
]


@pytest.fixture
def two_tastes(tmp_path):
    """Half of the users like fun, half like war."""
    generator = np.random.default_rng(2)
    rows = ["userId,movieId,rating"]
    for user in range(200):
        likes_war = user % 2
        for movie in generator.choice(40, 25, replace=False):
            likes = (movie >= 20) == likes_war
            rows.append(f"{user},{movie},{4 + generator.integers(3) / 2 if likes else 1.5}")
    (tmp_path / "ratings.csv").write_text("\n".join(rows))
    (tmp_path / "movies.csv").write_text("\n".join(MOVIES))
    return tmp_path


def _recommended(text: str) -> list[str]:
    return re.findall(r"^ +\d\.\d\d  (.+?)  ", text, re.MULTILINE)


@pytest.mark.parametrize(("like", "kind"), [("fun 7 ", "Fun"), ("WAR 33 (1943)", "War")])
def test_who_likes_one_kind_is_recommended_that_kind(two_tastes, own_cache, capsys, like, kind):
    given = ["--data", str(two_tastes), "--impl", "numpy", "--n", "12"]
    assert main(["recommend", "--like", like, *given]) == 0
    printed = capsys.readouterr().out
    found = _recommended(printed)
    assert len(found) == 12
    assert all(title.startswith(kind) for title in found)
    liked = re.search(r"^liked  (.+)$", printed, re.MULTILINE)[1]
    assert liked.casefold().startswith(like.strip().casefold()[:5])
    assert liked not in found
    assert printed.count(f"{liked} +") == 12


def test_a_title_that_nobody_has_is_named_with_those_near_it(two_tastes, refused):
    said = refused("recommend", "--like", "Fnu 7 (1917)", "--data", two_tastes, "--impl", "numpy")
    assert "--like 'Fnu 7 (1917)': no title holds it; near it are Fun 7 (1917)" in said


def test_without_titles_there_is_nothing_to_like(two_tastes, refused):
    (two_tastes / "movies.csv").unlink()
    said = refused("recommend", "--like", "Fun", "--data", two_tastes, "--impl", "numpy")
    assert "has no titles: put movies.csv beside the ratings" in said


def test_real_ratings_give_what_a_person_would_agree_with(movielens_small, own_cache, capsys):
    likes = ["alien (1979)", "blade runner", "terminator, the"]
    given = [word for like in likes for word in ("--like", like)]
    assert main(["recommend", *given, "--data", str(movielens_small)]) == 0
    found = _recommended(capsys.readouterr().out)
    assert "Aliens (1986)" in found[:3]
    assert "Terminator 2: Judgment Day (1991)" in found[:3]
