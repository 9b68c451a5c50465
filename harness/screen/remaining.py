"""About how long a run will still take, from what its log holds so far."""

from math import isfinite

from harness.data.ladder.scales import ratings_needed
from harness.measure.live import FEWEST_TURNS, FREE_S, TIMING_SHARE
from harness.measure.observer import Progress
from harness.measure.timing import SHORTEST_TURN_S
from harness.results.records import Record, Run, RungRecord

# Below this on the clock, the share of what is off it says nothing.
_TELLING_S = 0.5


def seconds_left(run: Run, progress: Progress, rounds_s: float, rung_s: float) -> float | None:
    """Guess the seconds until the last scale is done.

    Parameters
    ----------
    run : Run
        Up to the present turn.
    progress : Progress
    rounds_s, rung_s : float
        Seconds since the scale's first turn began, and since its preparation did.

    Returns
    -------
    float or None
        None while a cell of this scale has neither had a turn here nor at a smaller one.
    """
    here = run.rungs[progress.cell.rung]
    waiting = [r for r in here.records.values() if r.ended is None and not r.turns]
    seen = [_sweep_s(run, record, _ratings(here)) for record in waiting]
    first = [sweep_s for sweep_s in seen if sweep_s is not None]
    if len(first) < len(waiting) or not isfinite(progress.left_s):
        return None
    on_clock = _clock_s(here)
    # Judging, and starting new processes, go on in proportion.
    beside = max(1.0, rounds_s / on_clock) if on_clock > _TELLING_S else 1.0
    this = (progress.left_s + _rung_clock_s(run, first)) * beside
    return this + sum(_later_s(run, here, name, rung_s) for name in _later(run, progress.cell.rung))


def _later(run: Run, rung: str) -> list[str]:
    """Scales that are still to come."""
    names: list[str] = run.started.plan["rungs"]
    done = {name for name, record in run.rungs.items() if record.ended}
    return [name for name in names[names.index(rung) + 1 :] if name not in done]


def _later_s(run: Run, here: RungRecord, name: str, rung_s: float) -> float:
    """Seconds of a scale to come: on the clock, and as much beside it as at the last one."""
    needed = ratings_needed([name])
    ratings = run.started.dataset["ratings"] if needed is None else needed
    sweeps = [_sweep_s(run, record, ratings) for record in here.records.values()]
    ended = [rung for rung in run.rungs.values() if rung.ended is not None]
    last = ended[-1] if ended else here
    wall_s = last.ended.seconds if last.ended else rung_s
    on_clock = _rung_clock_s(run, [sweep_s for sweep_s in sweeps if sweep_s is not None])
    return on_clock + max(0.0, wall_s - _clock_s(last))


def _ratings(rung: RungRecord) -> int:
    return rung.started.train + rung.started.test


def _clock_s(rung: RungRecord) -> float:
    """Seconds on the clock so far."""
    turns = (turn for record in rung.records.values() for turn in record.turns)
    return sum(turn.seconds for turn in turns)


def _sweep_s(run: Run, record: Record, ratings: int) -> float | None:
    """Seconds of a sweep over so many ratings, in proportion to the largest scale seen."""
    found = None
    for rung in run.rungs.values():
        known = rung.records.get(record.cell._replace(rung=rung.started.rung))
        if known is not None and known.turns:
            found = known.turns[-1].sweep_s * ratings / _ratings(rung)
    return found


def _rung_clock_s(run: Run, sweeps: list[float]) -> float:
    """Seconds on the clock of cells whose sweeps take so long; a slow one takes its share only."""
    plan, total = run.started.plan, 0.0
    share = plan.get("share")
    for sweep_s in sorted(sweeps):
        seconds = _cell_clock_s(run, sweep_s)
        if share is not None:
            at_least = min(FEWEST_TURNS * sweep_s, seconds)
            seconds = min(seconds, max(share / (1 - share) * total, at_least, FREE_S))
        total += seconds
    return total


def _cell_clock_s(run: Run, sweep_s: float) -> float:
    plan = run.started.plan
    budget_s = float("inf") if plan["budget_s"] is None else plan["budget_s"]
    if sweep_s > budget_s:
        return 0.0  # it is skipped
    if FEWEST_TURNS * sweep_s > budget_s:
        return sweep_s
    turn_s, rounds = max(sweep_s, SHORTEST_TURN_S), max(plan["rounds"], plan["sweeps"])
    judged_s = min(plan["sweeps"] * turn_s, budget_s)
    return float(min(rounds * turn_s, max(judged_s, budget_s * TIMING_SHARE)))
