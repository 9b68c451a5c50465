"""The event log: append-only, events as they went in, nothing believed that is cut or bad."""

import json
import resource
from dataclasses import replace

import pytest
from made_runs import planned, run_started, rung_started

from harness.errors import UserError
from harness.results.events import _KINDS as KINDS
from harness.results.events import (
    SCHEMA,
    Cell,
    Difference,
    Ended,
    Fit,
    GroupPlaced,
    HalfSweep,
    Machine,
    Phase,
    Quality,
    RunEnded,
    RungEnded,
    Turn,
    from_json,
    to_json,
)
from harness.results.log import LOG_NAME, EventLog, read_events, read_run
from harness.results.records import fold

CELL, OTHER = Cell("100k", "my.module:Müller", 2), Cell("100k", "naive", 1)
EVENTS = [
    run_started(budget_s=None, threads=[1, 2]),
    Machine("start", 2, {"bandwidth_gbs": 0.1 + 0.2}, {"bandwidth_gbs": 1 / 3}),
    rung_started(),
    planned("naive"),
    planned("my.module:Müller", threads=2, hidden=True, group=1, anchor=True),
    GroupPlaced("100k", 1, "10.0.0.2", {"cpu": "a", "usable_cores": 2}, {"busy_s": 0.1 + 0.2}),
    Phase(CELL, "prepare", 0.1 + 0.2),
    Turn(CELL, 3, 1, 17, 1e-300, 1 / 3),
    Turn(CELL, 4, 0, 2, None, None, 1, 0.25),
    Fit(CELL, 3, 0.5),
    Quality(CELL, 1, 0.7, None, None),
    Quality(CELL, 2, 0.7, 0.8, 0.8, 1.5e6),
    Difference(CELL, OTHER, 1, 1.7976931348623157e308),
    HalfSweep(CELL, OTHER, "users", 0.0, 5, -0.0, 5e-324),
    Ended(CELL, "out_of_memory", "killed\nhard", 1, 123, {"numba": 2}),
    Ended(OTHER, "ok", "", 3),
    RungEnded("100k", 2.5),
    RunEnded(3.5, True, {"load": 0.5}),
]


def _write(folder, events=EVENTS):
    with EventLog(folder, events[0]) as log:
        for event in events[1:]:
            log.write(event)
    return folder / LOG_NAME


