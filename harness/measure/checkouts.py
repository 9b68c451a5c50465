"""Other revisions of this project, checked out beside it for as long as they are needed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from harness.errors import UserError
from harness.scratch import scratch_folder

_ROOT = Path(__file__).parents[2]


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A revision in a folder of its own, removed in the end.

    Parameters
    ----------
    revision : str
        As git takes it: HEAD~1, a tag, a hash.

    Raises
    ------
    UserError
        Where this is no git checkout, or there is no such revision.
    """
    with scratch_folder() as scratch:
        folder = Path(scratch) / "checkout"
        _git("worktree", "add", "--quiet", "--detach", str(folder), revision, of=revision)
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder), of=revision)


def _git(*words: str, of: str) -> None:
    try:
        git = which("git") or "git"
        done = subprocess.run([git, *words], cwd=_ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError(f"{of}: git is not installed, so no revision can be checked out") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise UserError(f"{of}: git cannot check it out here ({last})")
