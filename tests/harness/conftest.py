"""What these tests share: one run of everything on the tiny set, its file, and bad calls."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from screens import Clock, Terminal
from tiny import SIZES, Watcher, go, tiny_dataset, write_csv

from harness.cli import main
from harness.data.ladder import scales
from harness.results.records import Run
from implementations.registry import names


@pytest.fixture(scope="module")
def tiny_scales():
    """The ladder's scales cut down to the tiny set."""
    with pytest.MonkeyPatch.context() as patch:
        for name, size in SIZES.items():
            patch.setitem(scales._SIZES, name, size)
        yield


@pytest.fixture(scope="session")
def watcher() -> Watcher:
    """Who watched the run of everything."""
    return Watcher()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    """Folder of the run of everything."""
    return tmp_path_factory.mktemp("everything")


@pytest.fixture(scope="session")
def everything(run_folder, watcher) -> Run:
    """All registered implementations, three sweeps judged, four rounds."""
    return go(run_folder, names(), watcher=watcher)


@pytest.fixture(scope="session")
def csv_file(tmp_path_factory) -> Path:
    """The tiny set as a file."""
    path = tmp_path_factory.mktemp("data") / "ratings.csv"
    write_csv(tiny_dataset(), path)
    return path


@pytest.fixture
def clock() -> Clock:
    """Seconds that pass when they are told to."""
    return Clock()


@pytest.fixture
def terminal(monkeypatch) -> Terminal:
    """Standard output and error of one terminal."""
    both = Terminal()
    # Not in sys itself, where pytest puts its own.
    streams = SimpleNamespace(stdout=both, stderr=both)
    monkeypatch.setattr("harness.screen.console.sys", streams)
    return both


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """What a bad call in this process says: one line, status 2, nothing done."""
    monkeypatch.chdir(tmp_path)

    def call_here(*arguments: str | Path) -> str:
        before = sorted(tmp_path.iterdir())
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        assert status == 2
        assert all("takes the place" in line for line in captured.out.splitlines())  # a notice
        assert captured.err.startswith("harness: ")
        assert captured.err.count("\n") == 1
        assert sorted(tmp_path.iterdir()) == before
        return captured.err

    return call_here
