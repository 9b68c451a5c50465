"""The command line as a user calls it: what answers at once, and what is refused."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest
from calling import call, environment_of_a_user

from implementations import registry

# What answers at once.


def test_help_names_all_commands_and_exit_statuses(tmp_path):
    done = call("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("run", "list", "check", "data", "report", "reproduce", "exit status", "130"):
        assert word in done.stdout
    assert not done.stderr


@pytest.mark.parametrize("module", ["harness.cli", "harness.__main__"])
def test_the_command_line_imports_nothing_heavy(tmp_path, module):
    heavy = {"numba", "numpy", "matplotlib", "pyarrow", "pandas", "scipy", "rich", "llvmlite"}
    program = f"import sys, {module}; print(*sys.modules)"
    done = call(cwd=tmp_path, by=[sys.executable, "-c", program])
    assert done.returncode == 0, done.stderr
    assert not heavy & set(done.stdout.split())


def test_list_shows_what_is_here(tmp_path):
    done = call("list", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word in ("naive", "numba-parallel-f32", "module:Class", "100k", "synthetic-32m", "ml-32m"):
        assert word in done.stdout


def test_a_closed_pipe_is_no_error(tmp_path):
    arguments = [sys.executable, "-m", "harness", "list"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment_of_a_user(), **pipe) as process:
        process.stdout.close()
        complaint = process.stderr.read()
    assert not complaint


def test_dry_run_says_what_would_be_run_and_does_not(tmp_path):
    chosen = "numpy,third_party:MyAls"
    done = call("run", "--impl", chosen, "--scale", "320k", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "third_party:MyAls" in done.stdout
    assert "100k, 320k" in done.stdout
    assert "nothing was run" in done.stdout
    assert not list(tmp_path.iterdir())


# Bad usage: one line, status 2.


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["walk"], "walk"),
        (["run", "--rounds", "0"], "'0' is not a whole number from 1"),
        (["run", "--sweeps", "2.5"], "'2.5' is not a whole number from 1"),
        (["run", "--sweeps", "²"], "²"),
        (["run", "--threads", "1,x"], "'x' is not a whole number from 1"),
        (["run", "--budget", "soon"], "'soon' is not a number of seconds above 0"),
        (["run", "--budget", "-1"], "'-1' is not a number of seconds above 0"),
        (["run", "--budget", "nan"], "'nan' is not a number of seconds above 0"),
        (["run", "--rank", "0"], "--rank: rank must be at least 1, not 0"),
        (["run", "--rank", "many"], "--rank: invalid int value: 'many'"),
        (["run", "--reg", "-1"], "--reg: reg must be a finite number not below 0"),
        (["run", "--bias-reg", "inf"], "--bias-reg: bias_reg must be a finite number"),
        (["run", "--seed", "-1"], "--seed: seed must be at least 0, not -1"),
        (["run", "--split-seed", "-1"], "--split-seed must lie in 0 …"),
        (["run", "--split-seed", str(1 << 64)], "--split-seed must lie in 0 …"),
        (["run", "--shuffle-seed", "-1"], "--shuffle-seed must not be negative"),
        (["run", "--scale", "2m"], "there is no scale '2m': choose one of 100k"),
        (["run", "--impl", "nobody"], "no implementation 'nobody'; there are naive"),
        (["run", "--impl", " , "], "--impl names no implementation"),
        (["run", "--impl", "no_such_module:Als"], "No module named 'no_such_module'"),
        (["run", "--impl", "third_party:NoSuchClass"], "NoSuchClass"),
        (["run", "--impl", "unusable:NotABackend"], "is no class derived from"),
        (["run", "--impl", "unusable:Incomplete"], "leaves out load, prepare, read"),
        (["run", "--impl", "numpy", "--threads", "1,4096"], "--threads 4096: this process may use"),
        (["run", "--impl", "numpy", "--baseline", "naive"], "--baseline naive is not among numpy"),
        (["run", "--data", "/no/such/place"], "there is no data set or path '/no/such/place'"),
        (["run", "--resume", "/no/such/run"], "no run is here"),
        (["report", "/no/such/run"], "no run is here"),
        (["check", "--impl", "nobody"], "no implementation 'nobody'"),
        (["data", "nothing-100k"], "there is no data set or path 'nothing-100k'"),
        (["data", ".", "--columns", "users=a"], "'users=a' is not like user=A,item=B,rating=C"),
        (["run", "--columns", "user"], "'user' is not like user=A,item=B,rating=C"),
        (["data", "ml-1m", "--columns", "user=a"], "the columns of ml-1m are known"),
        (["reproduce", "everything"], "there is no protocol 'everything'"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_bad_usage_is_one_line_and_status_2(refused, arguments, complaint):
    assert complaint in refused(*arguments)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("def", "SyntaxError"),
        ("import no_such_library", "No module named 'no_such_library'"),
        ("Als = 5", "is no class"),
    ],
)
def test_a_module_that_cannot_be_loaded_is_one_line(
    tmp_path, refused, monkeypatch, source, complaint
):
    modules = tmp_path / "modules"
    modules.mkdir()
    monkeypatch.syspath_prepend(modules)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    name = f"mine_{abs(hash(source))}"
    (modules / f"{name}.py").write_text(source)
    assert complaint in refused("run", "--impl", f"{name}:Als")


def test_a_bad_call_of_the_program_itself_is_one_line_and_status_2(tmp_path):
    done = call("report", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "harness: results/ holds no run yet: `python -m harness run` makes one\n"
    )


def test_libraries_that_are_not_here_are_one_line_with_the_command(refused, monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(registry, "distribution", absent)
    registry.find.cache_clear()
    said = refused("run", "--impl", "numba-tiled-f32,peers", "--scale", "100k")
    registry.find.cache_clear()
    assert said == (
        "harness: --impl cmfrec: cmfrec is not installed: "
        'pip install -c constraints.txt -e ".[peers]"\n'
    )
