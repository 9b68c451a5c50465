"""What is compiled, in which arithmetic, and that nothing is compiled on the clock."""

import re
import subprocess
import sys
from collections import Counter

import numba
import numpy as np
import pytest

from harness.conformance.problems import irregular
from implementations import kernels
from implementations.array_backend import model_of
from implementations.jit import OPTIONS
from implementations.layout import by_user

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="NUMBA_DISABLE_JIT=1: nothing is compiled"
    ),
]

# A worker in small. Prints the compiled signatures before and after the half-sweeps, in a process
# of its own, because a signature compiled by another test would not be seen to be missing.
WORKER = """
import sys
from implementations.launching import ParallelKernel
from numba.core.dispatcher import Dispatcher
from harness.conformance.problems import irregular, read_only
from implementations.registry import find

def count():
    ours = [module for name, module in sys.modules.items() if name.startswith("implementations")]
    kinds = Dispatcher | ParallelKernel
    found = {d for module in ours for d in vars(module).values() if isinstance(d, kinds)}
    return sum(len(d.signatures) for d in found)

name, arrays, warm = sys.argv[1:]
problem = read_only(irregular()) if arrays == "read-only" else irregular()
backend = find(name).create(problem.params, 2)
backend.prepare(problem.train)
backend.load(problem.factors("float64"))
if warm == "warm":
    backend.warm_up()
before = count()
for _ in range(2):
    backend.update_users()
    backend.update_items()
print(before, count())
"""


def _signatures(*arguments: str) -> tuple[int, int]:
    command = [sys.executable, "-c", WORKER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, after = done.stdout.split()
    return int(before), int(after)


@pytest.mark.parametrize("arrays", ["read-only", "writable"])
@pytest.mark.parametrize("name", ["numba-serial", "numba-parallel"])
def test_no_half_sweep_compiles_after_warm_up(name: str, arrays: str) -> None:
    before, after = _signatures(name, arrays, "warm")
    assert before > 0
    assert after == before


def test_compilation_on_the_clock_is_seen() -> None:
    before, after = _signatures("numba-parallel", "read-only", "cold")
    assert after > before


def _double_arithmetic(kernel: str, dtype: str) -> list[str]:
    """Instructions of the compiled kernel that compute in double precision."""
    problem = irregular()
    factors = problem.factors(dtype)
    csr, model = by_user(problem.train), model_of(problem.params, factors)
    arguments = {
        "solve_rows": (csr, factors.items, model, 0, 0, factors.users),
        "solve_columns": (csr, factors.users, model, 1, factors.items),
    }[kernel]
    # Compiled anew: code that comes from the cache cannot be inspected.
    fresh = numba.njit(**OPTIONS)(getattr(kernels, kernel).py_func)
    fresh(*arguments)
    (code,) = fresh.inspect_llvm().values()
    pattern = r"= (?:\w+ )*?(?:f(?:add|sub|mul|div|pext)\b|call double @llvm\.sqrt)[^\n]*double"
    return re.findall(pattern, code)


@pytest.mark.parametrize("kernel", ["solve_rows", "solve_columns"])
def test_float32_kernels_compute_in_float32_but_for_the_centring(kernel: str) -> None:
    """A rating less the mean, r - μ, is one subtraction in double, and nothing else is."""
    double = _double_arithmetic(kernel, "float32")
    kinds = Counter(re.search(r"f(?:add|sub|mul|div|pext)|sqrt", one)[0] for one in double)
    assert kinds["fpext"] == kinds["fsub"] > 0
    assert set(kinds) == {"fpext", "fsub"}


def test_double_arithmetic_is_seen() -> None:
    assert len(_double_arithmetic("solve_rows", "float64")) > 50


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ridge_is_in_the_dtype_and_the_mean_is_not_rounded(dtype: str) -> None:
    problem = irregular()
    model = model_of(problem.params, problem.factors(dtype))
    assert model.ridge.dtype == np.dtype(dtype)
    assert model.mean == problem.train.mean
