"""A figure is one module and one name in a list: files, page and caption come by themselves."""

import re
from pathlib import Path

import pytest
import report_frames as frames

from harness.report import figures
from harness.report.drawing.figure import Figure
from harness.report.drawing.style import new_figure, put_title, styled
from harness.report.figures import FIGURES, MODULES, draw_figures, write_figures
from harness.report.findings import Findings
from harness.report.page import Beside, write_page


def _draw(findings: Findings):
    with styled():
        drawing = new_figure(2.0)
        put_title(drawing, "Made up", findings.about.title)
        drawing.text(0.5, 0.5, f"{len(findings.cells)} cells")
        return drawing


MADE_UP = Figure(
    name="made-up",
    caption="How many cells there are beside {baseline}, which takes 100 % of {baseline}.",
    draw=_draw,
    applies=lambda findings: not findings.cells.empty,
)


@pytest.fixture
def listed(monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", (MADE_UP, *FIGURES[:1]))


def test_a_new_figure_goes_the_whole_way(listed, tmp_path):
    findings = frames.findings(frames.cells().head(6))
    drawn = draw_figures(findings)
    written = write_figures(drawn, tmp_path / "figures")
    assert [path.name for path in written] == [
        f"{name}.{end}" for name in ("made-up", "speedup") for end in ("svg", "png")
    ]
    assert "6 cells" in written[0].read_text("utf-8")
    page = write_page(findings, drawn, [], Beside(), tmp_path).read_text("utf-8")
    assert re.findall(r'<figure id="([^"]*)">', page) == ["figure-speedup", "figure-made-up"]
    assert "6 cells" in page
    assert "beside naive, which takes 100 % of naive." in page


def test_a_figure_that_does_not_apply_is_not_drawn(listed):
    nothing = frames.findings(frames.cells().head(0))
    assert [figure.name for figure in draw_figures(nothing)] == ["speedup"]


def test_no_module_of_a_figure_is_forgotten():
    there = {path.stem for path in Path(figures.__file__).parent.glob("[!_]*.py")}
    assert sorted(MODULES) == sorted(there)
    assert all(isinstance(figure, Figure) for figure in FIGURES)


def test_every_figure_has_a_name_and_a_caption_of_its_own():
    for attribute in ("name", "caption"):
        assert len({getattr(figure, attribute) for figure in FIGURES}) == len(FIGURES)
    assert all(figure.caption.endswith(".") for figure in FIGURES)
