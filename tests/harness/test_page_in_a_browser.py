"""The page in a real browser: what readers can do with it, and that it asks nobody for anything."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import report_frames as frames

from harness.report.figures import draw_figures
from harness.report.page import Beside, write_page

playwright = pytest.importorskip(
    "playwright.sync_api", reason='no Playwright: pip install -c constraints.txt -e ".[browser]"'
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path")

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    cells = frames.cells()
    faster = cells.assign(
        baseline="numpy", **{n: cells[n] / 10 for n in ("speedup", "speedup_low", "speedup_high")}
    )
    findings = replace(frames.findings(cells), against={"naive": cells, "numpy": faster})
    path = write_page(
        findings, draw_figures(findings), frames.NOTES, Beside(), tmp_path_factory.mktemp("run")
    )
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails the test where anything is asked for, or a script complains."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("file:", "data:", "blob:")) else wrong.append(asked.url)
        ),
    )
    yield page
    context.close()
    assert wrong == []


def column(page: Any, table: str, name: str) -> list[str]:
    """Texts of a column's rows that are seen."""
    cells = page.locator(f'#{table} tbody tr:visible td[data-column="{name}"]')
    return [text.strip() for text in cells.all_inner_texts()]


def test_a_click_sorts_by_numbers_and_a_third_one_undoes_it(page: Any, address: str) -> None:
    page.goto(address)
    planned = column(page, "everything", "sweep_s")
    head = page.locator('#everything th[data-column="sweep_s"] button')
    head.click()
    cells = page.locator('#everything tbody td[data-column="sweep_s"]').all()
    orders = [cell.get_attribute("data-order") for cell in cells]
    known = [float(order) for order in orders if order]
    assert known == sorted(known)
    assert all(orders[: len(known)])  # what has no number comes last
    assert "sort=sweep_s" in page.url
    head.click()
    assert "sort=-sweep_s" in page.url
    head.click()
    assert column(page, "everything", "sweep_s") == planned


def test_another_baseline_changes_speeds_sentences_and_the_figure(page: Any, address: str) -> None:
    page.goto(address)
    before = column(page, "ladder", "speedup")
    plot = page.locator("#figure-speedup .plot.wide:visible")
    assert plot.get_attribute("data-baseline") == "naive"
    page.select_option("select[name=baseline]", "numpy")
    assert column(page, "ladder", "speedup") != before
    assert "as fast as numpy" in page.locator("#ladder thead").inner_text()
    assert "as fast as numpy" in page.locator(".headline").inner_text()
    assert plot.get_attribute("data-baseline") == "numpy"
    assert "baseline=numpy" in page.url


def test_what_is_hidden_is_gone_from_tables_and_figures(page: Any, address: str) -> None:
    page.goto(address)
    page.locator("#controls summary").click()
    box = page.locator('input[value="numba-serial|1"]')
    place = box.get_attribute("data-place")
    marks = page.locator(f'#figure-seconds .wide [data-series="{place}"]')
    assert marks.count() > 2
    assert marks.first.is_visible()
    box.uncheck()
    assert not any(mark.is_visible() for mark in marks.all())
    assert "numba-serial" not in column(page, "everything", "implementation")
    page.select_option("select[name=dtype]", "float32")
    assert set(column(page, "everything", "implementation")) == {"numba-parallel-f32"}
    page.select_option("select[name=scale]", "1m")
    assert column(page, "everything", "train_ratings") == ["1m"]
    page.locator('button[data-do="reset"]').click()
    page.wait_for_function("!location.hash")
    assert "numba-serial" in column(page, "everything", "implementation")


def test_a_link_leads_to_what_its_sender_saw(page: Any, address: str) -> None:
    page.goto(f"{address}#baseline=numpy&hide=naive%7C1&scale=1m&sort=-sweep_s&theme=dark")
    assert "as fast as numpy" in page.locator(".headline").inner_text()
    names = column(page, "everything", "implementation")
    assert names
    assert "naive" not in names
    assert set(column(page, "everything", "train_ratings")) == {"1m"}
    sort = page.locator('#everything th[data-column="sweep_s"]').get_attribute("aria-sort")
    assert sort == "descending"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(22, 24, 27)"


def test_a_link_with_nonsense_shows_the_page_as_it_is(page: Any, address: str) -> None:
    page.goto(f"{address}#baseline=nobody&dtype=int8&sort=-%22]&hide=,,")
    assert page.locator("select[name=baseline]").input_value() == "naive"
    assert len(column(page, "ladder", "sweep_s")) == len(frames.VARIANTS)


@pytest.mark.parametrize(("what", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("csv", b"s")])
def test_figures_can_be_taken_away(
    page: Any, address: str, tmp_path: Path, what: str, begins: bytes
) -> None:
    page.goto(address)
    with page.expect_download() as download:
        page.locator(f'#figure-speedup button[data-do="{what}"]').click()
    assert download.value.suggested_filename == f"speedup.{what}"
    path = tmp_path / "taken"
    download.value.save_as(path)
    content = path.read_bytes()
    assert content.startswith(begins)
    if what == "svg":
        assert b"--c" in content
        assert b"xmlns" in content
    if what == "csv":
        assert content.startswith(b"scale,training ratings,implementation,threads,times as fast")


@pytest.mark.parametrize("width", [1400, 390, 320])
def test_nothing_is_wider_than_the_screen(page: Any, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    seen = "narrow" if width < 500 else "wide"
    assert page.locator(f"#figure-rmse .plot.{seen}").is_visible()


def test_a_figure_can_be_enlarged(page: Any, address: str) -> None:
    page.goto(address)
    page.locator('#figure-rmse button[data-do="enlarge"]').click()
    assert page.locator("dialog svg").is_visible()
    page.locator("dialog button").click()
    assert not page.locator("dialog svg").is_visible()


def test_without_scripts_everything_can_be_read(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("#figure-speedup .plot.wide:visible").count() == 1
    assert page.locator("#everything").is_visible()
    assert not page.locator("#controls").is_visible()
    context.close()
