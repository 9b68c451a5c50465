"""The tour runs from top to bottom, and shows what it says it shows."""

import os
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("ipykernel", reason="no ipykernel: make tour")
nbformat = pytest.importorskip("nbformat", reason="no nbformat: make tour")
nbclient = pytest.importorskip("nbclient", reason="no nbclient: make tour")

RUNGS = ("naive", "numpy", "numba-serial", "numba-parallel", "numba-tiled")


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(ROOT / "docs" / "tour.ipynb", as_version=4)


@pytest.fixture(scope="module")
def executed(committed):
    """The notebook with outputs; its kernel is this interpreter."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class Here(AsyncKernelManager):
        @property
        def kernel_spec(self):
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="here", language="python")

    notebook = nbformat.from_dict(committed)
    resources = {"metadata": {"path": str(ROOT)}}
    client = nbclient.NotebookClient(
        notebook, timeout=240, kernel_manager_class=Here, resources=resources
    )
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    client.execute()
    return notebook


def outputs(notebook, kind):
    """Outputs of one kind."""
    found = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [
        output for output in found if kind in output.get("data", {}) or kind == output.get("name")
    ]


def test_it_is_committed_without_outputs(committed):
    code = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    lines = [line for cell in committed.cells for line in cell.source.splitlines()]
    assert max(map(len, lines)) <= 120


@pytest.mark.filterwarnings("ignore")  # of notebook programs, not ours
def test_it_runs_without_a_warning_and_climbs_every_rung(executed):
    assert outputs(executed, "stderr") == []
    assert len(outputs(executed, "image/png")) >= 7
    printed = "".join(output["text"] for output in outputs(executed, "stdout"))
    for before, name in pairwise(RUNGS):
        line = re.search(
            rf"{name}: (.*) s a sweep, (.*) times as fast as {before} .*: (.*)", printed
        )
        assert line, name
        assert float(line[2]) > 0
        assert float(line[3]) < 1e-9
    shown = "".join(output["data"]["text/plain"] for output in outputs(executed, "text/plain"))
    for function in ("normal_equations", "gather", "solve_rows", "solve_chunks", "_fill_batch"):
        assert f"def {function}(" in shown, function
    assert re.search(r"0\.\d\d  \(95 %", printed)  # genres told apart
