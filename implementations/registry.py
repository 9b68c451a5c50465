"""The implementations there are: ours, entry points of other packages, and ``module:Class``."""

import os
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from implementations.backend import AlsBackend, Variant

ENTRY_POINT_GROUP = "als_ladder.backends"

# name: (module:Class, dtype, idea, most threads). The order is that of the ladder.
_OURS: dict[str, tuple[str, str, str, int | None]] = {
    "naive": ("naive:Naive", "float64", "plain Python loops", 1),
    "numpy": ("numpy_batched:NumpyBatched", "float64", "whole arrays, batched", 1),
    "numba-serial": ("numba_serial:NumbaSerial", "float64", "compiled loops, one CSR", 1),
    "numba-parallel": ("numba_parallel:NumbaParallel", "float64", "dual CSR, threads", None),
    "numba-tiled": ("numba_tiled:NumbaTiled", "float64", "SIMD register tiles", None),
    "numba-serial-f32": ("numba_serial:NumbaSerial", "float32", "compiled loops, one CSR", 1),
    "numba-parallel-f32": ("numba_parallel:NumbaParallel", "float32", "dual CSR, threads", None),
    "numba-tiled-f32": ("numba_tiled:NumbaTiled", "float32", "SIMD register tiles", None),
}

# The float64 rungs, each a reference for those above it.
LADDER = ("naive", "numpy", "numba-serial", "numba-parallel", "numba-tiled")

GROUPS: dict[str, tuple[str, ...]] = {
    "all": (*LADDER, "numba-tiled-f32"),
    "f32": ("numba-serial-f32", "numba-parallel-f32", "numba-tiled-f32"),
}

# dtype: largest difference from the reference in RMSE, in a prediction, in a row (relative).
_TOLERANCES = {"float64": (1e-9, 1e-9, 1e-9), "float32": (1e-5, 1e-3, 1e-4)}


def names() -> list[str]:
    """Names of all registered implementations: ours in the order of the ladder, then plug-ins."""
    return [*_OURS, *sorted(_plugins())]


def expand(asked: str) -> list[str]:
    """Names asked for as a comma-separated list of names and groups, each once, in this order."""
    parts = [part.strip() for part in asked.split(",") if part.strip()]
    return list(dict.fromkeys(name for part in parts for name in GROUPS.get(part, (part,))))


@cache
def find(name: str) -> Variant:
    """Look an implementation up.

    Parameters
    ----------
    name : str
        A registered name, or ``package.module:Class``. The working directory is searched, too.

    Returns
    -------
    Variant

    Raises
    ------
    KeyError
        Where nothing goes by that name; its message lists what does.
    ImportError, AttributeError
        Where a plug-in's module or class cannot be loaded.
    TypeError
        Where the class is not an AlsBackend, leaves a method of it out, or has another dtype.
    """
    if name in _OURS:
        path, dtype, idea, most_threads = _OURS[name]
        module, attribute = path.split(":")
        backend = getattr(import_module(f"implementations.{module}"), attribute)
        return _variant(name, backend, dtype, idea, most_threads)
    plugins = _plugins()
    if name in plugins:
        return _foreign(name, plugins[name])
    if ":" in name:
        return _foreign(name, EntryPoint(name, name, ENTRY_POINT_GROUP))
    raise KeyError(f"no implementation {name!r}; there are {', '.join(names())}, or module:Class")


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _foreign(name: str, point: EntryPoint) -> Variant:
    """Variant of somebody else's class."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    backend = point.load()
    if not (isinstance(backend, type) and issubclass(backend, AlsBackend)):
        raise TypeError(f"{name} is not a class derived from implementations.AlsBackend")
    if missing := sorted(getattr(backend, "__abstractmethods__", ())):
        raise TypeError(f"{name} leaves out {', '.join(missing)} of implementations.AlsBackend")
    idea = (backend.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    if backend.dtype_name not in _TOLERANCES:
        raise TypeError(f"{name}.dtype_name is {backend.dtype_name!r}, not float64 or float32")
    return _variant(name, backend, backend.dtype_name, idea, backend.most_threads)


def _variant(
    name: str, backend: type[AlsBackend], dtype: str, idea: str, most_threads: int | None
) -> Variant:
    return Variant(name, backend, dtype, idea, most_threads, *_TOLERANCES[dtype])
