"""Figures and columns on threads, on the machine and on time to quality."""

import math
import re
from typing import Any

import pandas as pd
import pytest
import report_frames as frames

from harness.report import numbers
from harness.report.drawing.style import svg, text_width
from harness.report.figures import draw_figures
from harness.report.figures.flops_by_intensity import has_roof, roofline_figure
from harness.report.figures.rmse_by_seconds import quality_figure
from harness.report.figures.speedup_by_threads import has_several_threads, threads_figure
from harness.report.page import Beside, write_page
from harness.report.tables import full_table, markdown
from harness.report.terminal import WIDTH, legend, scale_table

RUNGS = ("100k", "1m")


def texts(drawing: str) -> list[str]:
    found = re.findall(r"<text [^>]*>(.*?)</text>", drawing, flags=re.DOTALL)
    return [re.sub(r"<[^>]*>", "", text) for text in found]


def names_of(cells: pd.DataFrame) -> set[str]:
    """Names of the figures that are drawn of these cells."""
    return {figure.name for figure in draw_figures(frames.findings(cells))}


def measured(rungs: tuple[str, ...] = RUNGS) -> pd.DataFrame:
    """Some implementations, one with 1, 2 and 4 threads, on a machine that was measured."""
    rows = []
    for rung in rungs:
        singles = ("naive", "numba-serial", "numba-parallel-f32")
        rows += [frames.cell(rung, variant) for variant in singles]
        scaled = frames.cell(rung, "numba-parallel")
        rows += [frames.scaled(scaled, *one) for one in ((1, 1.0), (2, 1.9), (4, 3.1))]
    return pd.DataFrame([frames.gauged(row) for row in rows])


# Threads.


def test_threads_are_drawn_where_one_ran_with_several_and_only_there() -> None:
    assert {"threads", "roofline", "time-to-quality"} <= names_of(measured())
    single = frames.cells()
    assert not has_several_threads(single)
    assert not has_several_threads(pd.DataFrame())
    assert not {"threads", "roofline"} & names_of(single)


def test_the_threads_figure_names_what_scaled() -> None:
    drawn = texts(svg(threads_figure(measured(), frames.TITLE)))
    for text in ("numba-parallel", "100k", "1m", "threads", "times as fast", "75 %", frames.TITLE):
        assert text in drawn, text
    assert "numba-serial" not in drawn
    assert "numba-parallel (2 threads)" not in drawn


def test_points_and_the_ideal_line_stand_where_they_should() -> None:
    axes = threads_figure(measured(("1m",)), "t").axes[0]
    lines = [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()]
    assert ([1.0, 2.0, 4.0], [1.0, 1.9, 3.1]) in lines
    ideal = next(line for line in lines if line[0][0] == 0)
    assert ideal[0] == ideal[1]


def test_a_scale_where_all_but_one_count_failed_has_no_panel() -> None:
    cells = measured()
    gone = (cells["rung"] == "1m") & (cells["threads"] > 1) & (cells["variant"] == "numba-parallel")
    cells.loc[gone, "thread_speedup"] = math.nan
    drawn = texts(svg(threads_figure(cells, "t")))
    assert "100k" in drawn
    assert "1m" not in drawn


def test_more_than_one_thread_may_be_the_fewest() -> None:
    cells = measured(("1m",))
    cells = cells[~((cells["variant"] == "numba-parallel") & (cells["threads"] == 1))]
    drawn = texts(svg(threads_figure(cells, "t")))
    assert "threads, as a multiple of the fewest" in drawn


# The roofline.


def test_the_roofline_names_cells_roofs_and_products() -> None:
    drawn = texts(svg(roofline_figure(measured(), frames.TITLE)))
    for text in (
        *("naive", "numba-parallel (4 threads)", "numba-parallel-f32"),
        *(
            "float64 FMA, 4 threads: 400",
            "float64 FMA, 1 thread: 100",
            "float32 FMA, 2 threads: 400",
        ),
        *("sgemm, 2 threads: 320", "dgemm, 1 thread: 80"),
        frames.TITLE,
    ):
        assert text in drawn, text
    assert any("GB/s (20 with 1, 20 with 2, 20 with 4 threads)" in text for text in drawn)
    assert any("scale 1m" in text for text in drawn)


