"""Below the multiply-adds: rung 5 with its Gram sums made by Intel's matrix unit, AMX.

How it works, and how exact it is: docs/kernels.md.
"""

import os
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from implementations.numba_tiled import NumbaTiled
from implementations.problem import AlsParams, Job
from implementations.tiled.amx.halves import TILE
from implementations.tiled.amx.permission import reason_without
from implementations.tiled.amx.plan import AmxPlan, Unit
from implementations.tiled.target import Target, host_target

# Until its instructions were seen to run, they are run by whoever asks for it.
TRY = "ALS_LADDER_TRY_AMX"


class NumbaTiledAmx(NumbaTiled):
    """`NumbaTiled` in float32, whose squares are summed by AMX from pairs of bfloat16.

    Parameters
    ----------
    params, dtype, threads, target
        As of `NumbaTiled`.

    Attributes
    ----------
    unit : Unit
        What executes the tile instructions.

    Raises
    ------
    RuntimeError
        Where the processor or the system has no such unit; says which.
    """

    dtype_name = "float32"
    unit: ClassVar[Unit] = Unit.AMX

    def __init__(
        self,
        params: AlsParams,
        dtype: np.dtype[Any],
        threads: int = 1,
        target: Target | None = None,
    ) -> None:
        # Compiled for a processor without it, an instruction ends the process.
        if reason := self.not_here():
            raise RuntimeError(reason)
        super().__init__(params, dtype, threads, target)

    @classmethod
    def refuses(cls, job: Job) -> str | None:
        """Reason why this processor, or this system, does not run it."""
        return cls.not_here() or super().refuses(job)

    @classmethod
    def not_here(cls) -> str | None:
        """The same, whatever the job."""
        if reason := reason_without():
            return reason
        if os.environ.get(TRY) != "1":
            return f"not seen to run on a processor yet: {TRY}=1 tries it"
        return None

    @classmethod
    def _plan_for(
        cls, params: AlsParams, dtype: np.dtype[Any], target: Target | None = None
    ) -> AmxPlan:
        own = replace(target or host_target(dtype), lanes=TILE)
        return AmxPlan(params.rank, params.biases, dtype.name, own, cls.unit)


class EmulatedAmx(NumbaTiledAmx):
    """The same on any processor, with the tile instructions emulated: slow, for tests."""

    unit = Unit.EMULATED

    @classmethod
    def not_here(cls) -> str | None:
        """Nothing."""
        return None
