"""Training from several threads of Python at once, and in a process forked after training."""

import os
import subprocess
import sys
from importlib import import_module

import numba
import pytest

pytestmark = pytest.mark.kernel

TRAINED = """
import hashlib, os, sys, threading, warnings
from harness.conformance.problems import irregular
from implementations import AlsParams, fit

train, params = irregular().train, AlsParams(rank=3, reg=0.3)

def trained():
    model = fit(train, params, sweeps=30, implementation=sys.argv[1])
    return hashlib.sha256(model.users.tobytes() + model.items.tobytes()).hexdigest()
"""

THREADS = """
found = []
threads = [threading.Thread(target=lambda: found.append(trained())) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found), {*found} == {trained()})
"""

FORK = """
before = trained()
warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: it has threads
child = os.fork()
if not child:
    print("child", trained() == trained() == before, flush=True)
    os._exit(0)
print("parent", os.waitpid(child, 0)[1], trained() == before)
"""

IMPLEMENTATIONS = ["numba-parallel", "numba-tiled", "numba-parallel-f32"]


def _layers() -> list[str]:
    found = []
    for layer in ("workqueue", "omp", "tbb"):
        try:
            import_module(f"numba.np.ufunc.{layer if layer == 'workqueue' else layer + 'pool'}")
        except ImportError:
            continue  # neither is part of every build of Numba
        found.append(layer)
    return found


def _run(script: str, implementation: str, layer: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TRAINED + script, implementation],
        env=os.environ | {"NUMBA_THREADING_LAYER": layer},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("layer", _layers())
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_threads_that_train_at_once_get_the_bits_of_one_alone(implementation, layer):
    ended = _run(THREADS, implementation, layer)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("4 True\n", "", 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.parametrize("layer", _layers())
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_process_forked_after_training_trains_the_same_bits(implementation, layer):
    ended = _run(FORK, implementation, layer)
    assert (ended.stdout, ended.returncode) == ("child True\nparent 0 True\n", 0)
    uses_openmp = layer == "omp" and implementation.startswith("numba-parallel")
    if uses_openmp and not numba.config.DISABLE_JIT:
        [line] = ended.stderr.splitlines()
        assert "forked from one that had used OpenMP, so it trains on one thread" in line
    else:
        assert ended.stderr == ""
