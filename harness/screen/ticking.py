"""Something done again whenever nothing was seen for a while."""

from collections.abc import Callable
from threading import Event, Thread

Clock = Callable[[], float]


class Ticker:
    """Calls something whenever so many seconds have passed since it was last put off.

    Its thread sleeps in between: what is measured beside it has the processor to itself.

    Parameters
    ----------
    period_s : float
    action : callable
        Called in a thread of its own. One that cannot write any more ends the ticking.
    clock : callable
        Seconds.
    """

    def __init__(self, period_s: float, action: Callable[[], None], clock: Clock) -> None:
        self._period_s, self._action, self._clock = period_s, action, clock
        self._put_off_at = clock()
        self._stopped = Event()
        self._thread = Thread(target=self._loop, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; no call is under way afterwards."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def put_off(self) -> None:
        """Let the next call wait for a whole period from now."""
        self._put_off_at = self._clock()

    def tick(self) -> float:
        """Call if it is time; seconds until it can be time again."""
        left_s = self._put_off_at + self._period_s - self._clock()
        if left_s > 0:
            return left_s
        self.put_off()
        self._action()
        return self._period_s

    def _loop(self) -> None:
        try:
            while not self._stopped.wait(self.tick()):
                pass
        except (OSError, ValueError):  # whoever was reading has gone
            return
