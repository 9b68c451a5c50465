"""LIBMF (github.com/cjlin1/libmf): stochastic gradient descent, blocked for threads."""

import ctypes
import io
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import redirect_stdout
from threading import Thread
from time import process_time
from types import ModuleType
from typing import Any

import numpy as np

from implementations.factors import Factors
from implementations.peers.conversion import count_scaled_reg
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings
from implementations.whole_fit import WholeFit

# It takes ids as float32, which holds whole numbers up to here.
_MOST_ROWS = 1 << 24
# Its own number for up to 12 threads.
_BINS = 26
# Training waits for itself where in so many seconds the process used hardly any of the processor.
_STALLED_S, _IDLE = 1.0, 0.01
_TRIES = 5
# libmf 0.9.2 never frees the copy of the ratings that a fit makes: a worker makes so many fits.
_ROW_BYTES, _FITS = 12, 30


class LibMf(WholeFit):
    """LIBMF: SGD instead of ALS, no biases.

    It gets ratings less their mean, so that what it has not seen is predicted by the mean.
    """

    dtype_name = "float32"
    requires = "libmf"
    _model: Any = None

    @classmethod
    def own_objective(cls, params: AlsParams) -> str | None:
        """The count-scaled ridge without biases, which SGD comes near."""
        if params.count_scaled and not params.biases:
            return "SGD: comes near the minimum only"
        return "SGD; ridge scaled by counts, no biases"

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        """Ids that it would round."""
        if max(job.size.n_users, job.size.n_items) > _MOST_ROWS:
            return f"it takes ids as float32: at most {_MOST_ROWS:,} users or items"
        return None

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """The array that it takes, copies of it, those that it never frees, and the factors."""
        return (4 + _FITS) * _ROW_BYTES * job.size.n_ratings + 4 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        """Make the array (user, item, rating) that it takes."""
        self._shape = (train.n_users, train.n_items)
        self._mean = float(train.mean)
        self._reg = count_scaled_reg(self.params)
        self._rows = np.column_stack(
            [
                train.users.astype(np.float32),
                train.items.astype(np.float32),
                (train.values - self._mean).astype(np.float32),
            ]
        )

    def warm_up(self) -> None:
        """Load its library."""
        _library()

    def fit(self, sweeps: int) -> None:
        """Train anew with so many passes over the ratings."""
        self._release()
        for _ in range(_TRIES):
            model = self._model_of(sweeps)
            if _ends(model.fit, self._rows):
                self._model = model
                return
        raise RuntimeError(f"LIBMF came to wait for itself {_TRIES} times")

    def _model_of(self, sweeps: int) -> Any:
        """A model that is to be trained with so many passes."""
        return _library().MF(
            k=self.params.rank,
            nr_threads=self.threads,
            nr_bins=_BINS,
            nr_iters=sweeps,
            lambda_p1=0.0,
            lambda_q1=0.0,
            lambda_p2=self._reg,
            lambda_q2=self._reg,
            quiet=True,
        )

    def _release(self) -> None:
        """Free the model trained last: libmf 0.9.2 keeps each while the process lives."""
        if self._model is not None and os.name == "posix":
            for matrix in (self._model.model.P, self._model.model.Q):
                ctypes.CDLL(None).free(matrix)
        self._model = None

    def read(self) -> Factors:
        """The model trained last. Rows without ratings, NaN in LIBMF, are zero."""
        n_users, n_items = self._shape
        users = self._padded(self._model.p_factors(), n_users)
        return Factors(users, self._padded(self._model.q_factors(), n_items), self._mean)

    def _padded(self, factors: Any, n_rows: int) -> Any:
        """Rows [factor; 0]; it has as many rows as the highest id that it saw."""
        rows = np.zeros((n_rows, self.params.rank + 1), self.dtype)
        rows[: len(factors), :-1] = np.nan_to_num(factors)
        return rows


def _ends(train: Callable[[Any], object], rows: Any) -> bool:
    """Train on a thread; False where that waits for ever, which it is left to do.

    The core of libmf 0.9.2 lets its threads go on before it tells them to end. Where they do a
    whole pass in between, as they may with few ratings and a busy processor, they wait to be let
    go on once more, and it for them to end.
    """
    future: Future[object] = Future()
    Thread(target=_answer, args=(future, train, rows), daemon=True).start()
    while True:
        used_s = process_time()
        try:
            future.result(_STALLED_S)
        except TimeoutError:
            if process_time() - used_s < _IDLE * _STALLED_S:
                return False
        else:
            return True


def _answer(future: "Future[object]", train: Callable[[Any], object], rows: Any) -> None:
    """Do it; what comes of it is the future's."""
    try:
        future.set_result(train(rows))
    except BaseException as error:  # noqa: BLE001 - for whoever waits
        future.set_exception(error)


def _library() -> ModuleType:
    """Its module, which prints where it found itself when it is imported."""
    with redirect_stdout(io.StringIO()):
        from libmf import mf
    module: ModuleType = mf
    return module
