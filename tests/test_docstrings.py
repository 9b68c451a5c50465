"""Everything public says what it is, and the parameters it documents are those that it has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path.relative_to(ROOT)
    for package in ("implementations", "harness")
    for path in (ROOT / package).rglob("*.py")
)
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(tree: ast.Module) -> Iterator[tuple[str, Documented]]:
    """Public functions and classes of a module, and the public methods of those classes."""
    for node in tree.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                        yield f"{node.name}.{method.name}", method


def documented_parameters(docstring: str) -> list[str] | None:
    """Names in a numpydoc Parameters section; None where there is no such section."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", docstring, re.M | re.S)
    if not section:
        return None
    heads = re.findall(r"^(?=\S)([^:\n]+)", section[1], re.M)
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def parameters(node: Documented) -> list[str]:
    """Names that a call takes: of a class, those of `__init__` or of its fields."""
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                return parameters(method)
        fields = [item.target for item in node.body if isinstance(item, ast.AnnAssign)]
        return [target.id for target in fields if isinstance(target, ast.Name)]
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [arg.arg for arg in every if arg and arg.arg not in ("self", "cls")]


def complaints(source: str) -> list[str]:
    """One line for each public thing without a docstring, or with one that does not fit it."""
    found = []
    for name, node in public(ast.parse(source)):
        docstring = ast.get_docstring(node)
        if docstring is None:
            found.append(f"{name} has no docstring")
            continue
        said, taken = documented_parameters(docstring), parameters(node)
        if said is not None and sorted(said) != sorted(taken):
            found.append(f"{name} documents {said} and takes {taken}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_docstrings_fit(path: Path) -> None:
    assert complaints((ROOT / path).read_text("utf-8")) == []


FITTING = '''
class Thing:
    """A thing.

    Parameters
    ----------
    size : int
        How big; may be 0: then it is nothing.
    """

    def __init__(self, size): ...

    def grow(self, by, *others, speed=1):
        """Grow.

        Parameters
        ----------
        by, speed : float
        *others
            As `by`.

        Raises
        ------
        ValueError
            Never.
        """

def _private(): ...
'''


def test_a_fitting_source_has_no_complaints() -> None:
    assert complaints(FITTING) == []


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("    size : int", "    length : int", "Thing documents ['length'] and takes ['size']"),
        (
            "by, speed : float",
            "by : float",
            "Thing.grow documents ['by', 'others'] and takes ['by', 'speed', 'others']",
        ),
        ("def _private", "def shown", "shown has no docstring"),
        (
            "def __init__(self, size)",
            "def __init__(self, size, colour)",
            "Thing documents ['size'] and takes ['size', 'colour']",
        ),
    ],
)
def test_what_does_not_fit_is_seen(right: str, wrong: str, expected: str) -> None:
    assert complaints(FITTING.replace(right, wrong)) == [expected]
