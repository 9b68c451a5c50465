"""Alternating least squares, programmed in several ways behind one contract."""

from implementations.als import fit, predict, start_factors, sweep
from implementations.backend import AlsBackend, SolveError, Variant
from implementations.problem import AlsParams, Csr, Factors, ProblemSize, Ratings

__all__ = [
    "AlsBackend",
    "AlsParams",
    "Csr",
    "Factors",
    "ProblemSize",
    "Ratings",
    "SolveError",
    "Variant",
    "fit",
    "predict",
    "start_factors",
    "sweep",
]
