"""What breaks a property, and where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.difference import row_differences
from implementations.backend import Side
from implementations.problem import Float


class NotApplicable(Exception):  # noqa: N818 - it is no error
    """A property says nothing of this variant; the message is the reason."""


@dataclass(frozen=True)
class Mismatch:
    """The lowest row of one side that is not what it should be, and its worst number.

    Attributes
    ----------
    side : {"users", "items"}
    row, column : int
    got, expected : float
    relative : float
        Largest difference in the row over the largest number expected in it.
    is_bias : bool
        Whether the column is that of the biases.
    n_wrong, n_rows : int
        How many rows are wrong, of how many.
    """

    side: Side
    row: int
    column: int
    got: float
    expected: float
    relative: float
    is_bias: bool
    n_wrong: int
    n_rows: int

    def text(self, other: str, tolerance: float) -> str:
        """One line: where, the two numbers, and how far apart they may be."""
        what = "bias" if self.is_bias else f"factor {self.column}"
        got, expected = f"{self.got:.10g}", f"{self.expected:.10g}"
        if got == expected:
            got, expected = repr(self.got), repr(self.expected)
        return (
            f"{self.side} row {self.row}, {what}: {got} where {other} has "
            f"{expected} (relative {self.relative:.1e}, allowed {tolerance:.1e}; "
            f"{self.n_wrong} of {self.n_rows} rows differ)"
        )


class Violation(Exception):  # noqa: N818 - the contract's word
    """A property does not hold. The message is one line: where, and the two numbers.

    Parameters
    ----------
    message : str
    mismatch : Mismatch, optional
        Where rows were compared.
    sweep : int, optional
        The sweep, counted from 1, where several were made.
    """

    def __init__(
        self, message: str, mismatch: Mismatch | None = None, sweep: int | None = None
    ) -> None:
        super().__init__(message)
        self.mismatch = mismatch
        self.sweep = sweep


def compare_rows(
    side: Side, got: NDArray[Float], expected: NDArray[Float], tolerance: float
) -> Mismatch | None:
    """Compare row by row (`harness.difference.row_differences`).

    Parameters
    ----------
    side : {"users", "items"}
    got, expected : ndarray, shape (n_rows, rank + 1)
    tolerance : float

    Returns
    -------
    Mismatch or None
        The lowest row whose relative difference is above the tolerance, or not finite.

    Raises
    ------
    Violation
        Where the shapes differ.
    """
    if got.shape != expected.shape:
        raise Violation(f"{side} have shape {got.shape}, not {expected.shape}")
    relative = row_differences(got, expected)
    wrong = np.flatnonzero(relative > tolerance)
    if not len(wrong):
        return None
    row = int(wrong[0])
    difference = np.abs(got[row].astype(np.float64) - expected[row])
    column = int(np.nan_to_num(difference, nan=np.inf).argmax())
    numbers = float(got[row, column]), float(expected[row, column]), float(relative[row])
    is_bias = column == got.shape[1] - 1
    return Mismatch(side, row, column, *numbers, is_bias, len(wrong), len(got))
