"""What tables say: values, states, projections, Markdown and CSV."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_frames as frames

from harness.report.findings import About
from harness.report.tables import full_table, markdown, write_tables
from harness.report.terminal import WIDTH, folded, legend, scale_table


def table(*rows: dict[str, object]) -> str:
    """A scale's table, and the words that it uses."""
    cells = pd.DataFrame(rows)
    return "\n".join([scale_table(cells, frames.TITLE), *legend(cells)])


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(name + " "))


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return frames.cells()


def test_a_row_holds_what_was_measured() -> None:
    text = table(frames.cell("1m", "naive"), frames.cell("1m", "numba-parallel"))
    assert line_of(text, "numba-parallel").split() == [
        *["numba-parallel", "0.207", "480", "(470–490)", "0.77012", "same", "(3e-14)"],
        *["0.02", "1.3", "219", "(237)", "20"],
    ]
    assert line_of(text, "naive").split()[1:5] == ["99", "1", "0.77012", "reference"]


def test_what_is_above_says_of_what_it_is() -> None:
    lines = table(frames.cell()).splitlines()
    assert "(synthetic)" in lines[0]
    assert lines[1] == "Scale 1m: 900,123 training ratings"
    rated = frames.cell() | {"users": 6_312, "items": 31_203, "test_ratings": 99_877}
    lines = table(rated).splitlines()
    assert lines[1].endswith("99,877 test ratings, 6,312 users, 31,203 items")


def test_the_column_names_the_baseline() -> None:
    text = table(frames.cell() | {"baseline": "numpy"})
    assert "as numpy" in text
    assert "as naive" not in text


def test_missing_is_a_dash() -> None:
    text = table(frames.without(frames.cell(), "refused", "needs 31 GiB; 19 GiB may be used"))
    row = line_of(text, "numba-parallel").split()
    assert row == ["numba-parallel", *"–––", "refused", *"–––", "(237)", "–"]
    assert "numba-parallel – refused: needs 31 GiB; 19 GiB may be used" in text
    assert "nan" not in text.lower()


def test_projected_values_carry_a_tilde_and_the_word_is_explained() -> None:
    text = table(frames.projected(frames.cell("full", "numpy")))
    assert line_of(text, "numpy").split()[1] == "~200"
    assert "~16" in line_of(text, "numpy")
    assert "\n~: projected" in text
    assert "\nprojected: not measured" in text
    measured = table(frames.cell("full", "numpy"))
    assert "~" not in measured
    assert "projected" not in measured


def test_one_turn_tells_no_spread() -> None:
    row = frames.cell("1m", "numpy", rounds=1)
    row |= {"sweep_s_low": row["sweep_s"], "sweep_s_high": row["sweep_s"]}
    assert line_of(table(row), "numpy").split()[1] == "6.3"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rmse_difference": 2e-5, "prediction_difference": 4e-9}, "DIFFERS: RMSE 2e-5"),
        ({"prediction_difference": 4e-4}, "DIFFERS: predictions 4e-4"),
        ({"row_difference": 4e-3}, "DIFFERS: a row 4e-3"),
    ],
)
def test_what_differs_is_said(changed: dict[str, float], said: str) -> None:
    failed = {"state": "parity_failed", "verdict": "failed", "reason": "users row 17"}
    text = table(frames.cell("1m", frames.MINE) | failed | changed)
    rows = text.split("---\n")[-1].split("\n\n")[0]
    for word in said.split():
        assert word in rows
    assert "parity_failed: users row 17" in text
    assert "\nDIFFERS: a difference" in text


def test_identical_and_unchecked() -> None:
    exact = frames.cell() | {"prediction_difference": 0.0}
    assert "same (0)" in table(exact)
    unchecked = frames.cell(state="unchecked", verdict="unchecked", speedup=math.nan)
    assert line_of(table(unchecked), "numba-parallel").split()[4] == "unchecked"


def test_over_budget_stands_beside_the_comparison() -> None:
    row = frames.cell("1m", "numpy", state="over_budget", status="over_budget", sweeps=1)
    text = table(row)
    assert "same (3e-14)," in line_of(text, "numpy")
    assert "numpy – over_budget after 1 sweep" in text


def test_those_that_were_warm_are_named() -> None:
    text = table(frames.cell("1m", "naive"), frames.cell("1m", warm=True))
    assert "(here: numba-parallel)" in text
    assert "warm" not in table(frames.cell("1m", "naive"))


