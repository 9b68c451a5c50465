"""Protocol files: those that come with the harness are good, and bad ones are one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from made import ALS, BIASES, SPLIT, figure, protocol_text, split, write_ratings

from harness.data.movielens.download import RELEASES
from harness.errors import UserError
from harness.reproduce.protocol import Als, Biases, bundled, choose, read_protocol
from implementations.registry import find

NAMES = [
    "cmfrec-ml-10m",
    "gpu-ml-32m",
    "mlas-32m",
    "mlas-latest-small",
    "mlas-speed-ups",
    "surprise-ml-100k",
    "surprise-ml-1m",
]
FILES = sorted((Path(__file__).parents[2] / "harness/reproduce/protocols").glob("*.toml"))


@pytest.fixture
def text(tmp_path):
    return protocol_text(write_ratings(tmp_path), figure("test RMSE", 1.0))


def test_the_bundled_protocols_are_sound():
    protocols = bundled()
    assert [protocol.name for protocol in protocols] == NAMES
    for protocol in protocols:
        assert protocol.dataset.name in RELEASES
        for one in protocol.figures:
            for name in (protocol.implementation, one.implementation, one.over):
                assert name is None or find(name).name == name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_their_lines_are_of_one_width(path):
    assert max(map(len, path.read_text().splitlines())) <= 120


def test_a_change_is_that_figure_s_alone():
    (protocol,) = choose("gpu-ml-32m")
    ranks = [protocol.model_of(one).rank for one in protocol.figures]
    assert ranks == [16, 16, 16, 32, 48, 64, 96]


def test_a_file_of_the_user_is_read(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    (protocol,) = choose(str(path))
    assert isinstance(protocol.model, Als)
    assert protocol.model.params.rank == 2


def test_the_solver_tells_the_models_apart(text):
    assert isinstance(read_protocol(text.replace(ALS, BIASES).encode(), "mine").model, Biases)


K_FOLD = split("k-fold", "folds = 3")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("rank = 2", "rank = ", "Invalid value"),
        ("rank = 2", "", "missing required field `rank` - at `$.model`"),
        ("rank = 2", "rank = 0", "`int` >= 1 - at `$.model.rank`"),
        ("rank = 2", "rank = 2\nspeed = 1", "unknown field `speed` - at `$.model`"),
        ('solver = "als"', 'solver = "sgd"', "'sgd' - at `$.model.solver`"),
        ("share = 0.25", "share = 1.5", "`float` < 1.0 - at `$.split.share`"),
        ("share = 0.25", "folds = 3", "a file-order split has `share` and no `folds`"),
        ("seeds = [3]", "seeds = [3, 4]", "has one seed"),
        ("original = true", "original = false", "needs three different seeds"),
        ('name = "made-ratings"', 'name = "synthetic-32m"', "is a stand-in"),
        ('quantity = "test RMSE"', 'quantity = "joy"', "'joy' - at `$.figures[0].quantity`"),
        ('quantity = "test RMSE"', 'quantity = "speed-up"', "`implementation` and `over`"),
        ('because = "made"', 'because = ""', "length >= 1 - at `$.figures[0].because`"),
        ('because = "made"', 'because = "made"\nchange = { rnk = 3 }', "unknown field `rnk`"),
        (SPLIT, K_FOLD + figure("test ratings", 5), "k folds have no single count"),
        ("[[figures]]", figure("test RMSE", 2) + "[[figures]]", "two figures have the same name"),
    ],
)
def test_a_bad_file_is_one_line(text, old, new, complaint):
    assert text.count(old) == 1
    with pytest.raises(UserError) as error:
        read_protocol(text.replace(old, new).encode(), "mine.toml")
    assert str(error.value).startswith("mine.toml is no protocol: ")
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_text_is_one_line():
    with pytest.raises(UserError, match=r"mine\.toml is no protocol"):
        read_protocol(b"\xff\xfe", "mine.toml")


def test_a_missing_file_is_one_line():
    with pytest.raises(UserError, match=r"no/mine.toml cannot be read"):
        choose("no/mine.toml")


def test_the_protocols_are_part_of_the_package(tmp_path):
    code = "from harness.reproduce.protocol import bundled; print(len(bundled()))"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": root}, capture_output=True
    )
    assert done.stdout.split() == [str(len(NAMES)).encode()]
