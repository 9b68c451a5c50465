"""What backends have in common that keep factors in plain arrays, and what a half-sweep knows."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams, Float


class ArrayBackend(AlsBackend):
    """A backend whose state is one `Factors` in its own dtype."""

    def load(self, factors: Factors) -> None:
        """Take a copy of these factors, cast to `dtype`."""
        self._factors = factors.astype(self.dtype)

    def read(self) -> Factors:
        """Copy of the present factors."""
        return self._factors.astype(self.dtype)


class Model(NamedTuple):
    """What a half-sweep knows of the model."""

    mean: float  # not rounded to float32: of ratings around a million it would be off by 0.03
    ridge: NDArray[Float]  # (unknowns,): reg, …, reg, and bias_reg where there are biases; rounded
    count_scaled: bool


def model_of(params: AlsParams, factors: Factors) -> Model:
    """The model's constants, for a solve in the dtype of the factors."""
    real = factors.users.dtype
    return Model(float(factors.mean), ridge(params).astype(real), params.count_scaled)


def ridge(params: AlsParams) -> NDArray[np.float64]:
    """Diagonal that regularises a system: reg for each factor, bias_reg for the bias, if any."""
    diagonal = np.full(params.unknowns, params.reg)
    if params.biases:
        diagonal[-1] = params.bias_reg
    return diagonal
