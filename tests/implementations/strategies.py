"""Hypothesis strategies for problems, and shorthands for what tests do with them."""

import numba
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.conformance.problems import Problem
from implementations.als import sweep
from implementations.backend import AlsBackend
from implementations.factors import Factors
from implementations.problem import AlsParams
from implementations.ratings import Ratings

# Without compilation the kernels are plain Python: then problems are tiny.
_SMALL = bool(numba.config.DISABLE_JIT)
MOST_ROWS, HEAVY = (4, 20) if _SMALL else (9, 300)
# Each, with biases and without, is compiled for itself: below, at and above widths of vectors.
RANKS = (1, 2, 3) if _SMALL else (1, 3, 8, 12)

# The same examples in every run: a failure is a fact about a commit.
quick = settings(
    max_examples=6 if _SMALL else 20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a problem: any pattern of ratings, empty rows and columns, one rating, a heavy row."""
    n_users, n_items = draw(st.integers(1, MOST_ROWS)), draw(st.integers(1, MOST_ROWS))
    observed = draw(arrays(bool, (n_users, n_items)))
    if draw(st.booleans()):
        heavy = np.zeros((n_users, HEAVY), bool)
        heavy[draw(st.integers(0, n_users - 1))] = True
        observed = np.hstack([observed, heavy])
    if draw(st.booleans()):
        observed = observed.T
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    users, items = (ids.astype(np.int32) for ids in np.nonzero(observed))
    order = rng.permutation(len(users)) if draw(st.booleans()) else slice(None)
    values = (rng.integers(1, 11, len(users)) / 2).astype(np.float32)
    return Problem(
        "drawn",
        Ratings(users[order], items[order], values, *observed.shape),
        AlsParams(
            rank=draw(st.sampled_from(RANKS)),
            reg=draw(st.sampled_from([1.0, 25.0])),
            bias_reg=draw(st.sampled_from([0.5, 7.5])),
            biases=draw(st.booleans()),
            count_scaled=draw(st.booleans()),
        ),
    )


def swept(backend: AlsBackend, problem: Problem, sweeps: int = 2) -> Factors:
    """Factors after some sweeps from far away."""
    backend.prepare(problem.train)
    backend.load(problem.factors(backend.dtype.name))
    for _ in range(sweeps):
        sweep(backend)
    return backend.read()


def bits(factors: Factors) -> tuple[bytes, bytes]:
    """Every bit of the factors."""
    return factors.users.tobytes(), factors.items.tobytes()
