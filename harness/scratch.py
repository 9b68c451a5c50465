"""Temporary folders of this process, which are gone when it is, even where it was killed."""

import atexit
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

# Waits for its standard input to end, as it does with the process that holds the other end. What
# dies with that process may write for a moment longer.
REAPER = """
import os, shutil, sys, time
sys.stdin.buffer.read()
for _ in range(100):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.exists(sys.argv[1]):
        break
    time.sleep(0.05)
"""


def scratch_folder() -> "TemporaryDirectory[str]":
    """A new temporary folder, as `tempfile.TemporaryDirectory` makes them."""
    return TemporaryDirectory(dir=_root(os.getpid()), ignore_cleanup_errors=True)


@cache
def _root(_: int) -> Path:
    """Folder of all temporary folders of a process, and a second process that will remove it."""
    root = Path(mkdtemp(prefix="als-ladder-"))
    reaper = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", REAPER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is not for it
        cwd="/",
    )
    atexit.register(_remove, os.getpid(), root, reaper)
    return root


def _remove(owner: int, root: Path, reaper: "subprocess.Popen[bytes]") -> None:
    if os.getpid() != owner:
        return  # a child that was forked ends in order
    shutil.rmtree(root, ignore_errors=True)
    reaper.kill()
    reaper.wait()
