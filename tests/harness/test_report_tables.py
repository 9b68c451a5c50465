"""What tables say: values, states, projections, Markdown and CSV."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_frames as frames

from harness.report.tables import WIDTH, full_table, markdown, scale_table, write_tables


def table(*rows: dict[str, object]) -> str:
    return scale_table(pd.DataFrame(rows), frames.TITLE)


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
    paths = write_tables(cells, frames.TITLE, tmp_path / "run")
    assert [path.name for path in paths] == ["table.md", "table.csv"]
    with paths[1].open(encoding="utf-8", newline="") as file:
        again = list(csv.DictReader(file))
    expected = full_table(cells, frames.TITLE)
    assert list(again[0]) == list(expected)
    assert {row["data"] for row in again} == {frames.TITLE}
    assert [row["reason"] for row in again] == expected["reason"].tolist()
    for column in ("sweep_median_s", "speedup_ratio", "test_rmse", "estimated_bytes", "prepare_s"):
        read = [float(row[column] or "nan") for row in again]
        np.testing.assert_array_equal(read, expected[column])
    assert list(tmp_path.glob("run/.*")) == []


def test_seconds_and_bytes_say_so_in_the_csv(cells: pd.DataFrame) -> None:
    names = set(full_table(cells, "t"))
    assert {"sweep_low_s", "users_s", "compile_s", "peak_bytes", "row_difference_relative"} <= names
    assert not {"sweep_s", "speedup", "bytes_needed"} & names
