"""Names, groups, and how somebody else's class comes in."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest
import third_party

from implementations import registry
from implementations.naive import Naive

LADDER = ["naive", "numpy", "numba-serial", "numba-parallel"]


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> str:
    """The third party's class, as an installed package's entry point gives it."""
    point = EntryPoint("my-als", "third_party:MyAls", registry.ENTRY_POINT_GROUP)
    installed = EntryPoints([point])
    monkeypatch.setattr(registry, "entry_points", lambda group: installed.select(group=group))
    registry.find.cache_clear()
    yield "my-als"
    registry.find.cache_clear()


def test_names_come_in_the_order_of_the_ladder() -> None:
    assert registry.names()[:4] == list(registry.GROUPS["all"][:4]) == LADDER
    assert set(registry.GROUPS["f32"]) < set(registry.names())


def test_every_name_is_found_under_its_own_name() -> None:
    for name in registry.names():
        variant = registry.find(name)
        assert variant.name == name
        assert variant.idea


def test_tolerances_are_those_of_the_dtype() -> None:
    double, single = registry.find("numba-serial"), registry.find("numba-serial-f32")
    tolerances = [
        (v.rmse_tolerance, v.prediction_tolerance, v.row_tolerance) for v in (double, single)
    ]
    assert tolerances == [(1e-9, 1e-9, 1e-9), (1e-5, 1e-3, 1e-4)]
    assert registry.find("naive").made_by is Naive


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("all", list(registry.GROUPS["all"])),
        ("numpy, naive", ["numpy", "naive"]),
        ("numpy,all,numpy", ["numpy", "naive", *registry.GROUPS["all"][2:]]),
        ("f32,a.b:C,", [*registry.GROUPS["f32"], "a.b:C"]),
        ("", []),
    ],
)
def test_expand(asked: str, expected: list[str]) -> None:
    assert registry.expand(asked) == expected


def test_an_entry_point_is_an_implementation(plugin: str) -> None:
    assert registry.names()[-1] == plugin
    variant = registry.find(plugin)
    assert (variant.name, variant.dtype, variant.most_threads) == (plugin, "float64", None)
    assert variant.made_by is third_party.MyAls
    assert variant.idea == "Dense matrices and a general solver"


def test_a_class_may_name_its_dtype_and_most_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(third_party.MyAls, "dtype_name", "float32", raising=False)
    monkeypatch.setattr(third_party.MyAls, "most_threads", 1, raising=False)
    variant = registry.find.__wrapped__("third_party:MyAls")
    assert (variant.dtype, variant.threads(8)) == ("float32", 1)


def test_the_working_directory_is_searched(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "found_here.py").write_text("from third_party import MyAls as Mine\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # undone at the end, with what `find` puts there
    assert registry.find("found_here:Mine").made_by is third_party.MyAls


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        (
            "numpi",
            KeyError,
            "no implementation 'numpi'; there are naive, numpy, .* or module:Class",
        ),
        ("no_such_module:Als", ImportError, "no_such_module"),
        ("third_party:Missing", AttributeError, "Missing"),
        ("unusable:NotABackend", TypeError, "unusable:NotABackend is no class derived from"),
        ("third_party:_solution", TypeError, "is no class derived from"),
        (
            "unusable:Incomplete",
            TypeError,
            "leaves out load, prepare, read, update_items, u",
        ),
    ],
)
def test_what_cannot_be_found_is_named(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        registry.find(name)


def test_usable_cores_are_at_least_one() -> None:
    assert registry.usable_cores() >= 1
