"""Each verdict is computed once, and all that is shown says the same."""

import gc
from collections import Counter
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
from made_runs import Result, made_run, planned, run_started, rung_events, rung_started, turns

from harness.analysis import verdicts
from harness.analysis.frame import cells, qualities
from harness.analysis.verdict import State
from harness.analysis.verdicts import cell_verdicts, exit_status, rung_verdicts
from harness.report.words import STATES
from harness.results.events import Cell, Ended, Event, Machine, RunEnded, RungEnded
from harness.results.records import Run, fold
from harness.screen.console import Screen
from harness.screen.showing import draw_run, print_rung

SIZES = {"100k": 90_000, "320k": 288_000, "1m": 900_000}
NAMES = ("naive", "numpy", "numba-serial")
ASKED = {"rank": 20, "reg": 25.0, "bias_reg": 7.5, "biases": True, "count_scaled": False}
END = RunEnded(9.0, False, {})


def scale(rung: str, names: tuple[str, ...] = NAMES) -> list[Event]:
    """A scale whose cells take their seconds in proportion to its size."""
    events = rung_events([Result(name) for name in names], rung)
    events[0] = rung_started(rung, SIZES[rung])
    for number, name in enumerate(names):
        seconds = SIZES[rung] / 90_000 / 4**number
        events += turns(Cell(rung, name, 1), [seconds, 1.01 * seconds, 0.99 * seconds])
    return events


def skipped(rung: str, name: str) -> list[Event]:
    cell = Cell(rung, name, 1)
    return [planned(name, rung), Ended(cell, "skipped", "too long", 0)]


def begun() -> Run:
    return fold([run_started(params=ASKED, sweeps=3, rungs=list(SIZES), threads=[1])])


def grown() -> Iterator[tuple[Run, str]]:
    """A run as it grows: after each of its scales, with its name."""
    run = begun()
    for rung in SIZES:
        names = NAMES if rung != "1m" else NAMES[1:]
        events = scale(rung, names)
        events[1:1] = [] if rung != "1m" else skipped(rung, "naive")
        fold(events, run)
        yield run, rung


@pytest.fixture
def judged(monkeypatch) -> list[str]:
    """Names of the rungs that are judged, each time that one is."""
    names: list[str] = []
    judge = verdicts.judge

    def counted(run, rung, baseline, smaller):
        names.append(rung.started.rung)
        return judge(run, rung, baseline, smaller)

    monkeypatch.setattr(verdicts, "judge", counted)
    return names


def test_a_run_judges_each_scale_once_whatever_is_shown_of_it(judged, tmp_path, capsys):
    for run, rung in grown():
        print_rung(run, rung, Screen())
    fold([END], run)
    draw_run(run, tmp_path, Screen())
    assert exit_status(run, strict=False) == 0
    assert judged[: len(SIZES)] == list(SIZES)  # of the planned baseline; then of each timed one
    assert Counter(judged) == dict.fromkeys(SIZES, 3)
    draw_run(run, tmp_path, Screen(), "numpy")
    assert Counter(judged) == dict.fromkeys(SIZES, 3)
    assert capsys.readouterr().out.count("Scale ") == len(SIZES)


def test_another_baseline_is_judged_by_itself_and_once(judged):
    (*_, (run, _)) = grown()
    for baseline in (None, "numpy", "naive", "numpy"):
        assert {one.speed.baseline for one in cell_verdicts(run, baseline)} == {baseline or "naive"}
    assert judged == [*SIZES, *SIZES]


def test_what_is_said_of_a_scale_that_has_ended_stays():
    """Projections, speeds and states do not depend on what larger scales bring."""
    seen = []
    for run, _ in grown():
        seen += [cell_verdicts(run)]
    afresh = cell_verdicts(fold([run.started, *all_events()]))
    for before in seen:
        # NaN is not itself: compared as text.
        assert list(map(str, afresh[: len(before)])) == list(map(str, before))
    projected = [one for one in afresh if one.seconds.projected]
    assert [one.identity.variant for one in projected] == ["naive"]


def all_events() -> list[Event]:
    """All events of `grown` at once."""
    events: list[Event] = []
    for rung in SIZES:
        last = scale(rung, NAMES if rung != "1m" else NAMES[1:])
        last[1:1] = [] if rung != "1m" else skipped(rung, "naive")
        events += last
    return events


def test_a_larger_scale_changes_nothing_below():
    """numpy was given up at 320k; at 1m it ran after all, slowly, and is wrong."""
    middle = scale("320k", ("naive",))
    middle[1:1] = skipped("320k", "numpy")
    large = rung_events([Result("naive"), Result("numpy", off=1.0)], "1m")
    large[0] = rung_started("1m", SIZES["1m"])
    large += turns(Cell("1m", "numpy", 1), [1e3] * 3)
    before = cell_verdicts(made_run(scale("100k"), middle))
    after = cell_verdicts(made_run(scale("100k"), middle, large))
    assert list(map(str, after[: len(before)])) == list(map(str, before))
    states = [(one.identity.rung, one.outcome.state) for one in after if one.outcome.state != "ok"]
    assert states == [("320k", "projected"), ("1m", "parity_failed")]
    assert after[3].speed.speedup > 1


def test_a_scale_that_goes_on_is_judged_anew_each_time(judged):
    run = begun()
    events = scale("100k")
    middle = next(n for n, event in enumerate(events) if isinstance(event, RungEnded))
    fold(events[:middle], run)
    assert cells(run)["rounds"].tolist() == [0, 0, 0]
    fold(events[middle + 1 :], run)
    assert cells(run)["rounds"].tolist() == [3, 3, 3]
    assert judged == ["100k", "100k"]