def test_threads_are_a_column_only_where_there_are_several() -> None:
    one = table(frames.cell(), frames.cell("1m", "naive"))
    assert "threads  s/sweep" not in one
    several = table(frames.cell(threads=1), frames.cell(threads=2))
    assert "threads  s/sweep" in several


def test_lines_are_narrow_enough(cells: pd.DataFrame) -> None:
    wide = frames.cell("full", frames.MINE) | {
        "variant": "a_long_package_name.with_modules:AndALongClassName",
        "speedup": 12_345.0,
        "speedup_low": 11_111.0,
        "speedup_high": 13_333.0,
        "speedup_projected": True,
        "bytes_needed": 31_000 * 2**20,
        "peak_bytes": 30_000 * 2**20,
        "reason": "because " * 40,
        "state": "over_budget",
    }
    both = pd.DataFrame([wide, wide | {"threads": 1}, frames.cell("full", "numba-serial")])
    texts = [scale_table(cells[cells["rung"] == rung], frames.TITLE) for rung in frames.RUNGS]
    longest = max(len(line) for text in [*texts, scale_table(both)] for line in text.splitlines())
    assert longest <= WIDTH
    assert "nan" not in "".join(texts).lower()


@pytest.mark.parametrize("width", [*range(60, 90, 3), 100, 119, 120, 121, 140, 170, 200])
def test_every_width_has_room_for_every_implementation(cells: pd.DataFrame, width: int) -> None:
    for rung in frames.RUNGS:
        here = cells[cells["rung"] == rung]
        text = scale_table(here, frames.TITLE, width)
        assert max(map(len, text.splitlines())) <= width
        rows = text.split("---\n")[1].split("\n\n")[0].splitlines()
        named = "".join(line.split("  ")[0] for line in rows)
        assert all(str(name) in named or name in text for name in here["variant"])
    assert max(map(len, legend(cells, width))) <= width


@pytest.mark.parametrize("width", [10, 59])
def test_a_narrower_terminal_than_60_gets_60(cells: pd.DataFrame, width: int) -> None:
    here = cells[cells["rung"] == "1m"]
    assert scale_table(here, "", width) == scale_table(here, "", 60)


def test_columns_give_way_in_order_and_the_legend_says_so(cells: pd.DataFrame) -> None:
    here = pd.DataFrame([frames.gauged(row) for row in cells.to_dict("records")])
    here = here[here["rung"] == "100k"]
    order = ["users", "of FMA", "prepare", "peak MiB", "rounds"]
    seen = []
    for width in range(200, 59, -5):
        head = scale_table(here, "", width).partition("---")[0]
        shown = [word for word in order if word in head]
        assert shown == order[len(order) - len(shown) :]
        said = " ".join(" ".join(legend(here, width)).split())
        assert ("of FMA peak: " in said) == ("of FMA" in head)
        for word, title in (("prepare", "prepare s"), ("peak MiB", "peak MiB (estimate)")):
            assert (word in head) != (f"{title}," in said or f"{title};" in said)
        seen.append(len(shown))
    assert set(seen) == set(range(6))


def test_a_legend_explains_each_word_once_for_all_scales(cells: pd.DataFrame) -> None:
    words = [line.partition(":")[0] for line in legend(cells) if not line.startswith("  ")]
    assert len(words) == len(set(words))
    assert {"reference", "same (x)", "~", "(x after n)", "refused", "projected"} <= set(words)
    assert not any("reference: " in scale_table(cells[cells["rung"] == r]) for r in frames.RUNGS)
    assert legend(pd.DataFrame()) == []


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("15.7 (15.3–16.1)", 11, ["15.7", "(15.3–16.1)"]),
        ("2 (11,111–13,333)", 10, ["2 (11,111–", "13,333)"]),
        ("numba-parallel-f32", 14, ["numba-", "parallel-f32"]),
        ("same (6e-14)", 7, ["same", "(6e-14)"]),
        ("reference, over_budget", 11, ["reference,", "over_budget"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("", 3, []),
    ],
)
def test_what_is_too_wide_is_broken_where_it_can_be_read(
    text: str, width: int, lines: list[str]
) -> None:
    assert folded(text, width) == lines


OVER = {"state": "over_budget", "status": "over_budget", "sweeps": 1, "rounds": 1}


