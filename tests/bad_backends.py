"""Implementations that misbehave as processes do: for what a worker and its runner must survive."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from implementations.backend import SolveError
from implementations.factors import Factors
from implementations.numpy_batched import NumpyBatched
from implementations.problem import AlsParams, Job

# Which signal to send and when, and the file that holds the sender's id afterwards: it is sent
# once. In the environment, because workers get it from whoever starts them.
SIGNAL, MOMENT, MARK = "BAD_BACKEND_SIGNAL", "BAD_BACKEND_MOMENT", "BAD_BACKEND_MARK"


class Hanging(NumpyBatched):
    """Never comes back."""

    def update_items(self) -> None:
        signal.sigwait({signal.SIGUSR1})


class Exiting(NumpyBatched):
    """Ends its process, leaving word."""

    def update_items(self) -> None:
        os.write(2, b"first line\nlast words\n")
        os._exit(3)


class Killed(NumpyBatched):
    """Is killed as by a system without memory, leaving a child that holds its pipe open."""

    def update_items(self) -> None:
        if os.fork() == 0:
            time.sleep(3600)
        os.kill(os.getpid(), signal.SIGKILL)


class HangingUp(NumpyBatched):
    """Closes the pipe and lives on."""

    def update_items(self) -> None:
        os.close(int(sys.argv[1]))
        signal.sigwait({signal.SIGUSR1})


class Rubbish(NumpyBatched):
    """Writes into the pipe what is no answer."""

    def update_items(self) -> None:
        os.write(int(sys.argv[1]), b"what a lovely day it is\n" * 3)


class Chatty(NumpyBatched):
    """Prints."""

    def update_items(self) -> None:
        print("to standard output")  # noqa: T201
        os.write(2, b"to standard error\n")
        super().update_items()


class Childish(NumpyBatched):
    """Starts a process that would outlive it, and writes its id to the file `MARK`."""

    def prepare(self, train: Any) -> None:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        Path(os.environ[MARK]).write_text(str(child.pid))
        super().prepare(train)


class Littering(NumpyBatched):
    """Leaves a file where temporary files go."""

    def prepare(self, train: Any) -> None:
        Path(tempfile.mkstemp()[1]).write_text("litter")
        super().prepare(train)


class OutOfMemory(NumpyBatched):
    """Asks for more than there is."""

    def update_items(self) -> None:
        raise MemoryError("17 EiB")


class Diverging(NumpyBatched):
    """Finds no solution once somebody has seen a result of it."""

    reads = 0

    def read(self) -> Factors:
        self.reads += 1
        return super().read()

    def update_items(self) -> None:
        if self.reads > 4:  # a first turn itself reads so often at most
            raise SolveError("items", 5)
        super().update_items()


class Infinite(NumpyBatched):
    """Hands back what is not finite, in a row that has no training rating."""

    def read(self) -> Factors:
        factors = super().read()
        factors.users[-1] = np.inf
        return factors


class NotANumber(NumpyBatched):
    """Hands back NaN."""

    def read(self) -> Factors:
        factors = super().read()
        factors.items[:] = np.nan
        return factors


class MisShaped(NumpyBatched):
    """Hands back factors without their biases."""

    def read(self) -> Factors:
        factors = super().read()
        return Factors(factors.users[:, :-1], factors.items[:, :-1], factors.mean)


class OfObjects(NumpyBatched):
    """Hands back Python objects."""

    def read(self) -> Factors:
        factors = super().read()
        return Factors(factors.users.astype(object), factors.items, factors.mean)


class Meanless(NumpyBatched):
    """Hands back no mean."""

    def read(self) -> Factors:
        factors = super().read()
        return Factors(factors.users, factors.items, None)  # type: ignore[arg-type]


class Greedy(NumpyBatched):
    """Says that it needs more than any machine has, as a number of NumPy's."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return np.int64(1 << 60)  # type: ignore[return-value]


class Modest(NumpyBatched):
    """Says what it needs as a number of NumPy's."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return np.int64(super().bytes_needed(job))  # type: ignore[return-value]


class Picky(NumpyBatched):
    """Refuses every size."""

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        return f"{job.size.n_users} users are too many"


class Unlicensed(NumpyBatched):
    """Cannot be made."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        raise RuntimeError("no licence\nfor this machine")


class EndsWhenMade(NumpyBatched):
    """Ends the process that makes it."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        os._exit(3)


class EndsWhenAsked(NumpyBatched):
    """Ends the process that asks what it needs."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        os._exit(3)


class HangsWhenAsked(NumpyBatched):
    """Never says whether it refuses."""

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        time.sleep(3600)
        return None


class HangsWhenMade(NumpyBatched):
    """Never comes out of its constructor."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        time.sleep(3600)


class Interrupts(NumpyBatched):
    """Sends its harness a signal at the moment that the environment names, once."""

    def prepare(self, train: Any) -> None:
        self._counts: dict[str, int] = {}
        self._n_users = train.n_users
        self._come("prepare")
        super().prepare(train)

    def update_items(self) -> None:
        self._come("sweep")
        super().update_items()

    def read(self) -> Factors:
        self._come("read")
        return super().read()

    def _come(self, what: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1
        moment = f"{what} {self._counts[what]}"
        if os.environ.get(MOMENT) in (moment, f"{moment} of {self._n_users} users"):
            self._signal(Path(os.environ[MARK]))

    def _signal(self, mark: Path) -> None:
        if not mark.exists():
            mark.write_text(str(os.getpid()))
            os.kill(os.getppid(), int(os.environ[SIGNAL]))
            signal.sigwait({signal.SIGUSR1})


class KillsDaskWorker(NumpyBatched):
    """Kills, once, the worker of a cluster that its group was sent to: its runner's parent."""

    def update_items(self) -> None:
        mark = Path(os.environ[MARK])
        if not mark.exists():
            mark.write_text(str(os.getpid()))
            psutil.Process().parents()[1].kill()
            signal.sigwait({signal.SIGUSR1})  # it ends with its parents
        super().update_items()
