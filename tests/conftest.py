"""What all tests share: a cache folder of their own, and the real ratings where they are."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from release_files import write_large

# A shell starts background jobs with Ctrl-C ignored, and all their children: the tests that send
# it would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Some build machines name a width for all they start: tables are tried at widths that tests name.
os.environ.pop("COLUMNS", None)

# How long an example takes is no property of the code: the first may compile, and others use cores.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# Files of few and long tests go first: whoever took one last would work on alone.
_LONG = ("test_scripts.py", "test_docs_of_records.py", "test_dask.py", "test_faults.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they are found."""
    items.sort(key=lambda item: item.path.name not in _LONG)


_SMALL = Path(__file__).parents[2] / "shared" / "data" / "ml-latest-small"


@pytest.fixture(scope="session", autouse=True)
def _cache_of_the_session(tmp_path_factory):
    """No test touches the user's own cache, not even in a subprocess."""
    folder = str(tmp_path_factory.mktemp("cache"))
    before = os.environ.get("ALS_LADDER_CACHE")
    os.environ["ALS_LADDER_CACHE"] = folder
    yield
    if before is None:
        del os.environ["ALS_LADDER_CACHE"]
    else:
        os.environ["ALS_LADDER_CACHE"] = before


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder for one test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ALS_LADDER_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def movielens_small() -> Path:
    """Folder of the ml-latest-small release of September 2018."""
    if not (_SMALL / "ratings.csv").is_file():
        pytest.skip("the real ratings of ml-latest-small are not beside the repository")
    return _SMALL


@pytest.fixture(scope="session")
def made_release(tmp_path_factory) -> Path:
    """Folder of a release of about 100,000 ratings that is made here, in the newest layout."""
    folder = tmp_path_factory.mktemp("made") / "made-release"
    folder.mkdir()
    write_large(folder)
    return folder


@pytest.fixture(scope="session", params=["made_release", "movielens_small"])
def release(request) -> Path:
    """A release that is made by the tests, and a real one where it is beside the repository."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _no_cluster_outlives_a_module():
    """End local clusters: who comes next counts processes."""
    yield
    if opened := sys.modules.get("implementations.cluster.clients"):
        opened.close_clients()
