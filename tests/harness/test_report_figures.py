"""Figures: what they say, for whatever a run may have brought."""

import math
import os
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
import report_frames as frames

from harness.report.drawing import layout
from harness.report.drawing.style import looks, shortened, svg
from harness.report.figures import draw_figures, write_figures
from harness.report.figures.difference_by_sweep import difference_figure
from harness.report.figures.rmse_by_sweep import rmse_figure
from harness.report.figures.seconds_by_ratings import seconds_figure
from harness.report.figures.speedup_by_ratings import speedup_figure
from harness.report.files import write_whole

NAN = math.nan
NAMES = list(frames.VARIANTS)


def texts(drawing: str) -> list[str]:
    found = re.findall(r"<text [^>]*>(.*?)</text>", drawing, flags=re.DOTALL)
    return [re.sub(r"<[^>]*>", "", text) for text in found]


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return frames.cells()


@pytest.fixture(scope="module")
def seconds(cells: pd.DataFrame) -> list[str]:
    return texts(svg(seconds_figure(cells, frames.TITLE)))


@pytest.fixture(scope="module")
def speedup(cells: pd.DataFrame) -> list[str]:
    return texts(svg(speedup_figure(cells, frames.TITLE)))


def test_files_are_written_whole(cells: pd.DataFrame, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    few = cells[cells["rung"].isin(["100k", "full"])]
    paths = write_figures(draw_figures(frames.findings(few)), tmp_path)
    names = ["speedup", "steps", "seconds", "rmse", "difference", "time-to-quality"]
    names += ["memory", "phases"]
    assert [path.name for path in paths] == [f"{n}.{end}" for n in names for end in ("svg", "png")]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in paths if path.suffix == ".png")
    assert dict(mpl.rcParams) == before
    for path in paths:
        if path.suffix == ".svg":
            assert frames.TITLE in texts(path.read_text(encoding="utf-8"))


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_whole(tmp_path / "a.txt", "old")

    def full_disk(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_figure_is_the_same_file(cells: pd.DataFrame) -> None:
    drawn = [svg(speedup_figure(cells, frames.TITLE)) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_seconds_are_labelled(seconds: list[str]) -> None:
    for text in [*NAMES, *frames.RUNGS, "100k", "1M", "10M", frames.TITLE]:
        assert text in seconds
    assert "training ratings (log scale)" in seconds
    assert any(text.startswith("seconds a sweep") for text in seconds)


def test_marks_in_use_are_explained_and_no_others(seconds: list[str]) -> None:
    for text in ("float32", "fewer sweeps than asked", "differs from the reference"):
        assert text in seconds
    assert any(text.startswith("projected") for text in seconds)
    assert not any(text.startswith("unchecked") for text in seconds)


def test_what_has_no_point_is_named(seconds: list[str], speedup: list[str]) -> None:
    assert seconds.count("refused") == 2
    assert speedup.count("refused") == 2
    assert "differs" in speedup
    assert "differs" not in seconds


def test_the_axis_names_the_baseline(speedup: list[str]) -> None:
    assert "times as fast as naive (95 % interval)" in speedup
    other = pd.DataFrame([frames.cell(baseline="numpy"), frames.cell("100k", baseline="numpy")])
    assert "times as fast as numpy (95 % interval)" in texts(svg(speedup_figure(other, "t")))


def test_an_unchecked_cell_has_no_speed() -> None:
    gone = dict.fromkeys(("speedup", "speedup_low", "speedup_high"), NAN)
    row = frames.cell(state="unchecked", verdict="unchecked", **gone)
    frame = pd.DataFrame([row])
    assert "unchecked: no reference" in texts(svg(seconds_figure(frame, "t")))
    drawn = texts(svg(speedup_figure(frame, "t")))
    assert "unchecked" in drawn
    assert any(text.startswith("no speed is compared") for text in drawn)


def segments(*rows: dict[str, Any]) -> list[str]:
    """Styles of the lines from scale to scale."""
    axes = seconds_figure(pd.DataFrame(rows), "t").axes[0]
    return [
        line.get_linestyle()
        for line in axes.get_lines()
        if len(set(line.get_xdata())) == 2 and min(line.get_xdata()) > 1000
    ]


def test_segments_are_dashed_to_projections_and_missing_over_gaps() -> None:
    first, row, last = (frames.cell(rung, "numpy") for rung in ("100k", "320k", "1m"))
    assert segments(first, row, last) == ["-", "-"]
    assert segments(first, frames.projected(row), last) == ["--", "--"]
    assert segments(first, frames.without(row, "failed", "x"), last) == []
    assert segments(first, row, frames.projected(last)) == ["-", "--"]


def test_colours_stay_with_names(cells: pd.DataFrame) -> None:
    every = looks(cells)
    alone = looks(cells[cells["variant"] == "numba-serial"])
    assert replace(alone["numba-serial", 1], series=2) == every["numba-serial", 1]
    assert [look.series for look in every.values()] == [*range(len(every))]
    kin, single = every["numba-parallel", 2], every["numba-parallel-f32", 2]
    assert (kin.colour, kin.marker) == (single.colour, single.marker)
    assert (kin.line, single.line) == ("-", ":")
    doubles = [look for key, look in every.items() if not key[0].endswith("-f32")]
    assert len({look.colour for look in doubles}) == len(doubles)
    assert len({look.marker for look in doubles}) == len(doubles)


def test_threads_are_named_where_there_are_several() -> None:
    frame = pd.DataFrame(
        [frames.cell(threads=1), frames.cell(threads=2), frames.cell("1m", "numpy")]
    )
    found = looks(frame)
    assert [look.label for look in found.values()] == [
        "numba-parallel (1 thread)",
        "numba-parallel (2 threads)",
        "numpy",
    ]
    assert found["numba-parallel", 1].colour != found["numba-parallel", 2].colour


def test_rmse_has_a_panel_for_each_scale(cells: pd.DataFrame) -> None:
    figure = rmse_figure(cells, frames.qualities(cells), frames.TITLE)
    assert len(figure.axes) == len(frames.RUNGS)
    assert figure.axes[-1].get_title(loc="left") == "full · without 2 of 6"
    drawn = texts(svg(figure))
    assert drawn.count("test") == drawn.count("training") == len(frames.RUNGS)
    assert "reference (thick and pale): naive (100k, 320k, 1m, 3.2m), numpy (10m, full)" in drawn


def test_every_implementation_can_be_seen_where_all_coincide(cells: pd.DataFrame) -> None:
    few = cells[cells["rung"] == "1m"]
    axes = rmse_figure(few, frames.qualities(few), "t").axes[0]
    marked = {
        (line.get_color(), line.get_markerfacecolor())
        for line in axes.get_lines()
        if line.get_marker() != "None"
    }
    assert marked == {(look.colour, look.face) for look in looks(few).values()}


def test_a_wrong_result_does_not_hide_the_others(cells: pd.DataFrame) -> None:
    few = cells[cells["rung"] == "1m"]
    qualities = frames.qualities(few)
    qualities.loc[qualities["state"] == "parity_failed", "test_rmse"] = 1e6
    figure = rmse_figure(few, qualities, "t")
    assert figure.axes[0].get_ylim()[1] < 2
    assert "beyond the axis: my_package.als:MyAls (up to 1e+06)" in texts(svg(figure))


def test_no_test_ratings(cells: pd.DataFrame) -> None:
    few = cells[cells["rung"] == "1m"]
    qualities = frames.qualities(few).assign(test_rmse=NAN)
    drawn = texts(svg(rmse_figure(few, qualities, "t")))
    assert "no test ratings" in drawn
    assert "test" not in drawn


def test_differences_stand_beside_their_tolerances(cells: pd.DataFrame) -> None:
    drawn = texts(svg(difference_figure(cells, frames.qualities(cells), "t")))
    for text in ("float64", "float32", "(identical)"):
        assert drawn.count(text) == 2, text
    assert "10⁻¹⁴" in drawn
    assert any("reference: naive" in text and "dashed: tolerance" in text for text in drawn)
    assert "naive" not in drawn  # it is not compared with itself


def test_exact_agreement_is_drawn_on_its_row(cells: pd.DataFrame) -> None:
    few = cells[(cells["rung"] == "1m") & (cells["variant"].isin(["naive", "numpy"]))]
    qualities = frames.qualities(few)
    qualities.loc[:, ["rmse_difference", "prediction_difference"]] *= 0.0
    axes = difference_figure(few, qualities, "t").axes[0]
    line = next(line for line in axes.get_lines() if line.get_marker() == "s")
    assert len(set(line.get_ydata())) == 1
    low, high = axes.get_ylim()
    assert low < line.get_ydata()[0] < high
    assert "0\n(identical)" in [label.get_text() for label in axes.get_yticklabels()]


def _odd() -> dict[str, tuple[list[dict[str, Any]], int]]:
    states = ["failed", "timeout", "out_of_memory", "diverged", "interrupted", "skipped"]
    gone = [
        frames.without(frames.cell(rung, name), state, "why")
        for rung in ("100k", "1m")
        for name, state in zip(NAMES, states, strict=True)
    ]
    alone = frames.cell("1m", "numba-parallel", verdict="reference", against="", baseline="")
    alone |= dict.fromkeys(("speedup", "speedup_low", "speedup_high", "rmse_difference"), NAN)
    strange = frames.cell("1m", frames.MINE) | {"variant": "<b>$x_1$ & 数:" + "Y" * 60}
    tight = [
        frames.without(frames.cell("320k", name, train_ratings=n), "interrupted", "x") | {"rung": r}
        for name in NAMES
        for r, n in (("320k", 288_000), ("full", 290_000))
    ]
    return {
        "nothing": ([], 10),
        "all gone": (gone, 10),
        "alone": ([alone], 1),
        "one scale": ([frames.cell("1m", name) for name in NAMES], 2),
        "projected without interval": (
            [frames.projected(frames.cell(r, "naive"), interval=False) for r in ("100k", "1m")],
            10,
        ),
        "strange name": ([strange, frames.cell("1m", "naive")], 3),
        "crowded": (tight, 10),
        "equal": ([frames.cell("1m", "naive") | {"variant": f"p{n}"} for n in range(8)], 2),
    }


@pytest.mark.parametrize("case", _odd())
def test_whatever_a_run_brought_is_drawn(case: str) -> None:
    rows, sweeps = _odd()[case]
    cells = pd.DataFrame(rows)
    findings = frames.findings(cells, sweeps, "a long title, said again and again, " * 6)
    drawn = " ".join(text for figure in draw_figures(findings) for text in texts(figure.svg))
    assert not re.search(r"\b(nan|inf)\b", drawn)
    if case in ("nothing", "all gone"):
        for text in ("no timing: ", "no speed is compared", "no RMSE: ", "nothing was"):
            assert text in drawn
    if case == "all gone":
        for text in ("failed", "timeout", "no memory", "diverged", "interrupted", "skipped"):
            assert text in drawn


def test_labels_keep_their_distance_and_their_order() -> None:
    places = layout.spread_out([0.5, 0.5, 0.51, 0.9], 0.1, 0.0, 1.0)
    assert all(b - a >= 0.1 - 1e-12 for a, b in pairwise(places))
    assert min(places) >= 0
    assert max(places) <= 1
    assert layout.spread_out([0.1, 0.9], 0.1, 0.0, 1.0) == [0.1, 0.9]


def test_words_overlap_nothing() -> None:
    assert layout.packed([(1.0, 1.0), (1.5, 1.0), (2.5, 1.0), (2.6, 1.0)]) == [0, 1, 0, 1]


def test_long_names_lose_their_middle() -> None:
    name = shortened("my_package.some_module.another:MyAlternatingLeastSquares")
    assert len(name) <= 26
    assert name.startswith("my_package")
    assert name.endswith("LeastSquares")
