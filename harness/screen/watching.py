"""How a run goes, for those who wait: what is being done, how far it is, and rows so far."""

from collections.abc import Sequence
from time import monotonic

from harness.analysis.so_far import so_far
from harness.analysis.speedup import FEWEST_ROUNDS
from harness.measure.observer import Progress
from harness.report.numbers import about, duration
from harness.report.terminal import rows_so_far
from harness.results.records import Run
from harness.screen.console import Screen
from harness.screen.remaining import seconds_left
from harness.screen.showing import print_rung
from harness.screen.ticking import Clock

# Everything is worked out between turns, when nothing is measured, and seldom: a guess of the
# seconds left so often at most, and rows as often, or so many times as long as they took.
_GUESS_S, _ROWS_S, _ROWS_SHARE = 0.5, 5.0, 50


class Watcher:
    """Shows how a run goes, on a screen.

    Parameters
    ----------
    screen : Screen
    run : Run
        The log folded, as it grows.
    clock : callable, optional
        Seconds.
    """

    def __init__(self, screen: Screen, run: Run, clock: Clock = monotonic) -> None:
        self._screen, self._run, self._clock = screen, run, clock
        self._step = "starting"
        self._begin_rung()

    def _begin_rung(self) -> None:
        self._progress: Progress | None = None
        self._rung_at = self._clock()
        self._rounds_at = self._guessed_at = self._rows_at = float("-inf")
        self._left_s: float | None = None
        self._rows: Sequence[str] = ()
        self._ready = 0
        self._rows_pause_s = _ROWS_S

    def notice(self, line: str) -> None:
        """A step that is being taken."""
        self._step, self._progress = line, None
        self._screen.notice(line, self)

    def moment(self, progress: Progress) -> None:
        """A turn begins."""
        now = self._clock()
        if self._rounds_at < self._rung_at:
            self._rounds_at = now
        self._progress = progress
        if now - self._guessed_at >= _GUESS_S:
            spent = (now - self._rounds_at, now - self._rung_at)
            self._left_s, self._guessed_at = seconds_left(self._run, progress, *spent), now
            self._work_out_rows(progress.cell.rung, now)
        self._screen.moment(self)

    def rung_done(self, rung: str) -> None:
        """A scale has ended: its table."""
        self._begin_rung()
        print_rung(self._run, rung, self._screen)

    def parts(self) -> Sequence[str]:
        """What is being done, and how far it is."""
        progress, now = self._progress, self._clock()
        times = f"{duration(self._screen.elapsed_s)} elapsed"
        if progress is None:
            return self._step, times
        left_s = 0.0 if self._left_s is None else self._left_s - (now - self._guessed_at)
        if left_s > 0:
            times += f", about {about(left_s)} left"
        return self._what(progress), times

    def _what(self, progress: Progress) -> str:
        rung, scales = progress.cell.rung, self._run.started.plan["rungs"]
        place = f"scale {scales.index(rung) + 1} of {len(scales)}"
        return (
            f"{rung} ({place}): round {progress.round} of {progress.rounds}, "
            f"{progress.done} of {progress.cells} cells done, {progress.cell.variant} at work"
        )

    def rows(self) -> Sequence[str]:
        """The rows that this scale has so far."""
        return self._rows if self._progress is not None else ()

    def _work_out_rows(self, rung: str, now: float) -> None:
        """Make the rows of the cells that had turns enough, at once when there is one more."""
        if not self._screen.is_live:
            return
        turns = [len(record.turns) for record in self._run.rungs[rung].records.values()]
        ready = sum(count >= FEWEST_ROUNDS for count in turns)
        if ready == self._ready and now - self._rows_at < self._rows_pause_s:
            return
        self._rows = rows_so_far(so_far(self._run, rung), self._screen.live_width - 1)
        self._ready, self._rows_at = ready, self._clock()
        self._rows_pause_s = max(_ROWS_S, _ROWS_SHARE * (self._rows_at - now))
