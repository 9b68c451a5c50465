"""A copy of a rung that is compiled by itself: equal to it in all but where its code lies.

Two names of one class run the same machine code, so they cannot differ by where it lies, as two
implementations do.
"""

import re
import sys
from argparse import ArgumentTypeError
from importlib import import_module
from inspect import getsource
from pathlib import Path

from implementations import kernels
from implementations.registry import find

_PACKAGE = "twin"
_KERNELS = re.compile(r"^from implementations\.kernels import", re.MULTILINE)
_SLOWED = """
from harness.study.backends import Slowed
from implementations.registry import find


class Slowed{one_in}(Slowed):
    variant = find("{plain}")
    dtype_name, most_threads, one_in = variant.dtype, variant.most_threads, {one_in}
"""


def twinned(name: str) -> str:
    """Name of an implementation that has a twin, as the type of an argument.

    Raises
    ------
    ArgumentTypeError
        Where it has none.
    """
    try:
        _copied(name)
    except (KeyError, ValueError) as error:
        raise ArgumentTypeError(str(error.args[0])) from None
    return name


def _copied(name: str) -> str:
    """Source of a rung, with the kernels of the twin."""
    module = find(name).made_by.__module__
    copied, imports = _KERNELS.subn(
        f"from {_PACKAGE}.kernels import", getsource(import_module(module))
    )
    if not imports:
        raise ValueError(f"{name}: its kernels are not in implementations/kernels.py")
    return copied


def write_twin(folder: Path, implementation: str, slow_downs: tuple[int, ...]) -> dict[int, str]:
    """Copy a rung into a package that this process and its workers find.

    Parameters
    ----------
    folder : Path
    implementation : str
        One whose kernels are in `implementations.kernels`.
    slow_downs : tuple of int
        One row in so many is solved twice.

    Returns
    -------
    dict
        Names of the twin, by its slow-down; 0: of that which solves no row twice.

    Raises
    ------
    ValueError
        Where its kernels are elsewhere.
    """
    copied, made_by = _copied(implementation), find(implementation).made_by
    rung = made_by.__module__.rpartition(".")[2]
    package = folder / _PACKAGE
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "kernels.py").write_text(getsource(kernels), "utf-8")
    (package / f"{rung}.py").write_text(copied, "utf-8")
    plain = f"{_PACKAGE}.{rung}:{made_by.__name__}"
    slowed = "".join(_SLOWED.format(plain=plain, one_in=one_in) for one_in in slow_downs)
    (package / "slowed.py").write_text(slowed, "utf-8")
    sys.path.insert(0, str(folder))
    return {0: plain} | {one_in: f"{_PACKAGE}.slowed:Slowed{one_in}" for one_in in slow_downs}
