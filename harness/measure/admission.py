"""Which workers are alive together: groups that fit in memory and share an anchor."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

# Of the memory available; the rest is for the runner, the page cache and the judge.
SHARE_OF_MEMORY = 0.8


@dataclass(frozen=True)
class Admission:
    """Who runs with whom.

    Attributes
    ----------
    groups : tuple of tuple of int
        Positions of the cells in each group. With several groups the anchor is in each.
    anchor : int or None
        Through which ratios across groups go; None where one group holds all.
    refused : tuple of int
        Cells that cannot fit even alone.
    """

    groups: tuple[tuple[int, ...], ...]
    anchor: int | None
    refused: tuple[int, ...]


def admit(needed: Sequence[int], room: int, references: Collection[int] = ()) -> Admission:
    """Form groups whose workers fit into memory together.

    Parameters
    ----------
    needed : sequence of int
        Bytes of each cell's worker, in the order planned.
    room : int
        Bytes that all workers alive at a time may take.
    references : collection of int
        Cells that others can be held against.

    Returns
    -------
    Admission
        The anchor is the reference that needs least (or, without references, the cell), so that it
        leaves most room to the others; a cell that fits alone but not beside the anchor is a group
        of its own.
    """
    fitting = [cell for cell in range(len(needed)) if needed[cell] <= room]
    refused = tuple(cell for cell in range(len(needed)) if needed[cell] > room)
    if sum(needed[cell] for cell in fitting) <= room:
        return Admission((tuple(fitting),) if fitting else (), None, refused)
    anchor = min(fitting, key=lambda cell: (cell not in references, needed[cell]))
    groups: list[list[int]] = [[anchor]]
    for cell in (cell for cell in fitting if cell != anchor):
        if needed[anchor] + needed[cell] > room:
            groups.append([cell])
        elif sum(needed[other] for other in groups[0]) + needed[cell] <= room:
            groups[0].append(cell)
        else:
            groups.insert(0, [anchor, cell])
    return Admission(tuple(tuple(sorted(group)) for group in reversed(groups)), anchor, refused)
