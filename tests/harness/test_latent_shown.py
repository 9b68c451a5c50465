"""`latent`: names that lie apart, odd models, and the command."""

import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from made_models import ABOUT, made

from harness.analysis.latent import latent_facts
from harness.cli import main
from harness.measure.plan import Plan
from harness.report.drawing.style import as_wide_as
from harness.report.latent import latent_figures, map_figure
from harness.report.latent.labels import Ground, Name, around, place
from harness.report.latent.words import plain_title
from harness.results.events import RunStarted
from harness.results.log import EventLog
from implementations import AlsParams

RANDOM = np.random.default_rng


# --- pictures


def test_names_cover_neither_each_other_nor_the_edge():
    random = RANDOM(9)
    points = random.random((60, 2)) * (3, 2)
    names = [Name(f"Title {'x' * (n % 12)}", *points[n].tolist()) for n in range(60)]
    spared = [around(Name("", 1.5, 1.0))]
    placed = place(names, Ground((3.0, 2.0), points, spared), [], 25)
    assert 10 <= len(placed) <= 25
    for number, box in placed.items():
        assert box.is_within((3.0, 2.0))
        others = [*spared, *(around(names[other]) for other in placed if other != number)]
        assert not any(box.overlaps(other) for other in others)
    assert not any(one.overlaps(other) for one, other in combinations(placed.values(), 2))


@pytest.mark.parametrize("width", [6.5, 3.7])
def test_drawn_texts_of_the_map_lie_apart(width):
    with as_wide_as(width):
        figure = map_figure(latent_facts(made(160)) | ABOUT)
    (axes,) = figure.axes
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) > 5
    frame = axes.get_window_extent().padded(1)
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Matrix, The (1999)", "The Matrix"),
        ("Star Wars: Episode IV - A New Hope (1977)", "Star Wars IV"),
        ("Lord of the Rings: The Two Towers, The (2002)", "The Two Towers"),
        ("(1999)", "(1999)"),
        ("Two Words (Deux mots) (2001)", "Two Words"),
    ],
)
def test_titles_are_said_as_people_say_them(title, said):
    assert plain_title(title) == said


# --- odd input


@pytest.mark.parametrize(
    "trained",
    [made(genres=()), made(genres=("X",)), made(rank=1), made(8, rank=20), made(4, 2, ("A", "B"))],
    ids=["no genres", "one genre", "rank 1", "rank above movies", "four movies"],
)
def test_odd_models_are_drawn_without_a_warning(trained):
    if len(trained.titles) == 4:
        trained.counts[:] = 20
    facts = json.loads(json.dumps(latent_facts(trained) | ABOUT, allow_nan=False))
    for width in (6.5, 3.7):
        names = [
            (drawn.name, drawn.svg[:5], drawn.png[1:4]) for drawn in latent_figures(facts, width)
        ]
        assert [name for name, *_ in names] == ["latent", "latent-genres", "latent-shrinkage"]


# --- the command


@pytest.fixture
def two_tastes(tmp_path) -> Path:
    """Half of the users like children's movies, half horror; two movies have no title."""
    random = RANDOM(2)
    rows = ["userId,movieId,rating"]
    for user in range(300):
        for movie in random.choice(40, 25, replace=False).tolist():
            likes = (movie >= 20) == user % 2
            rows.append(f"{user},{movie},{4 + random.integers(3) / 2 if likes else 1.5}")
    kinds = ["Children"] * 20 + ["Horror"] * 20
    movies = [f"{n},Film {n} (19{n + 10}),{kind}" for n, kind in enumerate(kinds)]
    folder = tmp_path / "tastes"
    folder.mkdir()
    (folder / "ratings.csv").write_text("\n".join(rows))
    (folder / "movies.csv").write_text("\n".join(["movieId,title,genres", *movies[2:]]))
    return folder


def test_a_model_is_looked_at(two_tastes, own_cache, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["latent", "--data", str(two_tastes), "--impl", "numpy", "--rank", "3"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^Children \(18\) +Horror \(20\) +1\.00 ", printed, re.MULTILINE)
    folder = tmp_path / "results" / "latent-tastes"
    facts = json.loads((folder / "latent.json").read_text())
    assert {"movie 0", "movie 1", "Film 2 (1912)"} <= set(facts["movies"]["title"])
    assert facts["model"]["params"]["rank"] == 3
    assert len(sorted(folder.glob("latent*"))) == 7
    again = latent_figures(facts)[0]
    assert (folder / "latent.svg").read_text() == again.svg


def test_a_run_is_looked_at_with_its_parameters(two_tastes, own_cache, tmp_path, capsys, refused):
    run = tmp_path / "run"
    plan = Plan(implementations=("numpy",), rungs=("full",), threads=(1,), sweeps=3,
                params=AlsParams(rank=2, reg=4.0))  # fmt: skip
    main(["latent", "--data", str(two_tastes), "--impl", "numpy", "--out", str(tmp_path / "once")])
    data = json.loads((tmp_path / "once" / "latent.json").read_text())["data"]
    data |= {"source": str(two_tastes)}
    EventLog(run, RunStarted("now", plan.to_json(), data, {})).close()
    assert main(["latent", str(run), "--impl", "numpy"]) == 0
    model = json.loads((run / "latent.json").read_text())["model"]
    assert (model["params"]["reg"], model["sweeps"]) == (4.0, 3)
    capsys.readouterr()
    assert "--scale: a run has its own" in refused("latent", run, "--scale", "1m")
    (two_tastes / "ratings.csv").write_text("userId,movieId,rating\n1,1,3\n2,1,4\n2,2,5\n")
    assert "has changed since" in refused("latent", run)


def test_what_cannot_be_looked_at_is_said_in_a_line(two_tastes, refused, tmp_path, capsys):
    assert "no run is here" in refused("latent", tmp_path)
    assert "there is no scale '2m'" in refused("latent", "--scale", "2m", "--data", two_tastes)
    assert "--impl: " in refused("latent", "--impl", "nothing")
    (two_tastes / "ratings.csv").write_text("userId,movieId,rating\n1,1,3\n2,1,4\n2,2,5\n")
    assert main(["latent", "--data", str(two_tastes), "--impl", "numpy"]) == 2
    *_, said = capsys.readouterr().err.splitlines()
    assert said.startswith("harness: the factors have vanished")
    assert not Path("results").exists()


def test_real_factors_know_what_horror_is(movielens_small, own_cache, tmp_path):
    given = ["--data", str(movielens_small), "--impl", "numba-parallel", "--out", str(tmp_path)]
    assert main(["latent", *given]) == 0
    facts = json.loads((tmp_path / "latent.json").read_text())
    pair = facts["pairs"][0]
    assert (pair["first"], pair["second"]) == ("Children", "Horror")
    assert pair["low"] > 0.8
    near = {one["title"]: [other["title"] for other in one["near"]] for one in facts["neighbours"]}
    assert near["Alien (1979)"][0] == "Aliens (1986)"
    assert "Aladdin (1992)" in near["Toy Story (1995)"]
    assert facts["shrinkage"][0]["length"][1] < 0.5 * facts["shrinkage"][4]["length"][1]
