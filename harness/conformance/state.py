"""Properties of what a backend takes, keeps and gives."""

from dataclasses import replace
from numbers import Integral
from pathlib import Path
from time import perf_counter

import numpy as np

from harness.conformance.problems import busy, irregular, unsorted
from harness.conformance.subject import Subject, expect_same
from harness.conformance.violation import Violation
from harness.scratch import scratch_folder
from harness.unfinished import UnfinishedWork, expect_finished
from implementations.backend import SIDES
from implementations.factors import Factors
from implementations.ratings import ProblemSize, Ratings

# Users of the busy problem: four times as many until half-sweeps take long enough to be seen.
_FEWEST_USERS, _MOST_USERS, _LONG_ENOUGH_S = 50, 50_000, 0.1
_COLUMNS = ("users", "items", "values")


def read_gives_what_was_loaded(subject: Subject) -> None:
    """`read` after `load` gives the same numbers, cast to the variant's dtype, and the mean."""
    problem = irregular()
    dtype = np.dtype(subject.variant.dtype)
    for given in ("float32", "float64"):
        factors = _read_only(problem.factors(given))
        got = subject.ready(problem, factors).read()
        expect_same("read after load", got, factors.astype(dtype), problem)


def read_has_the_dtype_of_the_variant(subject: Subject) -> None:
    """`read` gives factors of the dtype that the variant names, before and after half-sweeps."""
    problem = irregular()
    backend = subject.ready(problem, problem.factors("float64"))
    for when in ("load", "update_users", "update_items"):
        if when != "load":
            getattr(backend, when)()
        factors = backend.read()
        for side in SIDES:
            dtype = getattr(factors, side).dtype
            if dtype != subject.variant.dtype:
                raise Violation(f"after {when}, {side} are {dtype}, not {subject.variant.dtype}")


def factors_are_copied_in_and_out(subject: Subject) -> None:
    """Changing arrays that were given to `load` or returned by `read` changes nothing inside."""
    problem = irregular()
    dtype = np.dtype(subject.variant.dtype)
    original = problem.factors(subject.variant.dtype)
    given = original.astype(dtype)
    backend = subject.ready(problem, given)
    _spoil(given)
    expect_same("after the loaded arrays were changed", backend.read(), original, problem)
    _spoil(backend.read())
    expect_same("after the arrays read were changed", backend.read(), original, problem)
    kept = backend.read()
    copy = kept.astype(dtype)
    for side in SIDES:
        backend.update(side)
    expect_same("arrays read before half-sweeps", kept, copy, problem)


def ratings_stay_as_they_are(subject: Subject) -> None:
    """Neither `prepare` nor a half-sweep changes the ratings."""
    for problem in (irregular(), unsorted()):
        train = problem.copy_of_ratings()
        before = {name: getattr(train, name).copy() for name in _COLUMNS}
        factors = problem.factors(subject.variant.dtype)
        backend = subject.ready(problem, factors, train=train)
        for side in SIDES:
            backend.update(side)
        for name, column in before.items():
            changed = np.flatnonzero(getattr(train, name) != column)
            if len(changed):
                at = int(changed[0])
                raise Violation(
                    f"{name}[{at}] of the ratings is {getattr(train, name)[at]} "
                    f"where it was {column[at]}, {problem}"
                )


def read_only_memory_maps_are_accepted(subject: Subject) -> None:
    """Ratings may be memory maps that cannot be written to."""
    with scratch_folder() as folder:
        for problem in (irregular(), unsorted()):
            mapped = _memory_mapped(problem.train, Path(folder))
            before = problem.factors(subject.variant.dtype)
            backend = subject.ready(problem, before, train=mapped)
            for side in SIDES:
                backend.load(before)
                backend.update(side)
                subject.expect_half(problem, side, before, backend.read())


def warm_up_leaves_the_factors(subject: Subject) -> None:
    """`warm_up` leaves the factors as they are, whenever it is called."""
    problem = irregular()
    factors = problem.factors(subject.variant.dtype)
    backend = subject.ready(problem, factors)
    expect_same("after warm_up", backend.read(), factors, problem)
    for side in SIDES:
        backend.update(side)
    solved = backend.read()
    backend.warm_up()
    expect_same("after warm_up between sweeps", backend.read(), solved, problem)


def prepare_and_load_start_over(subject: Subject) -> None:
    """`prepare` and `load` with other ratings start over: nothing of the first ones is left."""
    first = irregular()
    backend = subject.ready(first, first.factors(subject.variant.dtype))
    for side in SIDES:
        backend.update(side)
    train = first.train
    users, items = train.items, train.users  # another shape, by exchanging the sides
    turned = Ratings(users, items, train.values, train.n_items, train.n_users)
    second = replace(first, name="prepared a second time", train=turned)
    before = second.factors(subject.variant.dtype)
    backend.prepare(second.copy_of_ratings())
    for side in SIDES:
        backend.load(before)
        backend.warm_up()
        backend.update(side)
        subject.expect_half(second, side, before, backend.read())


def bytes_needed_cover_the_factors(subject: Subject) -> None:
    """`bytes_needed` is a whole number, and no less than the factors alone take."""
    for size in (ProblemSize(1, 1, 1), ProblemSize(100_000, 943, 1682)):
        job = subject.variant.job(irregular().params, subject.threads, size)
        needed = subject.variant.made_by.bytes_needed(job)
        if not isinstance(needed, Integral) or needed < job.factor_bytes:
            raise Violation(
                f"bytes_needed is {needed!r} where the factors alone take {job.factor_bytes} bytes"
                f", for {size.n_ratings} ratings at rank {job.params.rank}"
            )


def refuses_gives_a_reason(subject: Subject) -> None:
    """`refuses` gives a reason in words, or None."""
    for size in (ProblemSize(1, 1, 1), ProblemSize(10**9, 10**7, 10**6)):
        job = subject.variant.job(irregular().params, subject.threads, size)
        answer = subject.variant.made_by.refuses(job)
        if not (answer is None or (isinstance(answer, str) and answer)):
            raise Violation(f"refuses gives {answer!r} for {size.n_ratings} ratings")


def half_sweeps_are_done_when_they_return(subject: Subject) -> None:
    """No work goes on once `update_users` or `update_items` has returned."""
    n_users, took_s = _FEWEST_USERS, 0.0
    while took_s < _LONG_ENOUGH_S and n_users <= _MOST_USERS:
        problem = busy(n_users)
        backend = subject.ready(problem, problem.factors(subject.variant.dtype))
        start = perf_counter()
        try:
            expect_finished(backend)
        except UnfinishedWork as unfinished:
            raise Violation(f"{unfinished}, {problem}") from None
        took_s, n_users = perf_counter() - start, 4 * n_users


def _read_only(factors: Factors) -> Factors:
    for array in (factors.users, factors.items):
        array.flags.writeable = False
    return factors


def _spoil(factors: Factors) -> None:
    for array in (factors.users, factors.items):
        if array.flags.writeable:
            array.fill(np.nan)


def _memory_mapped(train: Ratings, folder: Path) -> Ratings:
    maps = {}
    for name in _COLUMNS:
        path = folder / f"{name}.npy"
        np.save(path, getattr(train, name))
        maps[name] = np.load(path, mmap_mode="r")
    return replace(train, **maps)
