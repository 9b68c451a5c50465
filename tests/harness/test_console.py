"""What is seen while something runs: on a terminal, through a pipe, and by whose clock."""

import io
import re
import sys
from threading import Thread
from time import sleep

import pytest
from rich.console import Console
from screens import Clock, Terminal, console, pass_time

from harness.screen.console import SILENCE_S, Screen
from harness.screen.ticking import Ticker


@pytest.fixture
def piped(clock, capsys):
    """A screen without a terminal, whose thread is not started."""
    return Screen(Console(stderr=True, force_terminal=False), clock)


def test_a_line_comes_whenever_there_was_none_for_15_seconds(piped, clock, capsys):
    piped.notice("opening")
    pass_time(piped, clock, SILENCE_S - 1)
    assert capsys.readouterr().err == "opening\n"
    pass_time(piped, clock, 1)
    assert capsys.readouterr().err == "opening, 15 s elapsed\n"
    pass_time(piped, clock, 2 * SILENCE_S)
    assert capsys.readouterr().err == "opening, 30 s elapsed\nopening, 45 s elapsed\n"


@pytest.mark.parametrize("speak", [Screen.line, Screen.notice])
def test_any_line_puts_the_next_one_off(piped, clock, capsys, speak):
    pass_time(piped, clock, SILENCE_S - 1)
    speak(piped, "something")
    pass_time(piped, clock, SILENCE_S - 1)
    captured = capsys.readouterr()
    assert (captured.out + captured.err).strip() == "something"
    pass_time(piped, clock, 1)
    assert "elapsed" in capsys.readouterr().err


def test_a_moment_is_no_line_but_is_what_the_next_one_tells(piped, clock, capsys):
    piped.moment("sweep 3 of 50")
    assert capsys.readouterr().err == ""
    pass_time(piped, clock, 70)
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == "sweep 3 of 50, 60 s elapsed"
    assert len(said) == 4


def test_a_pipe_sees_no_codes(piped, clock, capsys):
    with piped:
        piped.notice("opening")
        piped.line("a line")
        piped.moment("sweep 1")
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert captured.out == "a line\n"


def test_seconds_go_on_on_a_terminal_while_nothing_is_told(terminal, clock):
    screen = Screen(console(terminal), clock)
    screen.notice("opening")
    for _ in range(3):
        pass_time(screen, clock, 1)
    assert re.findall(r"\d+ s elapsed", terminal.shown()) == [f"{n} s elapsed" for n in range(4)]


def test_moments_are_drawn_twice_a_second_at_most(terminal, clock):
    screen = Screen(console(terminal), clock)
    for number in range(100):
        screen.moment(f"turn {number}")
        clock.now += 1 / 128
    assert re.findall(r"turn \d+", terminal.shown()) == ["turn 0", "turn 64"]


def test_lines_stand_alone_between_two_displays(terminal, clock):
    screen = Screen(console(terminal), clock)
    screen.notice("opening")
    before = terminal.tell()
    screen.line("a line that stays")
    written = terminal.getvalue()[before:]
    assert written.endswith("\x1b[2Ka line that stays\n")  # the display is erased before it
    screen.line("another")
    assert terminal.getvalue().endswith("a line that stays\nanother\n")
    screen.moment("next")
    clock.now += 1
    screen.moment("after that")
    assert "after that" in terminal.shown()


def test_the_display_is_gone_in_the_end_and_the_cursor_back(terminal, clock):
    with Screen(console(terminal), clock) as screen:
        screen.notice("opening")
    assert "\x1b[?25h" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")


def test_lines_do_not_go_to_a_terminal_where_standard_output_is_a_file(clock, capsys):
    terminal = Terminal()
    screen = Screen(console(terminal), clock)
    screen.notice("opening")
    screen.line("for the file")
    assert capsys.readouterr().out == "for the file\n"
    assert "for the file" not in terminal.getvalue()


def test_a_dumb_terminal_is_told_in_lines(terminal, clock):
    screen = Screen(console(terminal, term="dumb"), clock)
    screen.notice("opening")
    pass_time(screen, clock, SILENCE_S)
    assert terminal.getvalue() == "opening\nopening, 15 s elapsed\n"


def test_no_colour_where_none_is_wanted(terminal, clock):
    screen = Screen(console(terminal, NO_COLOR="1"), clock)
    screen.notice("opening")
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.getvalue())


@pytest.mark.parametrize("width", [20, 40, 80, 140])
def test_no_line_of_the_display_is_longer_than_the_terminal(terminal, clock, width):
    screen = Screen(console(terminal, width), clock)
    screen.notice("a step whose name is so long that it takes several lines " * 3)
    lines = terminal.shown().replace("\r", "").splitlines()
    assert max(map(len, lines)) < width


def test_a_colour_forced_by_the_environment_makes_a_file_no_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not Screen().is_live


def test_the_width_is_that_of_the_environment(monkeypatch):
    screen = Screen()
    monkeypatch.setenv("COLUMNS", "91")
    assert screen.width == 91
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())
    assert screen.width == 120


def test_lines_of_two_threads_do_not_mix(clock):
    class Slow(io.StringIO):
        """Lets another thread go on in the middle of a line."""

        def write(self, text: str) -> int:
            for letter in text:
                super().write(letter)
                sleep(0)
            return len(text)

    stream = Slow()
    screen = Screen(Console(file=stream, force_terminal=False), clock)
    screen.moment("at it")
    other = Thread(target=lambda: [screen._tick() for _ in range(50)])
    other.start()
    for _ in range(50):
        screen.notice("a step")
    other.join()
    assert set(stream.getvalue().splitlines()) <= {
        *("a step", "at it, 0 s elapsed", "a step, 0 s elapsed")
    }


# The ticker.


def test_a_ticker_waits_for_what_is_left_of_its_period(clock):
    calls = []
    ticker = Ticker(10.0, lambda: calls.append(clock.now), clock)
    clock.now += 4
    assert ticker.tick() == 6
    ticker.put_off()
    assert ticker.tick() == 10
    assert not calls
    clock.now += 10
    assert ticker.tick() == 10
    assert calls == [clock.now]


def test_a_ticker_that_cannot_write_ends():
    def fail() -> None:
        raise BrokenPipeError

    ticker = Ticker(0.0, fail, Clock())
    ticker.start()
    ticker._thread.join(10)
    assert not ticker._thread.is_alive()
    ticker.stop()


def test_a_stopped_ticker_ends_before_its_period_does():
    ticker = Ticker(1e6, lambda: None, Clock())
    ticker.start()
    ticker.stop()
    assert not ticker._thread.is_alive()


@pytest.mark.parametrize("speak", [Screen.line, Screen.notice, Screen.moment])
def test_no_terminal_obeys_what_a_title_holds(terminal, capsys, speak):
    """Neither a title, nor a file's name, nor anybody's exception."""
    evil = "a\x1b]0;pwned\x07b\x1b[2J\rc\x9b31m"
    with Screen(Console(file=terminal, force_terminal=True), Clock()) as screen:
        speak(screen, evil)
    said = capsys.readouterr().out + terminal.getvalue()
    for code in ("\x1b]0", "\x07", "\x1b[2Jc", "\x9b"):
        assert code not in said
    assert r"a\x1b]0;pwned\x07b\x1b[2J" in said
