"""The tables of docs/faults.md name tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
FILES = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py")}
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "test_" in line]


@pytest.mark.parametrize("row", ROWS)
def test_each_row_names_tests_that_there_are(row):
    cell = row.rstrip(" |").rpartition("| ")[2]
    file = None
    for named in re.findall(r"`(test_[\w.:]+)`", cell):
        name = named.rpartition("::")[2]
        if ".py" in named:
            file = FILES[named.partition("::")[0]]
        if not name.endswith(".py"):
            assert f"def {name}(" in file, named


def test_the_plug_ins_are_run_by_the_test_that_is_named():
    [name] = re.findall(r"`test_faults\.py::(\w+plug_ins\w+)`", TEXT)
    assert f"def {name}(" in FILES["test_faults.py"]
    assert len(ROWS) > 25
