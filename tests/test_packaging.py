"""What is imported is declared, and what reaches into internals is bounded."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"implementations", "harness"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def distribution(requirement: str) -> str:
    """Name of the distribution that a requirement is about, as the index writes it."""
    return re.split(r"[<>=!~ ;\[]", requirement)[0].lower().replace("_", "-")


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level modules that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def foreign(folder: Path) -> set[str]:
    """Modules of others that are imported below a folder."""
    found = {
        name
        for path in folder.rglob("*.py")
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
    }
    return found - OURS - set(sys.stdlib_module_names)


DECLARED = {distribution(requirement) for requirement in PROJECT["dependencies"]}
OPTIONAL = ("peers", "dask")  # extras that the project itself imports
PEERS = {
    distribution(name) for extra in OPTIONAL for name in PROJECT["optional-dependencies"][extra]
}
# Where the module has another name than its distribution, whether that is here or not.
PEER_MODULES = {"surprise": "scikit-surprise"}


@pytest.mark.parametrize("room", sorted(OURS))
def test_every_import_is_declared(room):
    distributions = packages_distributions()
    undeclared = {
        name
        for name in foreign(ROOT / room)
        if not {one.lower().replace("_", "-") for one in distributions.get(name, [])} & DECLARED
        and PEER_MODULES.get(name, name) not in PEERS
    }
    assert undeclared == set()


def test_an_import_that_is_not_declared_is_seen(tmp_path):
    (tmp_path / "module.py").write_text("def f():\n    from urllib3.util import Retry\n")
    assert foreign(tmp_path) == {"urllib3"}


def test_libraries_are_imported_where_they_are_raced_only():
    for path in [*(ROOT / "harness").rglob("*.py"), *(ROOT / "implementations").glob("*.py")]:
        names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        assert not {PEER_MODULES.get(name, name) for name in names} & PEERS, path


@pytest.mark.parametrize("name", ["numba", "llvmlite"])
def test_what_internals_are_used_of_is_bounded_above(name):
    (requirement,) = [one for one in PROJECT["dependencies"] if distribution(one) == name]
    assert "<" in requirement


def test_constraints_pin_what_is_declared():
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    pinned = {distribution(line) for line in lines}
    extras = {
        distribution(one) for every in PROJECT["optional-dependencies"].values() for one in every
    }
    assert (DECLARED | extras) - pinned == set()
    assert all("==" in line and "//" not in line for line in lines)
