"""Implementations that are each wrong in one way, for the gates that must not let them through."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from time import sleep
from typing import Any

import numpy as np

from implementations.backend import Side, SolveError
from implementations.factors import Factors
from implementations.numpy_batched import NumpyBatched
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings


class BiasForgotten(NumpyBatched):
    """Solves the biases, then leaves them out."""

    def update_users(self) -> None:
        super().update_users()
        self._factors.users[:, -1] = 0

    def update_items(self) -> None:
        super().update_items()
        self._factors.items[:, -1] = 0


class _OtherRegulariser(NumpyBatched):
    factor = 1.0

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        reg, bias_reg = self.factor * params.reg, self.factor * params.bias_reg
        super().__init__(replace(params, reg=reg, bias_reg=bias_reg), dtype, threads)


class RegulariserDoubled(_OtherRegulariser):
    """Regularises twice as much."""

    factor = 2.0


class RegulariserOff(_OtherRegulariser):
    """Regularises 1 % more."""

    factor = 1.01


class LastRowSkipped(NumpyBatched):
    """Stops one row early."""

    def update_users(self) -> None:
        last = self._factors.users[-1].copy()
        super().update_users()
        self._factors.users[-1] = last

    def update_items(self) -> None:
        last = self._factors.items[-1].copy()
        super().update_items()
        self._factors.items[-1] = last


class StaleUsers(NumpyBatched):
    """Solves the items from the users before the last update."""

    def update_users(self) -> None:
        self._stale = self._factors.users.copy()
        super().update_users()

    def update_items(self) -> None:
        users = self._factors.users
        stale = getattr(self, "_stale", users)
        self._factors = replace(self._factors, users=stale)
        super().update_items()
        self._factors = replace(self._factors, users=users)


class OtherSideTouched(NumpyBatched):
    """Normalises the items whenever it solves the users."""

    def update_users(self) -> None:
        super().update_users()
        self._factors.items[:] *= 1.001


class BiasesAlways(NumpyBatched):
    """Takes no notice of `biases=False`."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(replace(params, biases=True), dtype, threads)


class CountsIgnored(NumpyBatched):
    """Takes no notice of `count_scaled`."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(replace(params, count_scaled=False), dtype, threads)


class EmptyRowsLeft(NumpyBatched):
    """Leaves rows without ratings as they were."""

    def prepare(self, train: Ratings) -> None:
        super().prepare(train)
        self._empty = np.bincount(train.users, minlength=train.n_users) == 0

    def update_users(self) -> None:
        before = self._factors.users[self._empty]
        super().update_users()
        self._factors.users[self._empty] = before


class LoadKeepsArrays(NumpyBatched):
    """Loads without a copy."""

    def load(self, factors: Factors) -> None:
        users, items = (a.astype(self.dtype, copy=False) for a in (factors.users, factors.items))
        self._factors = Factors(users, items, factors.mean)


class ReadLendsArrays(NumpyBatched):
    """Reads without a copy."""

    def read(self) -> Factors:
        return self._factors


class SingleInDisguise(NumpyBatched):
    """Calls itself float64 and computes in float32."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(params, np.dtype("float32"), threads)

    def read(self) -> Factors:
        return self._factors.astype(np.dtype("float64"))


class SingleRead(NumpyBatched):
    """Reads in float32 what is float64."""

    def read(self) -> Factors:
        return self._factors.astype(np.dtype("float32"))


class InputCentred(NumpyBatched):
    """Centres the ratings that it was given, in place."""

    def prepare(self, train: Ratings) -> None:
        super().prepare(train)
        if train.values.flags.writeable:
            np.subtract(train.values, np.float32(train.mean), out=train.values)


class InputMustBeWritable(NumpyBatched):
    """Asks for arrays that it may write to."""

    def prepare(self, train: Ratings) -> None:
        train.values[:] = train.values
        super().prepare(train)


class WarmUpSweeps(NumpyBatched):
    """Warms up by a half-sweep, and leaves it at that."""

    def warm_up(self) -> None:
        self.update_users()


class PreparedOnce(NumpyBatched):
    """Keeps the first ratings for good."""

    def prepare(self, train: Ratings) -> None:
        if not hasattr(self, "_by_user"):
            super().prepare(train)


class Overshooting(NumpyBatched):
    """Goes three times as far as the minimum."""

    def update_users(self) -> None:
        before = self._factors.users.copy()
        super().update_users()
        self._factors.users[:] += 2 * (self._factors.users - before)


class ThreadsShow(NumpyBatched):
    """Rounds otherwise with two threads than with one."""

    def update_users(self) -> None:
        super().update_users()
        if self.threads > 1:
            self._factors.users[:] *= 1 + 2**-50


class BytesUnknown(NumpyBatched):
    """Does not say what it needs."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return 0


class Refusing(NumpyBatched):
    """Refuses without a reason."""

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        return ""


class NanForSolveError(NumpyBatched):
    """Hands back NaN where there is no solution."""

    def update_users(self) -> None:
        self._or_nan("users")

    def update_items(self) -> None:
        self._or_nan("items")

    def _or_nan(self, side: Side) -> None:
        try:
            super().update_users() if side == "users" else super().update_items()
        except SolveError as error:
            getattr(self._factors, side)[error.row] = np.nan


class WrongRowNamed(NumpyBatched):
    """Names the row after the one that failed."""

    def update_users(self) -> None:
        try:
            super().update_users()
        except SolveError as error:
            raise SolveError(error.side, error.row + 1) from None


class StuckAfterFailure(NumpyBatched):
    """Fails for good once it has failed."""

    _error: SolveError | None = None

    def update_users(self) -> None:
        if self._error:
            raise self._error
        try:
            super().update_users()
        except SolveError as error:
            self._error = error
            raise


class Raising(NumpyBatched):
    """Breaks down in the middle of a half-sweep."""

    def update_items(self) -> None:
        raise ZeroDivisionError("no items\ntoday")


class Unfinished(NumpyBatched):
    """Half-sweeps are left to a thread, and whoever asks for the factors waits for it."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        super().__init__(params, dtype, threads)
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] = self._pool.submit(sleep, 0)

    def update_users(self) -> None:
        self._last = self._pool.submit(self._later, super().update_users)

    def update_items(self) -> None:
        self._last = self._pool.submit(self._later, super().update_items)

    def read(self) -> Factors:
        self._last.result()
        return super().read()

    def load(self, factors: Factors) -> None:
        self._last.result()
        super().load(factors)

    def _later(self, solve: Callable[[], None]) -> None:
        sleep(0.02)
        solve()


class Unjoined(Unfinished):
    """Half-sweeps are left to a thread, and nobody waits for it."""

    def read(self) -> Factors:
        factors = NumpyBatched.read(self)
        sleep(0.05)
        return factors