def test_a_roof_is_the_lower_of_both() -> None:
    axes = roofline_figure(measured(("1m",)), "t").axes[0]
    lines = [line for line in axes.get_lines() if line.get_marker() == "None"]
    roofs = [line for line in lines if line.get_transform() == axes.transData]
    for line in roofs:
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            assert y <= 20 * x * (1 + 1e-9)
    assert {max(line.get_ydata()) for line in roofs} == {100.0, 200.0, 400.0}


def test_without_bandwidth_or_products_there_is_still_a_roof() -> None:
    cells = measured(("1m",)).assign(bandwidth_gbs=math.nan, gemm_gflops=math.nan)
    drawn = texts(svg(roofline_figure(cells, "t")))
    assert "float64 FMA, 4 threads: 400" in drawn
    assert not any(word in text for word in ("gemm", "sloping", "crosses") for text in drawn)


def test_what_was_not_timed_is_not_in_the_roofline() -> None:
    cells = measured(("1m",))
    cells.loc[cells["variant"] == "naive", ["gflops", "peak_share"]] = math.nan
    assert "naive" not in texts(svg(roofline_figure(cells, "t")))
    assert not has_roof(cells.assign(peak_share=math.nan))


# Time to quality.


def test_time_to_quality_has_a_panel_for_each_scale_and_its_target() -> None:
    cells = frames.cells()
    figure = quality_figure(cells, frames.qualities(cells), frames.TITLE)
    assert len(figure.axes) == len(frames.RUNGS)
    drawn = texts(svg(figure))
    for text in (*frames.RUNGS, *frames.VARIANTS, "test RMSE (rating units)", frames.TITLE):
        assert text in drawn, text
    assert any("final RMSE + .001" in text and "0.78000" in text for text in drawn)


def test_names_below_panels_side_by_side_do_not_overlap() -> None:
    cells = frames.cells()
    figure = quality_figure(cells, frames.qualities(cells), "t")
    for axes in figure.axes:
        inches = axes.get_position().width * figure.get_size_inches()[0]
        assert text_width(axes.get_xlabel()) < inches


def test_the_first_sweep_at_the_target_is_marked() -> None:
    cells = pd.DataFrame([frames.cell("full", "numpy")])
    qualities = frames.qualities(cells)
    axes = quality_figure(cells, qualities, "t").axes[0]
    (marker,) = (line for line in axes.get_lines() if line.get_marker() == "s")
    reached = qualities[qualities["test_rmse"] <= frames.TARGET].iloc[0]
    assert marker.get_xdata() == pytest.approx([reached["seconds"]])
    assert 1 < reached["sweep"] < 10
    assert quality_figure(cells.assign(target_rmse=math.nan), qualities, "t").axes


def test_a_wrong_result_has_no_time_to_quality() -> None:
    cells = frames.cells()
    few = cells[cells["rung"] == "1m"]
    assert frames.MINE not in texts(svg(quality_figure(few, frames.qualities(few), "t")))


# Whatever a run may have brought.


def odd() -> dict[str, pd.DataFrame]:
    base = measured(("1m",))
    long = base.assign(variant="a_package.of_mine:" + "X" * 50)
    states = base.assign(state="unchecked", verdict="unchecked", status="over_budget")
    no_interval = base.assign(thread_speedup_low=math.nan, thread_speedup_high=math.nan)
    return {
        "long names": long.drop_duplicates(["variant", "threads", "dtype"]),
        "unchecked": states,
        "one round": no_interval,
        "one scale of many": measured(tuple(frames.RUNGS)),
        "alike": base.assign(gflops=5.0, intensity=2.0),
        "tiny": base.assign(gflops=base["gflops"] * 1e-9),
        "only float32": base[base["dtype"] == "float32"],
    }


