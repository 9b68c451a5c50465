"""Background load: a process that keeps a core busy now and then, in a pattern with a seed.

Started as ``python -m harness.measure.background SEED PARENT``; it ends when PARENT does.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from time import perf_counter, sleep

from harness.errors import UserError

# Busy and idle spells alternate; their lengths are exponential with this mean, so the load comes
# and goes within the turns of a round as well as between rounds.
MEAN_SPELL_S, _LONGEST_SPELL_S = 0.25, 2.0


def spells(seed: int) -> Iterator[float]:
    """Seconds of a busy spell, of an idle one, of a busy one, and so on without end."""
    random = Random(seed)  # noqa: S311 - a pattern, not a secret
    while True:
        yield min(random.expovariate(1 / MEAN_SPELL_S), _LONGEST_SPELL_S)


def alternate(
    lengths: Iterator[float],
    busy: Callable[[float], None],
    idle: Callable[[float], None],
    wanted: Callable[[], bool],
) -> None:
    """Be busy and idle in turn for as long as it is wanted."""
    for number, seconds in enumerate(lengths):
        if not wanted():
            return
        (idle if number % 2 else busy)(seconds)


@contextmanager
def background_load(seed: int) -> Iterator[None]:
    """Load the machine while the body runs.

    Raises
    ------
    UserError
        Where the load ended before the body did: what was measured was not under load.
    """
    command = [sys.executable, "-m", "harness.measure.background", str(seed), str(os.getpid())]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)},
        start_new_session=True,  # Ctrl-C is for the harness to handle
    )
    try:
        yield
        if process.poll() is not None:
            raise UserError(f"the background load ended with exit status {process.returncode}")
    finally:
        process.kill()
        process.wait()


def _burn(seconds: float) -> None:
    end = perf_counter() + seconds
    while perf_counter() < end:
        pass


def main() -> None:
    """Load the machine for as long as the parent lives."""
    seed, parent = int(sys.argv[1]), int(sys.argv[2])
    alternate(spells(seed), _burn, sleep, lambda: os.getppid() == parent)


if __name__ == "__main__":
    main()
