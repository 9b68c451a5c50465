"""An import goes down only: the layers of the project, held by reading the imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from layers import DATA_ROOMS, DRAWING, HARNESS, IMPLEMENTATIONS

ROOT = Path(__file__).parents[1]


def modules() -> dict[str, str]:
    """Source of every module of both packages, by its dotted name."""
    found = {}
    for package in ("implementations", "harness"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path.read_text("utf-8")
    return found


class _Running(ast.NodeTransformer):
    """Leaves out what only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def imports(tree: ast.AST, known: Mapping[str, str]) -> Iterator[str]:
    """Every module that a source imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in known else str(node.module)


def part_of(module: str) -> str:
    """`harness.data` of `harness.data.cache`; the package itself has the part ""."""
    return ".".join(module.split(".")[:2])


def _is_under(module: str, parents: set[str]) -> bool:
    return any(module == parent or module.startswith(f"{parent}.") for parent in parents)


def _allowed(importer: str, imported: str) -> bool:
    package, _, part = part_of(importer).partition(".")
    if _is_under(imported, {"matplotlib"}):
        return part_of(importer) == DRAWING
    if imported.split(".")[0] not in ("implementations", "harness"):
        return True
    if part and _is_under(imported, {part_of(importer)}):
        return True
    if package == "harness":
        return _is_under(imported, HARNESS[part] | {"harness.errors"})
    if not _is_under(imported, {"implementations"}):
        return False
    return _line(part_of(imported).partition(".")[2]) < _line(part)


def _line(part: str) -> int:
    return next(n for n, line in enumerate(IMPLEMENTATIONS) if part in line)


def _has_a_place(module: str) -> bool:
    package, _, part = part_of(module).partition(".")
    return part in (HARNESS if package == "harness" else set().union(*IMPLEMENTATIONS))


def violations(sources: Mapping[str, str]) -> list[str]:
    """One line for each import that does not go down, each cycle, each module without a place."""
    found = [
        f"{module} has no place in the layers" for module in sources if not _has_a_place(module)
    ]
    graph = {}
    for module, source in sources.items():
        imported = set(imports(ast.parse(source), sources))
        running = _Running().visit(ast.parse(source))
        graph[module] = {name for name in imports(running, sources) if name in sources}
        if _has_a_place(module):
            known = {name for name in imported if name not in sources or _has_a_place(name)}
            found += [
                f"{module} must not import {name}"
                for name in sorted(known)
                if not _allowed(module, name)
            ]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append(f"cycle: {' <- '.join(error.args[1])}")
    return found


EMPTY = dict.fromkeys(modules(), "")  # the modules there are, for one wrong line at a time


def test_imports_go_down_only() -> None:
    assert violations(modules()) == []


def walls_broken(sources: Mapping[str, str]) -> list[str]:
    """One line for each import of a room of harness.data from one that stands above it."""
    found = []
    for module, source in sources.items():
        for name in imports(ast.parse(source), sources):
            rooms = [".".join(one.split(".")[2:3]) for one in (module, name)]
            if all(room in DATA_ROOMS for room in rooms) and _is_under(name, {"harness.data"}):
                lower, upper = (DATA_ROOMS.index(room) for room in reversed(rooms))
                if module.startswith("harness.data.") and lower > upper:
                    found.append(f"{module} must not import {name}")
    return found


def test_rooms_of_the_data_are_walled() -> None:
    assert walls_broken(modules()) == []
    rooms = {
        ".".join(name.split(".")[2:3]) for name in modules() if _is_under(name, {"harness.data"})
    }
    assert rooms - {""} == set(DATA_ROOMS)
    planted = {"harness.data.ladder.scales": "from harness.data.movielens.locating import locate"}
    assert walls_broken(EMPTY | planted) == [
        "harness.data.ladder.scales must not import harness.data.movielens.locating"
    ]


@pytest.mark.parametrize(
    ("module", "line", "expected"),
    [
        ("implementations.naive", "import harness.errors", "harness.errors"),
        ("implementations.problem", "from implementations.jit import F", "implementations.jit"),
        ("implementations.naive", "from implementations import als", "implementations.als"),
        (
            "implementations.numba_serial",
            "from implementations.naive import solve",
            "implementations.naive",
        ),
        (
            "implementations.kernels",
            "from implementations.registry import find",
            "implementations.registry",
        ),
        ("implementations.kernels", "import matplotlib.pyplot", "matplotlib.pyplot"),
        (
            "harness.data.dataset",
            "from implementations.backend import Side",
            "implementations.backend",
        ),
        ("harness.data.dataset", "from harness.results import log", "harness.results.log"),
        (
            "harness.results.log",
            "from implementations.problem import Job",
            "implementations.problem",
        ),
        ("harness.cost", "from harness.measure.plan import Plan", "harness.measure.plan"),
        ("harness.conformance.oracle", "import harness.data.dataset", "harness.data.dataset"),
        ("harness.measure.worker", "def f():\n    import harness.analysis", "harness.analysis"),
        ("harness.analysis.parity", "from matplotlib import pyplot", "matplotlib"),
        ("harness.analysis.parity", "import implementations", "implementations"),
        (
            "harness.report.drawing.style",
            "from harness.results.log import read",
            "harness.results.log",
        ),
        ("harness.cli", "from harness.data import dataset", "harness.data.dataset"),
    ],
)
def test_a_planted_import_is_seen(module: str, line: str, expected: str) -> None:
    assert violations(EMPTY | {module: line}) == [f"{module} must not import {expected}"]


def test_a_planted_cycle_is_seen() -> None:
    circle = {
        "harness.conformance.oracle": "import harness.conformance.check",
        "harness.conformance.check": "def f():\n    from harness.conformance import oracle",
    }
    (cycle,) = violations(EMPTY | circle)
    assert "harness.conformance.oracle <- harness.conformance.check" in cycle


def test_an_import_for_types_alone_makes_no_cycle_but_has_its_layer() -> None:
    line = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {}\n"
    module, above = "harness.conformance.oracle", "harness.conformance.check"
    sources = EMPTY | {above: f"import {module}", module: line.format(above)}
    assert violations(sources) == []
    sources[module] += line.format("harness.cli")
    assert violations(sources) == [f"{module} must not import harness.cli"]


def test_a_module_without_a_place_is_seen() -> None:
    planted = EMPTY | {"harness.helpers.misc": "import os"}
    assert violations(planted) == ["harness.helpers.misc has no place in the layers"]


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("harness.cli", ("numba", "matplotlib", "pyarrow", "pandas", "scipy")),
        ("implementations", ("numba", "harness")),
    ],
)
def test_a_light_import_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    script = f"import sys, {module}; print(*sorted(sys.modules.keys() & set({heavy!r})))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == []
