"""The chart of speeds in a terminal."""

import pandas as pd
import pytest
import report_frames as frames

from harness.report.chart import speed_chart


def test_bars_are_as_long_as_the_logarithms_of_speeds() -> None:
    heading, *lines = speed_chart(frames.cells(), 100)
    assert heading == "times as fast as naive, at scale full (log scale)"
    bars = {line.split()[0]: line.count("█") for line in lines}
    assert bars["naive"] == 0
    assert bars["numpy"] < bars["numba-serial"] < bars["numba-parallel"]
    assert all("▏" in line for line in lines)
    assert lines[1].endswith(")")  # with its interval


@pytest.mark.parametrize("width", [60, 80, 120, 300])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    lines = speed_chart(frames.cells(), width)
    assert lines
    assert max(map(len, lines)) <= width


def test_where_there_is_nothing_to_compare_there_is_no_chart() -> None:
    assert speed_chart(pd.DataFrame(), 100) == []
    assert speed_chart(pd.DataFrame([frames.cell("1m", "naive")]), 100) == []
    assert speed_chart(frames.cells(), 40) == []


def test_two_of_the_same_speed_have_bars() -> None:
    same = frames.cell("1m", "numpy") | {"speedup": 1.0}
    lines = speed_chart(pd.DataFrame([frames.cell("1m", "naive"), same]), 100)
    assert len(lines) == 3