def test_a_scale_that_ends_before_a_smaller_one_is_judged_anew_when_that_has_ended():
    large = scale("1m", NAMES[1:])
    large[1:1] = skipped("1m", "naive")
    small = scale("100k")
    run = fold([*small[:1], *large], begun())
    assert np.isnan(cells(run).iloc[-1]["speedup"])  # nothing to project the baseline from
    fold(small[1:], run)
    afresh = fold([run.started, *small, *large])
    assert list(map(str, cell_verdicts(run))) == list(map(str, cell_verdicts(afresh)))
    assert cells(run).iloc[-1]["speedup"] > 1


def test_a_scale_that_was_started_over_is_judged_anew():
    run = fold(scale("100k"), begun())
    assert len(cell_verdicts(run)) == 3
    fold(scale("100k", NAMES[:2]), run)
    assert [one.identity.variant for one in cell_verdicts(run)] == ["naive", "numpy"]


def test_verdicts_go_with_their_run():
    (*_, (run, _)) = grown()
    rung_verdicts(run)
    key = id(run)
    assert key in verdicts._FINISHED
    del run
    gc.collect()
    assert key not in verdicts._FINISHED


@pytest.mark.parametrize(
    ("status", "well", "strictly"),
    [
        ("ok", 0, 0),
        ("over_budget", 0, 1),
        ("skipped", 0, 1),
        ("refused", 0, 1),
        ("timeout", 1, 1),
        ("failed", 1, 1),
        ("diverged", 1, 1),
        ("interrupted", 1, 1),
    ],
)
def test_the_exit_status_is_of_the_states_in_the_table(status, well, strictly):
    ran = status in ("ok", "over_budget")
    mine = Result("numpy", sweeps=3 * ran, status=status)
    run = made_run(rung_events([Result("naive"), mine]))
    assert set(cells(run)["state"]) == {"ok", status}
    assert exit_status(run, strict=False) == well
    assert exit_status(run, strict=True) == strictly


def test_a_wrong_result_fails_a_run():
    run = made_run(rung_events([Result("naive"), Result("numpy", off=1.0)]))
    assert cells(run)["state"].tolist() == ["ok", "parity_failed"]
    assert exit_status(run, strict=False) == 1


# One share of the peak, though the machine was disturbed when the run began.


def machine(when, fma: float) -> Machine:
    rates = {"fma_float64_gflops": fma, "gemm_float64_gflops": 0.8 * fma, "bandwidth_gbs": 10.0}
    return Machine(when, 1, rates, rates)


def measured() -> Run:
    """A run in which the machine is half as fast at its beginning as at its end."""
    run = fold([machine("start", 0.4)], begun())
    return fold(scale("100k", ("numpy", "numba-serial")), run)


def shares(text: str) -> dict[str, str]:
    """Shares of the peak that a table in a terminal prints, by implementation."""
    head, body = (
        text.split("---\n")[0].splitlines(),
        text.split("---\n")[1].split("\n\n")[0].splitlines(),
    )
    names = next(line for line in head if line.startswith("implementation"))
    right = names.index("peak") + len("peak")
    return {line.split()[0]: line[:right].rsplit("  ", 1)[-1].strip() for line in body}


def drawn_shares(run: Run) -> dict[str, float]:
    """Shares of the peak by the heights of points and roof in the figure."""
    from harness.report.figures.flops_by_intensity import roofline_figure

    axes = roofline_figure(cells(run), "t").axes[0]
    lines = axes.get_lines()
    flat = [line for line in lines if len(set(line.get_ydata())) == 1 < len(set(line.get_xdata()))]
    roof = next(line.get_ydata()[0] for line in flat if line.get_transform() == axes.transData)
    points = {line.get_marker(): line.get_ydata()[0] for line in lines if line.get_marker() in "sD"}
    return {"numpy": points["s"] / roof, "numba-serial": points["D"] / roof}


def test_the_table_prints_what_the_figure_draws(capsys, tmp_path):
    from harness.report.numbers import percent

    run = measured()
    print_rung(run, "100k", Screen())
    early = capsys.readouterr().out
    bounds = shares(early)
    fold([machine("end", 0.8), END], run)
    print_rung(run, "100k", Screen())
    late = shares(capsys.readouterr().out)
    drawn = drawn_shares(run)
    assert late == {name: percent(share) for name, share in drawn.items()}
    # Before the end it was a bound, and said so.
    assert bounds == {name: f"≤{percent(2 * share)}" for name, share in drawn.items()}
    assert "\n≤: by the machine as it was before the run" in early
    draw_run(run, tmp_path, Screen())
    assert "≤" not in (tmp_path / "table.md").read_text("utf-8")
    frame = cells(run)
    assert frame["peak_share"].tolist() == pytest.approx(list(drawn.values()))
    assert (frame["gflops"] / frame["fma_gflops"]).tolist() == frame["peak_share"].tolist()


def test_qualities_are_of_the_same_verdicts(judged):
    (*_, (run, _)) = grown()
    assert len(cells(run)) == 9
    assert set(qualities(run)["state"]) == {"ok"}
    assert judged == list(SIZES)


def test_a_run_without_scales_has_no_verdict():
    assert cell_verdicts(begun()) == []
    assert exit_status(begun(), strict=True) == 0


def test_every_state_has_words():
    assert STATES.keys() == set(get_args(State)) - {"ok"}
