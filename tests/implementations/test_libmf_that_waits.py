"""LIBMF now and then waits for itself for ever: it is left alone, and asked again."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from harness.conformance.problems import irregular
from implementations import AlsParams
from implementations.peers import libmf


def given_models(monkeypatch: pytest.MonkeyPatch, *fits) -> libmf.LibMf:
    """The backend, ready to fit, with a model for each of these that train."""
    models = iter([SimpleNamespace(fit=fit) for fit in fits])
    library = SimpleNamespace(MF=lambda **_: next(models))
    monkeypatch.setattr(libmf, "_library", lambda: library)
    monkeypatch.setattr(libmf, "_STALLED_S", 0.05)
    backend = libmf.LibMf(AlsParams(rank=3), np.dtype("float32"), 2)
    backend.prepare(irregular().train)
    return backend


@pytest.fixture
def waits():
    """Training that ends when the test does."""
    end = threading.Event()
    yield lambda _: end.wait()
    end.set()


def works(_) -> None:
    """Training that takes longer than waiting may, at work."""
    until = libmf.process_time() + 0.2
    while libmf.process_time() < until:
        pass


def test_training_that_waits_is_made_again(monkeypatch, waits):
    backend = given_models(monkeypatch, waits, waits, works)
    backend.fit(4)
    assert backend._model.fit is works


def test_it_is_given_up_when_it_always_waits(monkeypatch, waits):
    backend = given_models(monkeypatch, *[waits] * libmf._TRIES)
    with pytest.raises(RuntimeError, match="LIBMF came to wait for itself 5 times"):
        backend.fit(4)


def test_what_training_raises_is_raised(monkeypatch):
    def fails(_):
        raise MemoryError("no room")

    backend = given_models(monkeypatch, fails)
    with pytest.raises(MemoryError, match="no room"):
        backend.fit(4)
