"""Alternating least squares, programmed in several ways behind one contract."""

from implementations.als import start_factors, sweep
from implementations.backend import AlsBackend, SolveError
from implementations.factors import Factors
from implementations.folding import fold_in, reasons
from implementations.ids import IdMap
from implementations.problem import AlsParams, Job
from implementations.progress import Progress
from implementations.ratings import Csr, ProblemSize, Ratings
from implementations.serving import Recommendations, predict, recommend
from implementations.training import fit
from implementations.variant import Variant
from implementations.whole_fit import WholeFit

__all__ = [
    "AlsBackend",
    "AlsParams",
    "Csr",
    "Factors",
    "IdMap",
    "Job",
    "ProblemSize",
    "Progress",
    "Ratings",
    "Recommendations",
    "SolveError",
    "Variant",
    "WholeFit",
    "fit",
    "fold_in",
    "predict",
    "reasons",
    "recommend",
    "start_factors",
    "sweep",
]
