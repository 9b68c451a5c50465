"""The asv suites import only what asv installs, and every benchmark runs: here on a tiny set."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from asv_runner.discovery import disc_benchmarks

from benchmarks import common, quality
from harness.data.ladder import scales as ladder

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "benchmarks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BENCHMARKS = {benchmark.name: benchmark for benchmark in disc_benchmarks(str(SUITES))}
SKIPPED = object()
OURS = {"benchmarks", "harness", "implementations"}


def package_names(requirements):
    """Top-level modules of requirements: our dependencies' are their names."""
    return {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in requirements}


BASE = package_names(PROJECT["dependencies"])
EXTRAS = package_names(itertools.chain(*PROJECT["optional-dependencies"].values())) - BASE


def foreign_imports(source):
    """Top-level modules that a source imports, and that asv does not install."""
    nodes = list(ast.walk(ast.parse(source)))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in found} - BASE - OURS - sys.stdlib_module_names


def import_without_extras(folder):
    """Import every suite in a folder, in an interpreter that has no extra of ours."""
    modules = sorted(f"benchmarks.{path.stem}" for path in Path(folder, "benchmarks").glob("*.py"))
    script = f"import sys; sys.modules |= dict.fromkeys({sorted(EXTRAS)!r})\n"
    script += f"sys.path.insert(0, {str(folder)!r})\n"
    script += "".join(f"import {name.removesuffix('.__init__')}\n" for name in modules)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)


def test_suites_import_only_what_asv_installs():
    imports = {path.name: foreign_imports(path.read_text("utf-8")) for path in SUITES.glob("*.py")}
    assert imports
    assert not any(imports.values()), imports


@pytest.mark.parametrize("line", ["import pytest", "def f():\n    from cmfrec import CMF"])
def test_a_foreign_import_is_seen(line):
    assert foreign_imports(line) in ({"pytest"}, {"cmfrec"})


def test_suites_can_be_imported_without_extras():
    done = import_without_extras(ROOT)
    assert done.returncode == 0, done.stderr


def test_an_import_of_an_extra_fails_without_extras(tmp_path):
    shutil.copytree(SUITES, tmp_path / "benchmarks")
    with (tmp_path / "benchmarks" / "memory.py").open("a") as module:
        module.write("\nimport hypothesis\n")
    assert "import of hypothesis halted" in import_without_extras(tmp_path).stderr


def tiny_ratings(folder):
    """Half stars by 60 users for 40 movies, a third of all pairs, as MovieLens writes them."""
    random = np.random.default_rng(3)
    pairs = np.argwhere(random.random((60, 40)) < 1 / 3)
    rows = [f"{user},{movie},{random.integers(1, 11) / 2},0" for user, movie in pairs]
    (folder / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *rows, ""]))
    return str(folder)


@pytest.fixture(autouse=True)
def _tiny(tmp_path_factory, monkeypatch, own_cache):
    """Data of the suites: half of a tiny file, each call made once, all caches the test's own."""
    monkeypatch.setattr(common, "SOURCE", tiny_ratings(tmp_path_factory.mktemp("tiny")))
    monkeypatch.setitem(ladder._SIZES, "100k", 400)
    monkeypatch.setattr(common, "_ENOUGH_S", 0.0)


@pytest.fixture(scope="module")
def working_directory(tmp_path_factory):
    """Where a benchmark runs, by what sets it up: made once, as asv does."""
    made = {}

    def folder_for(benchmark, monkeypatch):
        key = benchmark.setup_cache_key
        new = key not in made
        folder = made.setdefault(key, tmp_path_factory.mktemp("asv"))
        monkeypatch.chdir(folder)
        if new:
            benchmark.do_setup_cache()

    return folder_for


def results(benchmark):
    """What every combination of its parameters gives."""
    benchmark.repeat, found = 1, {}
    for index, params in enumerate(itertools.product(*benchmark.params)):
        if benchmark.params:
            benchmark.set_param_idx(index)
        found[params] = SKIPPED if benchmark.do_setup() else benchmark.do_run()
        benchmark.do_teardown()
    return found


def too_slow(name, implementation="", rank="", scale=""):
    """Whether a benchmark is skipped even on the tiny set (asv quotes the names)."""
    if implementation == "'naive'" and name.startswith("quality.Quality"):
        return True
    return implementation in ("'naive'", "'numpy'") and rank == "64"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_runs(name, working_directory, monkeypatch):
    benchmark = BENCHMARKS[name]
    working_directory(benchmark, monkeypatch)
    found = results(benchmark)
    skipped = {params for params, result in found.items() if result is SKIPPED}
    assert skipped == {params for params in found if too_slow(name, *params)}
    values = [found[params] for params in found.keys() - skipped]
    if benchmark.type == "time":
        values = [result["samples"][0] for result in values]
        assert min(values) > 0, "a clock that stood still"
    assert values
    assert all(np.isfinite(values))
    assert min(values) >= 0


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_has_a_name_and_a_unit(name):
    benchmark = BENCHMARKS[name]
    assert benchmark.pretty_name
    assert benchmark.unit not in ("", "unit")


def test_the_suites_are_all_found():
    suites = {name.split(".")[0] for name in BENCHMARKS}
    assert suites == {path.stem for path in SUITES.glob("*.py")} - {"__init__", "common"}


def rung_of(n_ratings):
    return SimpleNamespace(train=range(n_ratings))


@pytest.mark.parametrize(
    ("name", "rank", "n_ratings"),
    [("naive", 20, 900_000), ("naive", 64, 100), ("numpy", 64, 100), ("of-another-day", 20, 100)],
)
def test_what_takes_too_long_or_is_not_here_is_skipped(name, rank, n_ratings):
    with pytest.raises(NotImplementedError, match=name):
        common.variant_for(name, rank, rung_of(n_ratings))


def test_what_is_quick_enough_is_not_skipped():
    assert common.variant_for("naive", 20, rung_of(90_000)).name == "naive"
    assert common.variant_for("numba-tiled", 64, rung_of(28_800_000)).name == "numba-tiled"


def test_a_wrong_result_shows_in_parity(working_directory, monkeypatch):
    benchmark = BENCHMARKS["quality.Quality.track_parity"]
    working_directory(benchmark, monkeypatch)
    benchmark.set_param_idx(benchmark._params[0].index("numba-serial") * len(common.RANKS))
    benchmark.do_setup()
    assert benchmark.do_run() < 1e-9
    path = quality.reference_file(common.RANKS[0], "100k")
    right = np.load(path)
    np.save(path, right + 0.25)
    try:
        benchmark.do_setup()
        assert benchmark.do_run() == pytest.approx(0.25)
    finally:
        np.save(path, right)


def clock_of(seconds, monkeypatch):
    """Let the calls that `fastest` makes take so long."""
    ticks = iter(itertools.chain.from_iterable((0.0, s) for s in seconds))
    monkeypatch.setattr(common, "perf_counter", lambda: next(ticks))


def test_a_sample_is_the_fastest_of_some_calls(monkeypatch):
    monkeypatch.setattr(common, "_ENOUGH_S", 1.0)
    clock_of([0.03, 0.01, 0.02, *[0.02] * 27], monkeypatch)
    timed = common.Timed()
    timed.spend(lambda: None)
    assert timed.timer() == 0.01


def test_a_call_that_takes_long_is_made_once(monkeypatch):
    monkeypatch.setattr(common, "_ENOUGH_S", 1.0)
    clock_of([2.0], monkeypatch)
    assert common.fastest(lambda: None) == 2.0
