"""Compiled code kept on the disk, where that can be: a cache out of order costs time only."""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numba


def cached(function: Callable[..., Any], **options: Any) -> Any:
    """Compile with `numba.njit`, and keep the code on the disk.

    Numba itself raises where no folder can be written (a read-only installation without a home),
    where the disk is full, and where a file of the cache is damaged or of classes that have moved.

    Parameters
    ----------
    function : callable
    **options
        Of `numba.njit`.

    Returns
    -------
    The dispatcher; or the function itself, where Numba's compiler is switched off.

    Warns
    -----
    UserWarning
        One line a process, where the code cannot be kept.
    """
    try:
        dispatcher = numba.njit(cache=True, **options)(function)
    except RuntimeError as error:
        if "cache" not in str(error):
            raise
        _warn(error)
        return numba.njit(**options)(function)
    if hasattr(dispatcher, "_cache"):
        dispatcher._cache = _Forgiving(dispatcher._cache)
    return dispatcher


class _Forgiving:
    """Numba's cache of one function, whose failures are misses."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Compiled code, or None where there is none that can be read."""
        try:
            return self._cache.load_overload(signature, target_context)
        except Exception:  # noqa: BLE001  # whatever unpickling a damaged file raises
            with suppress(OSError):
                self._cache.flush()  # else saving would read it again
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep compiled code, where the disk takes it."""
        try:
            self._cache.save_overload(signature, data)
        except (OSError, EOFError) as error:
            _warn(error)


def _warn(error: Exception) -> None:
    text = "compiled code cannot be kept on the disk, so every process compiles afresh"
    advice = "NUMBA_CACHE_DIR can name a folder that can be written"
    warn_once("cache", f"{text} ({error}). {advice}")


def warn_once(about: str, text: str) -> None:
    """Warn once a process, in one line: without the line of source that Python adds to others.

    Parameters
    ----------
    about : str
        What a process is warned of once, whatever the text.
    text : str
    """
    if about not in _warned:
        _warned.add(about)
        warnings.warn_explicit(text, UserWarning, filename="implementations", lineno=1)


_warned: set[str] = set()
