"""Files that are either whole or not there."""

from pathlib import Path

from implementations.atomic import atomic_write


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file aside, then put it in place; folders are made as needed.

    Parameters
    ----------
    path : Path
    content : str or bytes
        Text is written as UTF-8, its newlines as they are.

    Returns
    -------
    Path
        The same path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return path
