"""Classes that cannot be used as implementations at all."""

from typing import Any

import numpy as np

from implementations.backend import AlsBackend
from implementations.numpy_batched import NumpyBatched
from implementations.problem import AlsParams, Job


class Unmakeable(NumpyBatched):
    """Cannot even be made."""

    def __init__(self, params: AlsParams, dtype: np.dtype[Any], threads: int = 1) -> None:
        raise RuntimeError("no licence")


class Incomplete(AlsBackend):
    """Leaves out most of the contract."""

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        return 1


class NotABackend:
    """Is no backend at all."""
