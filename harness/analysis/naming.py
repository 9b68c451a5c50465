"""Cells and counts in words."""

from harness.results.events import Cell


def counted(number: int, noun: str, plural: str = "") -> str:
    """Count things: "1 thread", "2 threads", "2 processes"."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def place(cell: Cell) -> str:
    """Name a cell without its threads."""
    return f"{cell.variant} at {cell.rung}"


def cell_name(cell: Cell) -> str:
    """Name a cell."""
    return f"{place(cell)}, {counted(cell.threads, 'thread')}"
