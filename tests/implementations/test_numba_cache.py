"""Compiled code on the disk: whatever is wrong with it costs time, and at most a line."""

import os
import runpy
import subprocess
import sys

import numba
import pytest

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="NUMBA_DISABLE_JIT=1: nothing is compiled"
)

KINDS = "from typing import NamedTuple\n\nclass Point(NamedTuple):\n    x: int\n"
MODULE = """
import sys
from implementations.numba_cache import cached
from {kinds} import Point

def one_more(point):
    return point.x + 1

one_more = cached(one_more)
if len(sys.argv) > 1:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # as on a full disk, nothing is written
print(one_more(Point(1)), sum(one_more.stats.cache_hits.values()))
"""

FIT = """
import numpy as np
from implementations import Ratings, fit
fit(Ratings.from_arrays([1, 1, 2], ["a", "b", "a"], [4, 5, 3]), implementation="numba-serial")
print("trained")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "kinds.py").write_text(KINDS, encoding="utf-8")
    (tmp_path / "main.py").write_text(MODULE.format(kinds="kinds"), encoding="utf-8")
    return tmp_path


def _run(folder, *arguments: str, **environment: str) -> tuple[str, list[str]]:
    inherited = {name: os.environ[name] for name in os.environ if name != "NUMBA_CACHE_DIR"}
    ended = subprocess.run(
        [sys.executable, *(arguments or ["main.py"])],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout, ended.stderr.splitlines()


def test_code_is_kept_from_one_process_to_the_next(folder):
    assert _run(folder) == ("2 0\n", [])
    assert _run(folder) == ("2 1\n", [])


@pytest.fixture
def here(folder, monkeypatch, capsys):
    """What the module prints that is run in this process, as if it was its first."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(sys, "argv", ["main.py"])
    monkeypatch.syspath_prepend(folder)

    def run() -> str:
        sys.modules.pop("kinds", None)
        runpy.run_path(str(folder / "main.py"))
        return capsys.readouterr().out

    yield run
    sys.modules.pop("kinds", None)


DAMAGES = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"\x80\x05garbage",
    "zeros": lambda _: b"\0" * 4000,
    "half": lambda whole: whole[: len(whole) // 2],
}


@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_compiled_afresh_and_mended(folder, here, kind, damage):
    assert here() == "2 0\n"
    [path] = (folder / "__pycache__").glob(kind)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert here() == "2 0\n"
    assert here() == "2 1\n"


def test_a_class_that_has_moved_is_no_error(folder):
    _run(folder)
    (folder / "kinds.py").rename(folder / "moved.py")
    then = (folder / "main.py").stat()
    (folder / "main.py").write_text(MODULE.format(kinds="moved"), encoding="utf-8")
    os.utime(folder / "main.py", ns=(then.st_atime_ns, then.st_mtime_ns))
    assert _run(folder) == ("2 0\n", [])


def test_where_nothing_can_be_written_it_is_one_line(folder):
    (folder / "__pycache__").write_text("no folder", encoding="utf-8")
    printed, lines = _run(folder, HOME=os.devnull, XDG_CACHE_HOME=os.devnull)
    assert printed == "2 0\n"
    [line] = lines
    assert "compiled code cannot be kept on the disk" in line
    assert "NUMBA_CACHE_DIR can name a folder" in line


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_full_disk_is_one_line(folder):
    printed, lines = _run(folder, "main.py", "full")
    assert printed == "2 0\n"
    [line] = lines
    assert "compiled code cannot be kept on the disk" in line


def test_a_model_is_trained_without_a_home_and_with_one_line(tmp_path):
    """The folder given cannot be made, as in an installation that is only read."""
    printed, lines = _run(tmp_path, "-c", FIT, HOME=os.devnull, NUMBA_CACHE_DIR=f"{os.devnull}/no")
    assert printed == "trained\n"
    assert len(lines) <= 1, lines
