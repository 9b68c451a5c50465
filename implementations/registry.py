"""What there is: our implementations, libraries, plug-ins of packages, and ``module:Class``."""

import os
import sys
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import Any

from implementations.acceleration import PLAIN, RELAXATION, Acceleration
from implementations.backend import AlsBackend
from implementations.variant import Variant
from implementations.whole_fit import WholeFit

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

# The same for what some processors run only.
_SPECIAL: dict[str, tuple[str, str, str, int | None]] = {
    "numba-tiled-amx": ("numba_amx:NumbaTiledAmx", "float32", "Gram tiles by Intel's AMX", None),
}

# The same for what takes an extra, which is named first.
_EXTRAS: dict[str, tuple[str, str, str, str]] = {
    "dask": ("dask", "cluster.backend:DaskTiled", "float64", "partitions on a Dask cluster"),
    "dask-f32": ("dask", "cluster.backend:DaskTiled", "float32", "partitions on a Dask cluster"),
}
_EXTRA_REQUIRES = {"dask": "distributed"}

# Libraries that people use, name: module:Class of implementations.peers.
_PEERS = {
    "cmfrec": "cmfrec:Cmfrec",
    "cmfrec-cg": "cmfrec:CmfrecCg",
    "spark": "spark:Spark",
    "libmf": "libmf:LibMf",
    "surprise-baseline": "surprise:SurpriseBaseline",
}
_INSTALL = 'pip install -c constraints.txt -e ".[{extra}]"'

# The float64 rungs, each a reference for those above it.
LADDER = ("naive", "numpy", "numba-serial", "numba-parallel", "numba-tiled")

GROUPS: dict[str, tuple[str, ...]] = {
    "all": (*LADDER, "numba-tiled-f32"),
    "f32": ("numba-serial-f32", "numba-parallel-f32", "numba-tiled-f32"),
    "sooner": tuple(
        f"numba-tiled-f32{way}" for way in ("", "+relaxed", "+nested", "+relaxed+nested")
    ),
    "peers": tuple(_PEERS),
}

# dtype: largest difference from the reference in RMSE, in a prediction, in a row (relative).
_TOLERANCES = {"float64": (1e-9, 1e-9, 1e-9), "float32": (1e-5, 1e-3, 1e-4)}


def names() -> list[str]:
    """Names of what is driven by half-sweeps: ours in the order of the ladder, then plug-ins."""
    return [*_OURS, *sorted(_plugins())]


def peers() -> list[str]:
    """Names of the libraries that are raced against, here or not."""
    return [*_PEERS]


def extras() -> list[str]:
    """Names of what is driven by half-sweeps and takes an extra, here or not."""
    return [*_EXTRAS]


def special() -> list[str]:
    """Names of what some processors run only; its `refuses` says why this one does not."""
    return [*_SPECIAL]


def missing_peers() -> dict[str, str]:
    """Libraries that cannot be run here, each with what to do."""
    found = {}
    for name in _PEERS:
        try:
            find(name)
        except ImportError as error:
            found[name] = str(error)
    return found


def expand(asked: str) -> list[str]:
    """Names asked for as a comma-separated list of names and groups, each once, in this order.

    Of the group ``peers``, those that are here; all of them where none is.
    """
    parts = [part.strip() for part in asked.split(",") if part.strip()]
    return list(dict.fromkeys(name for part in parts for name in _members(part)))


def _members(part: str) -> tuple[str, ...]:
    members = GROUPS.get(part, (part,))
    if part != "peers":
        return members
    return tuple(name for name in members if name not in missing_peers()) or members


