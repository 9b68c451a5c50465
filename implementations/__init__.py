"""Alternating least squares, programmed in several ways behind one contract."""

from implementations.als import fit, predict, start_factors, sweep
from implementations.backend import AlsBackend, SolveError, Variant
from implementations.problem import AlsParams, Csr, Factors, Job, ProblemSize, Ratings
from implementations.whole_fit import WholeFit

__all__ = [
    "AlsBackend",
    "AlsParams",
    "Csr",
    "Factors",
    "Job",
    "ProblemSize",
    "Ratings",
    "SolveError",
    "Variant",
    "WholeFit",
    "fit",
    "predict",
    "start_factors",
    "sweep",
]
