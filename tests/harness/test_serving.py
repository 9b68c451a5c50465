"""The worker's loop in this process, and the files that pass between it and the runner."""

import resource
from typing import Any

import numpy as np
import pytest

from harness.measure.exchange import map_ratings, read_factors, write_factors, write_ratings
from harness.measure.worker import describe, serve
from implementations.backend import SolveError
from implementations.factors import Factors
from implementations.ratings import Ratings

RATINGS = Ratings(
    np.array([0, 0, 1, 2, 2, 3], np.int32),
    np.array([0, 1, 2, 0, 2, 1], np.int32),
    np.array([4, 2, 5, 1, 3, 3.5], np.float32),
    4,
    3,
)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (SolveError("items", 5), "diverged", "items row 5: its normal equations are singular"),
        (MemoryError(), "out_of_memory", "MemoryError:"),
        (ValueError("two\n  lines"), "failed", "ValueError: two lines"),
        (RecursionError("deep"), "failed", "RecursionError: deep"),
    ],
)
def test_exceptions_are_described_in_one_line(error, status, reason):
    described = describe(error)
    assert described[0] == status
    assert described[1].startswith(reason)
    assert "\n" not in described[1]


class _Pipe:
    """Both ends of a pipe, for a worker in this process."""

    def __init__(self, *calls: tuple[Any, tuple[Any, ...]]) -> None:
        self.calls, self.answers = list(calls), []

    def recv(self) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
        if not self.calls:
            raise EOFError
        return *self.calls.pop(0), {}

    def send(self, answer: Any) -> None:
        self.answers.append(answer)


class _Session:
    def double(self, number: int) -> int:
        return 2 * number

    def fail(self) -> None:
        raise ValueError("no")


def test_serving_goes_on_after_a_failure_until_the_runner_hangs_up():
    pipe = _Pipe((_Session.fail, ()), (_Session.double, (4,)), (_Session.double, ()))
    serve(pipe, _Session())  # type: ignore[arg-type]
    _, results, failures = zip(*pipe.answers, strict=True)
    assert results == (None, 8, None)
    assert failures[0][0] == "failed"
    assert failures[0][1].startswith("ValueError: no (test_serving.py, line ")
    assert failures[1] is None
    assert failures[2][1].startswith("TypeError")
    assert all(seconds >= 0 for seconds, _, _ in pipe.answers)


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    factors = Factors(np.ones((1000, 3)), np.ones((4, 3)), 0.0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match=r"is the disk full\?.*users\.npy"):
            write_factors(tmp_path, factors)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_passes_through_files_comes_back_as_it_was(tmp_path):
    write_ratings(tmp_path, RATINGS)
    mapped = map_ratings(tmp_path)
    for name in ("users", "items", "values"):
        assert np.array_equal(getattr(mapped, name), getattr(RATINGS, name))
        assert not getattr(mapped, name).flags.writeable
    assert (mapped.n_users, mapped.n_items) == (RATINGS.n_users, RATINGS.n_items)
    factors = Factors(np.ones((2, 3), np.float32), np.zeros((4, 3), np.float32), 1 / 3)
    write_factors(tmp_path / "factors", factors)
    back = read_factors(tmp_path / "factors")
    assert np.array_equal(back.users, factors.users)
    assert back.users.dtype == np.float32
    assert back.mean == factors.mean