@cache
def find(name: str) -> Variant:
    """Look an implementation up.

    Parameters
    ----------
    name : str
        A registered name, or ``package.module:Class``. The working directory is searched, too.
        With ``+relaxed``, ``+relaxed=OMEGA`` or ``+nested`` behind it, that implementation driven
        so (`implementations.acceleration`).

    Returns
    -------
    Variant

    Raises
    ------
    KeyError
        Where nothing goes by that name; its message lists what does.
    ImportError, AttributeError
        Where a plug-in's module or class cannot be loaded, or a library is not installed.
    TypeError
        Where the class is neither an AlsBackend nor a WholeFit, leaves a method of it out, or has
        another dtype.
    ValueError
        Where a library that has `fit` only is to be driven otherwise, or OMEGA is no such number.
    """
    if "+" in name:
        return _accelerated(name)
    if own := (_OURS | _SPECIAL).get(name):
        path, dtype, idea, most_threads = own
        return _variant(name, _loaded(path), dtype, idea, most_threads)
    if name in _EXTRAS:
        extra, path, dtype, idea = _EXTRAS[name]
        _require(_EXTRA_REQUIRES[extra], extra)
        return _variant(name, _loaded(path), dtype, idea, None)
    if name in _PEERS:
        return _peer(name)
    plugins = _plugins()
    if name in plugins:
        return _foreign(name, plugins[name])
    if ":" in name:
        return _foreign(name, EntryPoint(name, name, ENTRY_POINT_GROUP))
    known = ", ".join([*names(), *_SPECIAL, *_EXTRAS, *_PEERS])
    raise KeyError(f"no implementation {name!r}; there are {known}, or module:Class")


def _accelerated(name: str) -> Variant:
    """Variant of an implementation that is driven in ways of its own: ``base+way+way``."""
    base, *ways = name.split("+")
    variant = find(base)
    if variant.is_whole_fit:
        raise ValueError(f"{name}: {base} trains in one call of its own, and cannot be driven")
    acceleration = PLAIN
    for way in ways:
        acceleration = _driven(acceleration, way)
    idea = f"{variant.idea}; {acceleration.words}"
    return replace(variant, name=name, idea=idea, acceleration=acceleration)


def _driven(acceleration: Acceleration, way: str) -> Acceleration:
    """An acceleration, and one more way to drive."""
    kind, _, omega = way.partition("=")
    if way == "nested":
        return replace(acceleration, nested=True)
    if kind != "relaxed":
        raise KeyError(f"no way {way!r} to drive; there are relaxed, relaxed=1.5 and nested")
    try:
        relaxation = float(omega) if omega else RELAXATION
    except ValueError:
        raise ValueError(f"{way}: after = there is to be a number, such as 1.5") from None
    return replace(acceleration, relaxation=relaxation)


def stand_in(name: str) -> Variant:
    """Variant of what cannot be loaded: fails when it is asked, in a worker."""
    return _variant(name, _Unloadable, "float64", "cannot be loaded", None)


class _Unloadable(AlsBackend):
    """What cannot be loaded; never made."""


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _peer(name: str) -> Variant:
    """A library that people use.

    Raises
    ------
    ImportError
        Where it, or what else it takes, is not here; the message says what to do.
    """
    made_by: type[WholeFit] = _loaded(f"peers.{_PEERS[name]}")
    _require(made_by.requires, "peers")
    if reason := made_by.missing():
        raise ImportError(reason)
    return _described(name, made_by)


def _loaded(path: str) -> Any:
    """The class at ``module:Class`` of this package."""
    module, _, attribute = path.partition(":")
    return getattr(import_module(f"implementations.{module}"), attribute)


def _require(package: str, extra: str) -> None:
    try:
        distribution(package)
    except PackageNotFoundError:
        said = f"{package} is not installed: {_INSTALL.format(extra=extra)}"
        raise ImportError(said) from None


def _foreign(name: str, point: EntryPoint) -> Variant:
    """Variant of somebody else's class."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    made_by = point.load()
    if not (isinstance(made_by, type) and issubclass(made_by, AlsBackend | WholeFit)):
        raise TypeError(f"{name} is no class derived from implementations.AlsBackend or WholeFit")
    if missing := sorted(getattr(made_by, "__abstractmethods__", ())):
        base = "AlsBackend" if issubclass(made_by, AlsBackend) else "WholeFit"
        raise TypeError(f"{name} leaves out {', '.join(missing)} of implementations.{base}")
    return _described(name, made_by)


def _described(name: str, made_by: type[AlsBackend] | type[WholeFit]) -> Variant:
    """Variant of a class that says of itself what it is."""
    idea = (made_by.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    if made_by.dtype_name not in _TOLERANCES:
        raise TypeError(f"{name}.dtype_name is {made_by.dtype_name!r}, not float64 or float32")
    return _variant(name, made_by, made_by.dtype_name, idea, made_by.most_threads)


def _variant(
    name: str,
    made_by: type[AlsBackend] | type[WholeFit],
    dtype: str,
    idea: str,
    most_threads: int | None,
) -> Variant:
    return Variant(name, made_by, dtype, idea, most_threads, *_TOLERANCES[dtype])
