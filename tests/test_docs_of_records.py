"""Published figures come from records: what is spliced agrees, what is typed only falls."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from harness.analysis import alignment, convergence, inference, quiet
from harness.analysis.quality_time import OBJECTIVE_MARGINS
from harness.analysis.remarks import of_timing
from harness.data.movielens import archives
from harness.measure import rater, rung_run
from harness.measure.admission import SHARE_OF_MEMORY
from harness.measure.timing import SHORTEST_TURN_S, WARM_BELOW_S
from harness.reproduce import training
from scripts._parts import PARTS
from scripts._records import FIGURES_IN, machine_name
from scripts.docs import ROOT, disagreements, main, splice, spliced, texts

# A number with a unit that things are measured in. The level of an interval is none.
MEASURED = re.compile(
    r"(?<![\w.,–-])(?!95 %)~?[\d.,]*\d(?:–[\d.,]*\d)?\s?"
    r"(?:(?:ms|µs|s|min|h|%|GFLOP/s|GB/s|MiB|GiB|MB|GB)(?![\w/])|times as (?:fast|long)"
    r"|×(?! ?[\d(]))"
)
# What is typed all the same: measured before there were records, and kept apart. A text that is not
# named has none. To fall, never to rise.
TYPED = {"docs/history.md": 64}
# Parameters of the method look like measured figures. Each is what the code has.
_MARGINS = dict(zip(("1 %", ".1 %", ".01 %"), OBJECTIVE_MARGINS, strict=True))
PARAMETERS: dict[str, dict[str, float]] = {
    "docs/acceleration.md": _MARGINS,
    "docs/data.md": {"64 MiB": archives._ALWAYS_ALLOWED},
    "docs/method.md": {"1.0 %": inference.PROCESS_SPREAD, "99 %": 1 - inference.ALPHA},
    "docs/method-details.md": {
        ".5 %": convergence.OBJECTIVE_TOLERANCE,
        ".25 %": convergence.STILL_FALLING,
        "1.0 %": quiet.RUN_SPREAD,
        "5 %": quiet._SHARE,
        "10 %": of_timing._DRIFT - 1,
        "15 %": of_timing._WIDE,
        "40 %": alignment._LEAST_NEAR,
        "80 %": SHARE_OF_MEMORY,
        "20 ms": SHORTEST_TURN_S,
        "0.1 s": WARM_BELOW_S,
        "120 s": rung_run._SHORTEST_TIMEOUT_S,
        "256 MiB": rater._MEMORY_BYTES,
    },
    "docs/peers.md": {".5 %": convergence.OBJECTIVE_TOLERANCE, ".2 s": rung_run._REST_S},
    "docs/reproduce.md": {"30 s": training._TIMED_S},
}
_UNITS = {"%": 0.01, "ms": 1e-3, "s": 1, "MiB": 2**20}


def typed(text: str) -> list[str]:
    """Measured figures outside of spliced parts and code."""
    text = re.sub(r"<!-- record: .*?<!-- end -->", "", text, flags=re.DOTALL)
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    return MEASURED.findall(text)


def test_texts_and_records_agree(monkeypatch, capsys):
    """As `python -m scripts.docs --check` says."""
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    assert main() == 0
    assert capsys.readouterr().out == f"{len(texts())} texts checked\n"


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.name)
def test_no_measured_figure_is_typed(path):
    name = path.relative_to(ROOT).as_posix()
    parameters = PARAMETERS.get(name, {})
    found = [one for one in typed(path.read_text(encoding="utf-8")) if one not in parameters]
    assert len(found) == TYPED.get(name, 0), found


@pytest.mark.parametrize(
    ("name", "figure"), [(name, figure) for name in PARAMETERS for figure in PARAMETERS[name]]
)
def test_a_parameter_is_what_the_code_has(name, figure):
    number, unit = figure.split()
    assert float(number) * _UNITS[unit] == pytest.approx(PARAMETERS[name][figure])
    assert figure in typed((ROOT / name).read_text(encoding="utf-8")), "no longer in the text"


def test_figures_are_seen_as_such():
    for figure in ("0.26 s", "3 ms", "9.1 GB/s", "~2,500×", "1.4 %", "12–14 s", "5 times as fast"):
        assert typed(f"takes {figure}.") == [figure], figure
    for other in ("95 % interval", "rank 20", "numba-tiled-f32 does", "`20 ms`", "in 2015"):
        assert typed(other) == [], other
    assert typed("<!-- record: answer -->\n3 s\n<!-- end -->") == []


@pytest.fixture
def copy(tmp_path):
    """The README with its figures, and the records."""
    shutil.copytree(ROOT / FIGURES_IN, tmp_path / FIGURES_IN)
    shutil.copytree(ROOT / "results" / "record", tmp_path / "results" / "record")
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def test_a_changed_digit_is_found_and_mended(copy):
    path = copy / "README.md"
    text = path.read_text(encoding="utf-8")
    part = re.search(r"<!-- record: terminal -->.*?<!-- end -->", text, re.DOTALL)
    digit = re.search(r"\d\.\d{2}", part[0])
    changed = part[0].replace(digit[0], "9.99", 1)
    path.write_text(text.replace(part[0], changed), encoding="utf-8")
    figure = copy / FIGURES_IN / "ladder-speedup.svg"
    drawn = figure.read_bytes()
    figure.write_text("<svg/>", encoding="utf-8")
    assert disagreements(copy) == ["README.md", "docs/figures/ladder-speedup.svg"]
    assert splice(copy) == ["README.md"]
    assert path.read_text(encoding="utf-8") == text
    assert figure.read_bytes() == drawn


def test_a_marker_without_a_part_is_an_error(tmp_path):
    with pytest.raises(KeyError):
        spliced("<!-- record: nothing -->\n<!-- end -->", tmp_path, [], tmp_path)


def test_every_part_stands_somewhere():
    everything = "".join(path.read_text(encoding="utf-8") for path in texts())
    assert set(re.findall(r"<!-- record: ([a-z-]+) -->", everything)) == set(PARTS)


@pytest.mark.parametrize(
    ("cpu", "vector", "name"),
    [
        ("Intel(R) Xeon(R) Processor (rocketlake)", "AVX-512", "intel-xeon-avx-512"),
        ("AMD EPYC", "AVX2", "amd-epyc-avx2"),
        ("AMD Ryzen 9 7950X 16-Core Processor", "AVX-512", "amd-ryzen-9-7950x-avx-512"),
        ("Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz", "AVX2", "intel-core-i7-8700k-avx2"),
    ],
)
def test_machines_are_named_by_their_kind(cpu, vector, name):
    assert machine_name({"cpu": cpu, "vector": vector}) == name


def test_links_between_texts_lead_somewhere():
    for path in texts():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (Path(path.parent) / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("path", [*texts(ROOT), ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_lines_are_short(path):
    code, long = False, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        code ^= line.startswith("```")
        if len(line) > 120 and not code and not line.startswith("|"):
            long.append(number)
    assert not long
