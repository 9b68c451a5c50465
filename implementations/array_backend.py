"""What backends with plain factor arrays have in common: taking and giving factors."""

import numpy as np
from numpy.typing import NDArray

from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams


class ArrayBackend(AlsBackend):
    """A backend whose state is one `Factors` in its own dtype."""

    def load(self, factors: Factors) -> None:
        """Take a copy of these factors, cast to `dtype`."""
        self._factors = factors.astype(self.dtype)

    def read(self) -> Factors:
        """Copy of the present factors."""
        return self._factors.astype(self.dtype)


def ridge(params: AlsParams) -> NDArray[np.float64]:
    """Diagonal that regularises a system: reg for each factor, bias_reg for the bias, if any."""
    diagonal = np.full(params.unknowns, params.reg)
    if params.biases:
        diagonal[-1] = params.bias_reg
    return diagonal
