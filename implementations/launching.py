"""Parallel kernels that two threads of Python, and a forked child, can start without harm."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, update_wrapper
from threading import Lock
from types import FunctionType
from typing import Any

import numba

from implementations.numba_cache import cached, warn_once

_FORKED = (
    "this process was forked from one that had used OpenMP, so it trains on one thread: "
    'start it by multiprocessing\'s "spawn", or set NUMBA_THREADING_LAYER=workqueue'
)


class ParallelKernel:
    """A function compiled with `numba.prange` spread over threads.

    Numba's own layer of threads, workqueue, aborts the process where two threads of Python launch
    at once: they take turns here. The OpenMP of GNU ends a child that was forked after a launch:
    there the same loops run on one thread, which gives the same bits.

    Parameters
    ----------
    function : callable
    **options
        Of `numba.njit`.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self._kernel = cached(function, parallel=True, **options)
        self._options = options
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Run it, on the threads that `numba_threads` gave."""
        if _state.forked_from_openmp and not isinstance(self._kernel, FunctionType):
            warn_once("fork", _FORKED)
            return self._on_one_thread(*arguments)
        with _state.turn():
            return self._kernel(*arguments)

    @property
    def py_func(self) -> Callable[..., Any]:
        """The function as it was written."""
        function: Callable[..., Any] = getattr(self._kernel, "py_func", self._kernel)
        return function

    @property
    def signatures(self) -> list[Any]:
        """Types for which it has been compiled."""
        return [*getattr(self._kernel, "signatures", ())]

    @cached_property
    def _on_one_thread(self) -> Callable[..., Any]:
        # Under a name of its own: Numba's cache knows the parallel and the serial code of one
        # function by the same key.
        written: Any = self.py_func
        twin = FunctionType(
            written.__code__, written.__globals__, f"{written.__name__}_on_one_thread"
        )
        twin.__qualname__ = twin.__name__
        compiled: Callable[..., Any] = cached(twin, **self._options)
        return compiled


class _State:
    """What this process knows of Numba's layer of threads."""

    def __init__(self) -> None:
        self.forked_from_openmp = False
        self._lock = Lock()

    def turn(self) -> AbstractContextManager[Any]:
        """Held while a kernel runs, unless the layer is known to take several at once."""
        return nullcontext() if _layer() in ("omp", "tbb") else self._lock

    def after_fork(self) -> None:
        """In the child: nobody holds the lock there, and the parent's threads are gone."""
        self._lock = Lock()
        self.forked_from_openmp = self.forked_from_openmp or _layer() == "omp"


def _layer() -> str | None:
    """Layer of threads that this process uses, None before its first parallel kernel."""
    try:
        return str(numba.threading_layer())  # type: ignore[attr-defined]  # made at run time
    except ValueError:
        return None


_state = _State()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_state.after_fork)