@pytest.mark.parametrize("case", odd())
def test_whatever_a_run_brought_is_drawn(case: str) -> None:
    cells = odd()[case]
    findings = frames.findings(cells, asked="a long title, said again, " * 8)
    drawn = " ".join(text for figure in draw_figures(findings) for text in texts(figure.svg))
    assert not re.search(r"\b(nan|inf)\b", drawn)


def test_no_test_ratings_leave_no_time_to_quality() -> None:
    cells = measured()
    qualities = frames.qualities(cells).assign(test_rmse=math.nan)
    for given in (qualities, pd.DataFrame()):
        drawn = texts(svg(quality_figure(cells, given, "t")))
        assert any(text.startswith("no time to quality") for text in drawn)


# Tables and page.


def test_the_terminal_shows_the_share_of_the_peak() -> None:
    cells = measured(("1m",))
    text = "\n".join([scale_table(cells, frames.TITLE, 140), *legend(cells, 140)])
    line = next(line for line in text.splitlines() if line.startswith("numba-serial "))
    assert "1.5 %" in line
    assert "\nof FMA peak: " in text
    assert max(map(len, text.splitlines())) <= 140
    plain = frames.cells()[frames.cells()["rung"] == "1m"]
    assert "FMA" not in scale_table(plain, frames.TITLE) + "".join(legend(plain))


def test_the_share_goes_first_where_there_is_no_room() -> None:
    wide: dict[str, Any] = {
        "speedup": 12_345.0,
        "speedup_low": 11_111.0,
        "speedup_high": 13_333.0,
        "speedup_projected": True,
        "bytes_needed": 31_000 * 2**20,
        "peak_bytes": 30_000 * 2**20,
        "variant": "a_long_package_name.with_modules:AndALongClassName",
        "prediction_difference": 1e-10,
        "state": "over_budget",
    }
    cells = measured(("1m",)).assign(**wide)
    text = "\n".join([scale_table(cells, frames.TITLE), *legend(cells)])
    assert max(map(len, text.splitlines())) <= WIDTH
    if "FMA" in text:
        assert "no room here for: of FMA peak" in text
    assert "\nof FMA peak: " not in text


def test_full_tables_have_threads_machine_and_time_to_quality() -> None:
    header = next(line for line in markdown(measured(), "t").splitlines() if line[:1] == "|")
    for name in (
        *(
            "efficiency",
            "GFLOP/s",
            "flops a byte",
            "to quality s (test RMSE 0.78000)",
            "of FMA peak",
        ),
        "× as fast as with fewest threads",
    ):
        assert f"| {name} " in re.sub(" +", " ", header), name
    names = set(full_table(measured(), frames.ABOUT))
    assert {"gflop_per_s", "fma_peak_share_ratio", "to_quality_s", "efficiency_ratio"} <= names
    bare = markdown(frames.cells(), "t")
    assert "efficiency" not in bare
    assert "GFLOP/s" not in bare


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *((0.5712, "57 %"), (1.0, "100 %"), (0.0999, "10 %"), (0.0151, "1.5 %")),
        *((0.0013, "0.13 %"), (1.042, "104 %"), (0.00001, "<0.01 %"), (math.nan, "–")),
    ],
)
def test_shares_are_printed_in_per_cent(share: float, said: str) -> None:
    assert numbers.percent(share) == said


def test_the_page_has_all_figures_with_captions(tmp_path) -> None:
    findings = frames.findings(measured())
    page = write_page(findings, draw_figures(findings), [], Beside(), tmp_path).read_text("utf-8")
    assert page.count("<svg") == 2 * page.count("<figcaption>") == 20
    for name in ("threads", "roofline", "time-to-quality"):
        assert f'id="figure-{name}"' in page
