"""The page: self-contained, escaped, and its headline computed from the data."""

import math
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import report_frames as frames
from made_models import made

from harness.analysis.latent import latent_facts
from harness.analysis.remarks import Remark
from harness.report.figures import draw_figures
from harness.report.findings import About, Findings
from harness.report.headline import headline
from harness.report.page import Beside, write_page
from harness.report.page.facts import flattened
from harness.report.tables import full_table
from implementations import AlsParams

NAN = math.nan
BESIDE = Beside(frames.ENVIRONMENT, "python -m harness run")
_VOID = {"meta", "br", "img", "hr", "link", "input"}


class Reader(HTMLParser):
    """Collects tags, ids and text; notices an end that nothing began."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    cells = frames.cells()
    against = {"naive": cells, "numpy": cells.assign(baseline="numpy")}
    findings = replace(frames.findings(cells), against=against)
    folder = tmp_path_factory.mktemp("run")
    figures = draw_figures(findings)
    path = write_page(findings, figures, frames.NOTES, BESIDE, folder)
    assert list(folder.iterdir()) == [path]
    return path.read_text(encoding="utf-8")


def test_the_page_needs_nothing_else(page: str) -> None:
    n_figures = len(re.findall("<figure ", page))
    assert n_figures == 8
    assert page.count("<svg") == 2 * (n_figures + 1)  # wide and narrow; one for each baseline
    marked_up = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    addresses = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')> ]+)', marked_up)
    assert {a for a in addresses if not a.startswith("#")} == {"data:,"}  # no icon is asked for
    assert not re.search(r"<(script [^>]*src|img|iframe|object|embed|base)\b", page)
    assert not re.search(r"@import|https?://(?!www\.w3\.org/)", page)


def test_the_page_is_well_formed_and_ids_are_unique(page: str) -> None:
    reader = read(page)
    assert len(reader.ids) == len(set(reader.ids))
    targets = re.findall(r'(?:href="#|url\(#)([^")]+)', page)
    assert targets
    assert set(targets) <= set(reader.ids)


def test_the_page_says_what_was_found(page: str) -> None:
    text = " ".join(read(page).text.split())
    for said in (
        "synthetic-32m (synthetic)",
        "480× (470–490) as fast as naive",
        *(remark.text for remark in frames.NOTES),
        "cpu · model",
        "Example 9000",
        "plain Python loops",
        "refused: needs 31 GiB; 19 GiB may be used",
        "half-sweep",
    ):
        assert said in text, said
    assert not re.search(r"\b(nan|None|inf)\b", text, flags=re.IGNORECASE)


def test_third_parties_cannot_write_html(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'
    row = frames.cell() | {"variant": evil, "idea": evil, "state": "failed", "reason": evil}
    cells = pd.DataFrame([row, frames.cell("1m", "naive")])
    findings = Findings(cells, frames.qualities(cells), About(evil, True, evil))
    notes = [Remark("drift", "warning", evil)]
    path = write_page(findings, draw_figures(findings), notes, Beside({evil: evil}, evil), tmp_path)
    html = path.read_text(encoding="utf-8")
    read(html)
    assert html.count("<script") == 2  # our own, and its data
    assert evil not in html
    assert "&lt;script&gt;" in html


def test_a_page_of_nothing(tmp_path: Path) -> None:
    findings = frames.findings(pd.DataFrame())
    html = write_page(findings, draw_figures(findings), [], Beside(), tmp_path).read_text("utf-8")
    assert "Nothing was measured." in read(html).text


def test_the_headline_is_of_the_largest_scale_then_of_what_was_measured() -> None:
    sentences = headline(frames.cells(), frames.ABOUT)
    assert sentences[0].startswith("numba-parallel-f32 (in float32) does a sweep over 28,800,163 ")
    assert "~800×" in sentences[0]
    assert sentences[0].endswith("where naive is projected, not measured.")
    assert sentences[1].startswith("numba-parallel-f32 (in float32) does a sweep over 900,123 ")
    assert sentences[2] == (
        "numba-parallel does a sweep over 900,123 synthetic ratings 480× (470–490) as fast as "
        "naive, with the same predictions to 3e-14."
    )
    assert "at 1m does not give the same result" in sentences[3]
    assert sentences[4] == "Without timing (refused): my_package.als:MyAls at 10m and full."


@pytest.mark.parametrize("name", ["ml-32m", "no longer (synthetic)"])
def test_whether_ratings_are_synthetic_is_a_fact_and_not_a_name(name: str) -> None:
    real, made = (About(name, synthetic, "rank 20") for synthetic in (False, True))
    assert "28,800,163 ratings" in headline(frames.cells(), real)[0]
    assert "28,800,163 synthetic ratings" in headline(frames.cells(), made)[0]
    assert made.title == f"{name} (synthetic) · rank 20"
    assert real.title == f"{name} · rank 20"
    for about in (real, made):
        assert set(full_table(frames.cells(), about)["synthetic"]) == {about.synthetic}


def test_a_wrong_result_makes_no_headline() -> None:
    failed = frames.cell(state="parity_failed", verdict="failed")  # with a speed, by mistake
    sentences = headline(pd.DataFrame([frames.cell("1m", "naive"), failed]), frames.ABOUT)
    assert sentences[0].startswith("No speed is compared")
    assert (
        sentences[1] == "numba-parallel at 1m does not give the same result: no speed is claimed."
    )


def test_without_a_baseline_no_speed_is_claimed() -> None:
    gone = frames.without(frames.cell("1m", "naive"), "failed", "x")
    lone = frames.cell() | dict.fromkeys(("speedup", "speedup_low", "speedup_high"), NAN)
    sentences = headline(pd.DataFrame([gone, lone]), frames.ABOUT)
    assert sentences[0] == "No speed is compared: naive was not timed."
    assert headline(pd.DataFrame(), frames.ABOUT) == ["Nothing was measured."]


def test_facts_become_lines() -> None:
    facts = {"a": {"b_c": 1, "d": None}, "e": [1, 2], "f": [{"g": True}], "h": NAN, "i": {}}
    assert flattened(facts) == [
        ("a · b c", "1"),
        ("a · d", "–"),
        ("e", "1, 2"),
        ("f · 1 · g", "yes"),
        ("h", "–"),
    ]


def test_the_page_shows_what_the_model_learned_and_how_good_projections_are(tmp_path) -> None:
    cells = frames.cells()
    data = {"name": "made", "synthetic": True, "train_ratings": 5000}
    model = {"params": asdict(AlsParams(rank=5)), "sweeps": 10, "test_rmse": 0.8}
    facts = {"data": data, "model": model, **latent_facts(made())}
    trial = {"rung": "1m", "variant": "numpy", "threads": 1, "measured_s": 2.0, "projected_s": 1.9}
    trials = pd.DataFrame([trial | {"error": -0.05}])
    beside = Beside(command="python -m harness run", trials=trials, latent=facts)
    findings = frames.findings(cells)
    path = write_page(findings, draw_figures(findings), frames.NOTES, beside, tmp_path)
    html = path.read_text("utf-8")
    text = " ".join(read(html).text.split())
    for said in ("What the model learned", "How good projections are", "-5 %", "1 warning:"):
        assert said in text, said
    for name in ("latent", "latent-genres", "latent-shrinkage"):
        assert f'<figure id="figure-{name}">' in html
    assert "python -m harness run" in text