def test_there_is_an_example_of_every_event():
    assert {type(event) for event in EVENTS} == set(KINDS.values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_comes_back_as_it_went_in(event):
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


def test_a_log_holds_its_events_in_their_order(tmp_path):
    _write(tmp_path)
    assert list(read_events(tmp_path)) == EVENTS


def test_what_is_folded_while_writing_is_what_is_read(tmp_path):
    with EventLog(tmp_path, EVENTS[0]) as log:
        for event in EVENTS[1:]:
            log.write(event)
    assert log.run == read_run(tmp_path)


def test_an_event_can_be_read_as_soon_as_it_is_written(tmp_path):
    with EventLog(tmp_path, EVENTS[0]) as log:
        for number, event in enumerate(EVENTS[1:], 2):
            log.write(event)
            assert len(list(read_events(tmp_path))) == number


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_cut_last_line_is_no_event(tmp_path, cut):
    path = _write(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(read_events(tmp_path)) == EVENTS[:-1]


def test_whoever_goes_on_drops_the_cut_line_and_appends(tmp_path):
    path = _write(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    with EventLog(tmp_path, EVENTS[0]) as log:
        log.write(EVENTS[-1])
    assert list(read_events(tmp_path)) == [*EVENTS[:-1], EVENTS[0], EVENTS[-1]]
    kept = whole[: whole.rstrip(b"\n").rindex(b"\n") + 1]
    assert path.read_bytes().startswith(kept)


def test_a_log_is_only_appended_to(tmp_path):
    path = _write(tmp_path)
    before = path.read_bytes()
    with EventLog(tmp_path, EVENTS[0]) as log:
        log.write(rung_started())
    assert path.read_bytes().startswith(before)
    assert len(list(read_events(tmp_path))) == len(EVENTS) + 2


@pytest.mark.parametrize(
    "rubbish",
    [
        b"rubbish",
        b"",
        b"[1, 2]",
        b"null",
        b"\xff\xfe",
        b'{"event": "Turned"}',
        b'{"event": ["Turn"]}',
        b'{"event": "RungEnded", "rung": "100k"}',
        b'{"event": "Phase", "cell": ["100k"], "phase": "open", "seconds": 1}',
        b'{"event": "Phase", "cell": 5, "phase": "open", "seconds": 1}',
        b'{"event": "RungEnded", "rung": "100k", "seconds": "1"}',
        b'{"event": "RungEnded", "rung": 100, "seconds": 1}',
        b'{"event": "Ended", "cell": ["a", "b", 1], "status": "fine", "reason": "", "sweeps": 1}',
        b'{"event": "Ended", "cell": ["a", "b", 1], "status": "ok", "reason": "", "sweeps": true}',
        b'{"event": "Machine", "when": "start", "threads": 1, "median": {"a": "b"}, "best": {}}',
        b'{"event": "Phase", "cell": ["100k", "naive", "1"], "phase": "open", "seconds": 1}',
        b'{"nothing": 1}',
    ],
)
def test_rubbish_in_the_middle_is_named_by_its_line(tmp_path, rubbish):
    path = _write(tmp_path)
    lines = path.read_bytes().split(b"\n")
    lines[4] = rubbish
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(UserError, match=r"events\.jsonl, line 5: not an event") as caught:
        read_run(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_event_of_what_was_never_planned_is_a_clear_error(tmp_path):
    path = _write(tmp_path, [run_started(), rung_started()])
    with path.open("a") as file:
        file.write(json.dumps(to_json(Phase(CELL, "open", 1.0))) + "\n")
    with pytest.raises(UserError, match=r"a Phase of .*Müller.*not planned"):
        read_run(tmp_path)


def test_a_newer_schema_is_refused(tmp_path):
    _write(tmp_path, [replace(run_started(), schema=SCHEMA + 1)])
    with pytest.raises(UserError, match=f"newer version .schema {SCHEMA + 1}"):
        read_run(tmp_path)


def test_unknown_fields_of_a_known_event_are_passed_over():
    line = to_json(rung_started()) | {"later": 1}
    assert from_json(line) == rung_started()


def test_no_log_and_an_empty_log_are_clear_errors(tmp_path):
    with pytest.raises(UserError, match="no run is here"):
        read_run(tmp_path)
    (tmp_path / LOG_NAME).write_bytes(b"")
    with pytest.raises(UserError, match="the log is empty"):
        read_run(tmp_path)
    (tmp_path / LOG_NAME).write_text(json.dumps(to_json(rung_started())) + "\n")
    with pytest.raises(UserError, match="does not begin with the start"):
        read_run(tmp_path)


def test_only_one_writes_a_log_at_a_time(tmp_path):
    with EventLog(tmp_path, run_started()):
        before = (tmp_path / LOG_NAME).read_bytes()
        with pytest.raises(UserError, match="another harness is writing"):
            EventLog(tmp_path, run_started())
        assert (tmp_path / LOG_NAME).read_bytes() == before
    with EventLog(tmp_path, run_started()):
        pass


@pytest.mark.parametrize("content", ["", '{"event": "RunSta'])
def test_a_run_that_ended_before_its_first_line_can_begin_again(tmp_path, content):
    (tmp_path / LOG_NAME).write_text(content)
    with EventLog(tmp_path, run_started()) as log:
        log.write(rung_started())
    assert list(read_events(tmp_path)) == [run_started(), rung_started()]


def test_a_full_disk_is_an_error_that_names_the_log(tmp_path):
    with EventLog(tmp_path, run_started()) as log:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        here = (tmp_path / LOG_NAME).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (here + 10, limits[1]))
        try:
            with pytest.raises(OSError, match=r"events\.jsonl"):
                log.write(rung_started())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        log.write(rung_started("320k"))
    assert list(read_events(tmp_path)) == [run_started(), rung_started(), rung_started("320k")]


def test_what_json_cannot_say_is_not_written(tmp_path):
    with EventLog(tmp_path, run_started()) as log, pytest.raises(ValueError, match="JSON"):
        log.write(Phase(CELL, "open", float("nan")))
    assert list(read_events(tmp_path)) == [run_started()]


def test_a_log_can_go_on_from_what_other_logs_hold(tmp_path):
    known = fold([run_started(), rung_started(), planned("naive")])
    ended = Ended(planned("naive").cell, "ok", "", 3)
    with EventLog(tmp_path, run_started(), known) as log:
        log.write(ended)
    assert known.records[0].ended == ended
    assert list(read_events(tmp_path)) == [run_started(), ended]