def test_an_rmse_of_fewer_sweeps_stands_in_brackets() -> None:
    text = table(frames.cell("1m", "naive") | OVER, frames.cell("1m", "numpy"))
    assert "(0.77012 after 1)" in line_of(text, "naive")
    assert " 0.77012 " in line_of(text, "numpy")
    assert "\n(x after n): an RMSE after n sweeps" in text
    # No digit of it stands above a digit of the others.
    last = text.splitlines().index(line_of(text, "naive"))
    one, other = text.splitlines()[last], line_of(text, "numpy")
    assert one.index("0.77012") + 7 < other.index("0.77012")
    whole = table(frames.cell("1m", "naive"), frames.cell("1m", "numpy"))
    assert "after" not in whole


@pytest.mark.parametrize(
    ("changed", "bracketed"),
    [
        (OVER, True),  # alone, and yet fewer than planned
        ({"state": "parity_failed", "status": "over_budget", "sweeps": 1}, True),
        ({"state": "interrupted", "status": "interrupted", "sweeps": 3}, True),
        ({"sweeps": 20}, False),
    ],
)
def test_whose_rmse_is_of_fewer_sweeps(changed: dict[str, object], bracketed: bool) -> None:
    others = [frames.cell("1m", "numpy")] if changed is not OVER else []
    row = frames.cell("1m", "naive") | changed
    assert ("after" in line_of(table(row, *others), "naive")) == bracketed


def test_the_mark_is_in_the_full_tables_too() -> None:
    rows = [frames.cell("1m", "naive") | OVER, frames.cell("1m", "numpy")]
    text = markdown(pd.DataFrame(rows), "t")
    assert text.count("after 1)") == 3  # test, training and warm test
    assert "- (x after n): " in text
    alone = [frames.cell("100k", "naive", sweeps=5), frames.cell("1m", "naive", sweeps=3)]
    assert "after" not in markdown(pd.DataFrame(alone), "t")  # scales do not count for each other


def test_nothing_planned() -> None:
    assert "nothing was planned" in scale_table(pd.DataFrame(), "a title")
    assert markdown(pd.DataFrame(), "a title") == "# a title\n"


def test_markdown_has_a_section_for_each_scale_and_explains_its_words(cells: pd.DataFrame) -> None:
    text = markdown(cells, frames.TITLE)
    assert text.startswith("# synthetic-32m (synthetic)")
    assert text.count("\n## Scale ") == len(frames.RUNGS)
    assert "| × as fast as naive |" in " ".join(text.split())
    assert "- refused: " in text
    assert "nan" not in text.lower()


def test_markdown_takes_the_meaning_from_names() -> None:
    row = frames.cell() | {"variant": "a|b<i>*c*__main__:`X`", "idea": "x"}
    text = markdown(pd.DataFrame([row]), "t")
    assert r"a\|b\<i>\*c\*\_\_main\_\_:\`X\`" in text
    header, _, body = [line for line in text.splitlines() if line.startswith("|")]
    assert body.replace(r"\|", "").count("|") == header.count("|")


def test_csv_keeps_every_digit(cells: pd.DataFrame, tmp_path: Path) -> None:
    paths = write_tables(cells, frames.ABOUT, tmp_path / "run")
    assert [path.name for path in paths] == ["table.md", "table.csv"]
    with paths[1].open(encoding="utf-8", newline="") as file:
        again = list(csv.DictReader(file))
    expected = full_table(cells, frames.ABOUT)
    assert list(again[0]) == list(expected)
    assert {row["data"] for row in again} == {frames.TITLE}
    assert [row["reason"] for row in again] == expected["reason"].tolist()
    for column in ("sweep_median_s", "speedup_ratio", "test_rmse", "estimated_bytes", "prepare_s"):
        read = [float(row[column] or "nan") for row in again]
        np.testing.assert_array_equal(read, expected[column])
    assert list(tmp_path.glob("run/.*")) == []


def test_seconds_and_bytes_say_so_in_the_csv(cells: pd.DataFrame) -> None:
    names = set(full_table(cells, frames.ABOUT))
    assert {"sweep_low_s", "users_s", "compile_s", "peak_bytes", "row_difference_relative"} <= names
    assert not {"sweep_s", "speedup", "bytes_needed"} & names


def test_no_text_of_the_csv_is_a_formula(cells: pd.DataFrame) -> None:
    """A spreadsheet would call it; names and reasons are anybody's."""
    changed = cells.assign(reason="=cmd()", variant="@SUM(1)")
    table = full_table(changed, About("-1+1", False, ""))
    assert set(table["reason"]) == {"'=cmd()"}
    assert set(table["variant"]) == {"'@SUM(1)"}
    assert set(table["data"]) == {"'-1+1 · "}
