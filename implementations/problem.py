"""The nouns of the problem: parameters, and what is asked for."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from implementations.arguments import number_from_0, whole_number
from implementations.ratings import ProblemSize

Float = np.floating[Any]

_DEFAULT_REG, _DEFAULT_BIAS_REG = 25.0, 7.5
_DEFAULT_COUNT_SCALED_REG = 0.05


@dataclass(frozen=True, kw_only=True)
class AlsParams:
    """Parameters of the model and of its start.

    Attributes
    ----------
    rank : int
        Length k of a factor; the bias is not counted.
    reg, bias_reg : float
        Regularisers of factors and biases. Left out: 25 and 7.5, or .05 both where `count_scaled`.
    count_scaled : bool
        Weigh a row's regularisers by its number of ratings (ALS-WR: Zhou et al. 2008, eq. 3).
    biases : bool
        Solve a bias with every factor; otherwise all biases stay zero.
    seed : int
        Seed of the start factors.
    """

    rank: int = 20
    reg: float = None  # type: ignore[assignment]  # resolved in __post_init__, never None after it
    bias_reg: float = None  # type: ignore[assignment]
    count_scaled: bool = False
    biases: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        scaled = _DEFAULT_COUNT_SCALED_REG
        if self.reg is None:
            object.__setattr__(self, "reg", scaled if self.count_scaled else _DEFAULT_REG)
        if self.bias_reg is None:
            object.__setattr__(self, "bias_reg", scaled if self.count_scaled else _DEFAULT_BIAS_REG)
        whole_number("rank", self.rank, least=1)
        whole_number("seed", self.seed, least=0)
        number_from_0("reg", self.reg)
        number_from_0("bias_reg", self.bias_reg)
        for name in ("count_scaled", "biases"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be True or False, not {getattr(self, name)!r}")

    @property
    def unknowns(self) -> int:
        """Unknowns of one row: the factor, and the bias where there are biases."""
        return self.rank + self.biases


class Job(NamedTuple):
    """What an implementation is asked about before it is made.

    Attributes
    ----------
    params : AlsParams
    dtype : numpy.dtype
    threads : int
    size : ProblemSize
    """

    params: AlsParams
    dtype: np.dtype[Any]
    threads: int
    size: ProblemSize

    @property
    def factor_bytes(self) -> int:
        """Bytes of the factors of both sides."""
        rows = self.size.n_users + self.size.n_items
        return rows * (self.params.rank + 1) * self.dtype.itemsize
