"""Does another path end where the reference does? By objective and test RMSE.

A library that has `fit` only takes no start from us, and what is relaxed or nested goes another way
on purpose: neither agrees sweep by sweep. What they minimise is the same, so where both have
converged, the objective and the RMSE must agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.results.events import Cell, Quality
from harness.results.records import Record

# Six starts of `numba-tiled` at 100k and 320k end within .03 % in J and .0003 in test RMSE of each
# other after ten sweeps (.13 % and .0011 after five). A regulariser that is 20 % too large moves
# them by .6 % and .006, one twice too large by 4 % and .02. These lie between.
OBJECTIVE_TOLERANCE = 0.005  # relative
RMSE_TOLERANCE = 0.005  # rating units
# At 100k and 320k, J falls by .16 % a sweep from the fifth to the tenth, and by .1 % ever after.
STILL_FALLING = 0.0025  # of J, a sweep
# What is relaxed or nested may end better than plain sweeps, and at most this much worse.
DRIVEN_OBJECTIVE_TOLERANCE, DRIVEN_RMSE_TOLERANCE = 0.001, 0.001
# Of J, by the rounding of factors.
_ROUNDING = {"float32": 1e-6, "float64": 1e-11}


@dataclass(frozen=True)
class Ends:
    """Where whole fits and a reference were at the last sweep that both were judged after.

    Attributes
    ----------
    against : Cell
    sweep : int
    objective : float
        J of the fits over the reference's, less 1.
    rmse : float or None
        Distance of the test RMSE, in rating units; None without test ratings.
    falling : str
        What has not converged, in words; empty where both have.
    apart : str
        What is further apart than its tolerance, in words; empty where nothing is.
    """

    against: Cell
    sweep: int
    objective: float
    rmse: float | None
    falling: str
    apart: str


def compare_ends(
    record: Record, references: Sequence[Record], *, may_be_better: bool = False
) -> Ends | None:
    """Compare where a cell ends with the reference that was judged beside it for longest.

    Parameters
    ----------
    record : Record
    references : sequence of Record
        From the lowest of the ladder up; of several as long, the lowest is taken.
    may_be_better : bool
        Whether only being worse counts, by the smaller tolerances of what is driven otherwise.

    Returns
    -------
    Ends or None
        None where no sweep of both has an objective.
    """
    common = [(reference, _last_common(record, reference)) for reference in references]
    reference, sweep = max(common, key=lambda one: one[1], default=(record, 0))
    if not sweep:
        return None
    mine, theirs = (_until(one, sweep) for one in (record, reference))
    objective = _j(mine[-1]) / _j(theirs[-1]) - 1
    rmse = None
    if mine[-1].test_rmse is not None and theirs[-1].test_rmse is not None:
        rmse = mine[-1].test_rmse - theirs[-1].test_rmse
    falls = {"J": mine, f"J of {reference.cell.variant}": theirs}
    falling = [_falling(name, line) for name, line in falls.items()]
    when = f" after sweep {sweep}, though both have converged"
    if may_be_better:
        worse = max(objective, 0.0), max(rmse or 0.0, 0.0)
        apart = _apart(*worse, DRIVEN_OBJECTIVE_TOLERANCE, DRIVEN_RMSE_TOLERANCE, when)
    else:
        apart = _apart(objective, rmse or 0.0, OBJECTIVE_TOLERANCE, RMSE_TOLERANCE, when)
    still = "; ".join(filter(None, falling))
    return Ends(reference.cell, sweep, objective, None if rmse is None else abs(rmse), still, apart)


def first_rise(record: Record) -> str:
    """Say where the objective rose from one judged sweep to the next; empty where it never did."""
    line = [quality for quality in record.qualities if quality.objective is not None]
    for before, after in pairwise(line):
        rise = _j(after) / _j(before) - 1
        if rise > _ROUNDING[record.planned.dtype]:
            return f"J rises by {rise:.1e} of itself in sweep {after.sweep}"
    return ""


def _last_common(record: Record, reference: Record) -> int:
    """The last sweep that both have an objective after; 0 where there is none."""
    both = [{q.sweep for q in r.qualities if q.objective is not None} for r in (record, reference)]
    return max(both[0] & both[1], default=0)


def _until(record: Record, sweep: int) -> list[Quality]:
    return [q for q in record.qualities if q.objective is not None and q.sweep <= sweep]


def _j(quality: Quality) -> float:
    assert quality.objective is not None
    return quality.objective


def _falling(name: str, line: Sequence[Quality]) -> str:
    """Say that an objective still falls; one that was judged once is not known to have ended."""
    if len(line) < 2:
        return f"{name} was judged once"
    before, last = line[-2:]
    fall = (_j(before) / _j(last) - 1) / (last.sweep - before.sweep)
    return f"{name} still falls by {fall:.2%} a sweep" if fall > STILL_FALLING else ""


def _apart(
    objective: float, rmse: float, most_objective: float, most_rmse: float, when: str
) -> str:
    parts = []
    if abs(objective) > most_objective:
        parts.append(f"J is {objective:+.2%} off")
    if abs(rmse) > most_rmse:
        parts.append(f"test RMSE is {abs(rmse):.4f} off")
    return " and ".join(parts) + when if parts else ""
