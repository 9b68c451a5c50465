"""Calls of the harness as a user makes them."""

import os
import subprocess
import sys
from pathlib import Path

from tiny import command

REPOSITORY = Path(__file__).parents[2]


def environment_of_a_user(**more: str) -> dict[str, str]:
    path = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")])
    return {**os.environ, "PYTHONPATH": path, **more}


DRAWN, UNDRAWN = command(draw=True), command(draw=False)
REAL = command(draw=True, tiny=False)


def call(
    *arguments: str | Path, cwd: Path, by: list[str] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Call the harness in a process of its own."""
    by = by or [sys.executable, "-m", "harness"]
    return subprocess.run(
        [*by, *map(str, arguments)],
        cwd=cwd,
        env=environment_of_a_user(**environment),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
