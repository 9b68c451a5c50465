"""The study: trials and rates whose truth is known, and the command."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from made_runs import planned, run_started, rung_started, series_of, turns
from scipy import stats
from tiny import tiny_dataset

from harness.analysis.inference import PROCESS_SPREAD, Pairs
from harness.cli import main
from harness.commands import study
from harness.commands.study import read_runs
from harness.errors import UserError
from harness.report.study import draw_study
from harness.results.events import Cell, Ended
from harness.results.records import fold
from harness.study.rates import (
    Rate,
    StudyRun,
    Trial,
    coverage,
    excess_spread,
    overall_shift,
    rates,
    trials_frame,
)
from harness.study.summary import curve_of, rate_table
from harness.study.trials import (
    PLAIN_CELLS,
    SLOW_DOWNS,
    SLOWED_CELLS,
    Settings,
    cells_of,
    names_of,
)

SETTINGS = Settings("numba-serial", 8, 1, 30, 10, "5a")


def pairs(log: float, noise=(0.001, -0.002, 0.001, 0.0, 0.0015)) -> Pairs:
    return Pairs(series_of(log + np.array(noise)), series_of(np.zeros(len(noise))))


def study_run(condition, slowed=0.1, count=2) -> StudyRun:
    """A run of which all slowed cells take so much longer."""
    noise = np.array([0.001, -0.002, 0.001, 0.0, 0.0015])
    plain = [np.roll(noise, number) for number in range(count)]
    return StudyRun(
        condition,
        tuple(series_of(logs) for logs in plain),
        {36: tuple(series_of(slowed + logs[::-1]) for logs in plain)},
    )


# Trials and rates.


def made_run(status="ok"):
    """A run of all aliases, the slowed ones 5 % slower, in five processes each."""
    groups = names_of(SETTINGS)
    names = [name for group in groups.values() for name in group]
    events = [run_started(), rung_started(), *(planned(name) for name in names)]
    random = np.random.default_rng(0)
    drift = np.exp(random.standard_normal(20))
    for name in names:
        cell = Cell("100k", name, 1)
        factor = next(1 + 1.8 / n if n else 1.0 for n in groups if name in groups[n])
        seconds = factor * drift * np.exp(0.002 * random.standard_normal(20))
        made = turns(cell, seconds.tolist())
        events += [replace(turn, process=1 + (turn.round - 1) // 4) for turn in made]
        events.append(Ended(cell, status, "why", 1))
    return fold(events)


def test_all_pairs_of_a_runs_cells_are_trials():
    run = cells_of(made_run(), SETTINGS, "loaded")
    trials = run.trials
    same = [trial for trial in trials if trial.kind == "same"]
    slowed = [trial for trial in trials if trial.kind == "slowed"]
    assert len(same) == PLAIN_CELLS * (PLAIN_CELLS - 1) // 2 + len(SLOW_DOWNS)
    assert len(slowed) == PLAIN_CELLS * SLOWED_CELLS * len(SLOW_DOWNS)
    assert run.independent(None) == PLAIN_CELLS // 2 + len(SLOW_DOWNS)
    assert {run.independent(one_in) for one_in in SLOW_DOWNS} == {SLOWED_CELLS}
    assert {trial.condition for trial in trials} == {"loaded"}
    for trial in trials:
        assert trial.found == (trial.one_in in (18, 36, 60, 90))
        expected = 1 + 1.8 / trial.one_in if trial.one_in else 1.0
        assert trial.shift.ratio == pytest.approx(expected, abs=0.015)
        assert trial.pairs.own.processes == trial.pairs.other.processes == 5
    paired = {(id(trial.pairs.own), id(trial.pairs.other)) for trial in trials}
    assert len(paired) == len(trials)


def test_a_cell_that_did_not_end_well_ends_the_study():
    with pytest.raises(UserError, match=r"plain_0_numba_serial did not end well \(failed: why\)"):
        cells_of(made_run("failed"), SETTINGS, "quiet")


def test_rates_are_counted_by_kind_and_condition():
    runs = [study_run("quiet")] * 9 + [study_run("quiet", slowed=0.0), study_run("loaded", -0.1)]
    found = {(rate.kind, rate.condition): rate for rate in rates(runs)}
    assert set(found) == {(k, c) for k in ("same", "slowed") for c in ("quiet", "loaded")}
    quiet = found["same", "quiet"]
    assert (quiet.found, quiet.trials, quiet.independent, quiet.met) == (0, 20, 20, True)
    slowed = found["slowed", "quiet"]
    assert (slowed.found, slowed.trials, slowed.independent, slowed.met) == (36, 40, 20, True)
    assert found["slowed", "loaded"].found == 0
    trials = [trial for run in runs for trial in run.trials]
    rows, headers = rate_table(rates(runs), trials)
    assert [len(row) for row in rows] == [len(headers)] * 4
    assert [row[3] for row in rows] == ["0 of 20", "36 of 40", "0 of 2", "0 of 4"]
    assert [row[-1] for row in rows] == [*["met, not proven"] * 3, "NOT MET"]
    curve = curve_of(rates(runs), trials)
    assert curve["share"].tolist() == [0.0, 0.9, 0.0, 0.0]
    assert curve["ratio"].tolist() == pytest.approx([1, np.exp(0.09), 1, np.exp(-0.1)], abs=0.001)


def test_what_is_met_is_proven_where_all_of_its_interval_is():
    assert [Rate("same", "quiet", n, 0, n).proven for n in (60, 80)] == [False, True]
    assert [Rate("slowed", "quiet", n, n, n, 36).proven for n in (30, 40)] == [False, True]


def test_nothing_is_asked_of_a_slow_down_below_five_per_cent():
    assert [Rate("slowed", "quiet", 9, 1, 9, one_in).met for one_in in (37, 36)] == [None, False]


def test_coverage_counts_the_intervals_that_hold_the_truth():
    trials = [Trial("same", "quiet", pairs(log)) for log in (0.0, 0.001, 0.3, -0.4)]
    assert coverage(trials, 0.0) == 0.5
    assert coverage(trials, 0.3) == 0.25
    assert coverage([], 0.0) is None


@pytest.mark.parametrize("hits", [0, 2, 17, 40])
def test_an_interval_is_clopper_and_pearsons_for_as_many_independent_trials(hits):
    exact = stats.binomtest(hits, 40).proportion_ci(0.95, "exact")
    for repeated in (1, 5):
        rate = Rate("same", "quiet", 40 * repeated, hits * repeated, 40)
        assert rate.interval == pytest.approx((exact.low, exact.high))


@pytest.mark.parametrize("chance", [0.02, 0.1])
def test_an_interval_holds_though_trials_share_cells(chance):
    """All pairs of six cells, 20 runs, found where two levels are far apart: at least 95 %."""
    random = np.random.default_rng(2)
    bound = stats.norm.ppf(1 - chance / 2) * np.sqrt(2)
    levels = random.standard_normal((500, 20, 6))
    first, second = np.triu_indices(6, 1)
    found = (np.abs(levels[..., first] - levels[..., second]) > bound).sum(axis=(1, 2))
    intervals = [Rate("same", "quiet", 300, int(hits), 60).interval for hits in found]
    assert np.mean([low <= chance <= high for low, high in intervals]) >= 0.95


def test_a_slowed_one_that_looks_faster_is_not_found():
    assert not Trial("slowed", "quiet", pairs(-0.1), 36).found
    assert Trial("same", "quiet", pairs(-0.1)).found


def test_spread_beyond_what_intervals_allow_for_is_seen():
    random = np.random.default_rng(1)
    noise = 0.02 * random.standard_normal((200, 5))
    between = PROCESS_SPREAD * np.sqrt(2) * random.standard_normal((200, 1))
    honest = [Trial("same", "quiet", pairs(0.0, logs)) for logs in noise + between]
    hidden = [Trial("same", "quiet", pairs(0.0, logs)) for logs in noise + 4 * between]
    assert excess_spread(honest) == pytest.approx(1.0, abs=0.15)
    assert excess_spread(hidden) > 2
    assert excess_spread(honest[:1]) is None
    assert overall_shift(honest).ratio == pytest.approx(1.0, abs=0.004)


# The command.


@pytest.fixture
def short_study(monkeypatch, tmp_path):
    """The command with runs that are made up, and are interrupted when told."""
    made = []

    def make_run(settings, dataset, condition, number, screen):
        if len(made) == short.most:
            raise KeyboardInterrupt
        made.append((condition, number))
        return cells_of(made_run(), settings, condition)

    def short(*arguments):
        return main(
            ["study", "--impl", "numba-serial", "--out", str(tmp_path / "s.json"), *arguments]
        )

    short.most, short.made, short.path = 100, made, tmp_path / "s.json"
    monkeypatch.setattr(study, "make_run", make_run)
    monkeypatch.setattr(study, "open_dataset", lambda *_: tiny_dataset())
    return short


def test_a_study_prints_draws_and_keeps_its_rates(short_study, capsys):
    assert short_study("--trials", "7") == 0
    said = capsys.readouterr().out
    assert said.count("12 of 12") == 8
    assert said.count("0 of 20") == 2
    assert len(re.findall(r"  1\.(?:04|05)\d  ", said)) == 2
    held = json.loads(short_study.path.read_text())
    assert [run["condition"] for run in held["runs"]] == ["quiet", "loaded"]
    for suffix in (".svg", ".png"):
        assert short_study.path.with_suffix(suffix).stat().st_size > 1000
    assert [condition for condition, _ in short_study.made] == ["quiet", "loaded"]
    assert len({number for _, number in short_study.made}) == 2


def test_ctrl_c_prints_what_there_is_and_the_same_command_goes_on(short_study, capsys):
    short_study.most = 1
    assert short_study("--trials", "4") == 130
    said = capsys.readouterr().out
    assert "interrupted" in said
    assert "12 of 12" in said
    short_study.most = 100
    assert short_study("--trials", "8") == 0
    assert short_study.made == [("quiet", 0), ("loaded", 1)]


def test_ctrl_c_before_the_first_run_is_no_error(short_study, capsys):
    short_study.most = 0
    assert short_study("--trials", "4") == 130
    assert not short_study.path.exists()


def test_a_rate_that_is_not_met_is_status_1(short_study, monkeypatch):
    monkeypatch.setattr(study, "make_run", lambda s, d, condition, *_: study_run(condition, 0.0))
    assert short_study("--trials", "2") == 1


def test_trials_of_another_study_are_not_mixed_in(short_study, capsys):
    short_study("--trials", "4")
    capsys.readouterr()
    assert short_study("--trials", "4", "--rounds", "60") == 2
    assert "rounds was 30 and is 60 now: give another --out" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "[]", '{"settings": {}}', '{"settings": {}, "runs": [1]}'])
def test_a_file_that_holds_no_study_is_refused(tmp_path, content):
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(UserError, match="holds no study"):
        read_runs(tmp_path / "s.json", SETTINGS)


def test_the_figure_would_not_overwrite_the_trials(capsys):
    assert main(["study", "--out", "x.png"]) == 2
    assert "is to end with .json" in capsys.readouterr().err


def test_the_figure_of_no_trial_is_drawn(tmp_path):
    written = draw_study(trials_frame([]), curve_of([], []), "nothing yet", tmp_path / "s.json")
    assert [path.suffix for path in written] == [".svg", ".png"]
    assert "no trial yet" in written[0].read_text()
