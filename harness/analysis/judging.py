"""From the facts of one rung to the verdicts on its cells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.cell_facts import (
    cost,
    differences,
    identity,
    known,
    sweep_counts,
    sweep_seconds,
)
from harness.analysis.inference import mean_shift
from harness.analysis.parity import Parity, judge_rung
from harness.analysis.projection import projected, projected_ratio
from harness.analysis.quality_time import (
    OBJECTIVE_MARGINS,
    best_objective,
    objective_reached,
    rmse_reached,
    target_rmse,
)
from harness.analysis.roofline import machine_share
from harness.analysis.speedup import Ratio, paired_speedup, ratio_of, speedup
from harness.analysis.threads import fewest_threads, thread_scaling
from harness.analysis.verdict import (
    CellVerdict,
    MachineShare,
    Outcome,
    ResultQuality,
    Speedup,
    State,
    SweepSeconds,
    ThreadScaling,
)
from harness.results.events import Cell
from harness.results.records import Record, Run, RungRecord

Parities = dict[Cell, Parity]
# What was not tried is projected; what was tried and failed is not.
_NOT_TRIED = ("skipped", "refused")


@dataclass(frozen=True)
class Context:
    """What the cells of a rung are judged by.

    Attributes
    ----------
    run : Run
    rung : RungRecord
    baseline : str
    parities : dict of Cell to Parity
        Of this rung.
    unsound : frozenset of str
        Variants that were wrong or unchecked here or at a smaller rung.
    target_rmse : float
    best_objective : float
    """

    run: Run
    rung: RungRecord
    baseline: str
    parities: Parities
    unsound: frozenset[str]
    target_rmse: float
    best_objective: float

    @property
    def anchor(self) -> Record | None:
        """The cell that ran beside all others."""
        return next((r for r in self.rung.records.values() if r.planned.anchor), None)

    @property
    def checked(self) -> list[Record]:
        """Timed cells whose seconds mean something."""
        return [r for r in self.rung.records.values() if r.turns and self.comparable(r)]

    @property
    def of_baseline(self) -> Record | None:
        """The baseline's cell with the fewest threads, unless it is unsound."""
        found = [r for r in self.rung.records.values() if r.cell.variant == self.baseline]
        record = min(found, key=lambda r: r.cell.threads, default=None)
        return record if record is not None and self.comparable(record) else None

    def comparable(self, record: Record) -> bool:
        """Whether its results were checked, or all those that it is projected from."""
        if record.turns:
            return self.parities[record.cell].is_comparable
        return _not_tried(record) and record.cell.variant not in self.unsound


@dataclass(frozen=True)
class RungVerdicts:
    """Verdicts on a rung; what the machine could do is not in them yet."""

    rung: RungRecord
    parities: Parities
    best_objective: float
    cells: tuple[CellVerdict, ...]  # those that are shown


def judge(
    run: Run, rung: RungRecord, baseline: str, smaller: Sequence[RungVerdicts]
) -> RungVerdicts:
    """Judge the cells of a rung, by itself and by smaller ones alone.

    Parameters
    ----------
    run : Run
    rung : RungRecord
    baseline : str
    smaller : sequence of RungVerdicts
        On the rungs before this one.
    """
    parities = judge_rung(rung)
    every = [*(one.parities for one in smaller), parities]
    unsound = frozenset(
        cell.variant
        for found in every
        for cell, parity in found.items()
        if parity.verdict in ("failed", "unchecked")
    )
    best = target_rmse(rung, parities), best_objective(rung, parities)
    context = Context(run, rung, baseline, parities, unsound, *best)
    shown = [record for record in rung.records.values() if not record.planned.hidden]
    cells = tuple(_verdict(context, record) for record in shown)
    return RungVerdicts(rung, parities, context.best_objective, cells)


def _verdict(context: Context, record: Record) -> CellVerdict:
    parity = context.parities[record.cell]
    seconds = _seconds(context.run, record)
    wrong = parity.verdict == "failed"
    return CellVerdict(
        identity=identity(context.rung, record),
        outcome=_outcome(record, parity, seconds.projected),
        seconds=seconds,
        counts=sweep_counts(record),
        speed=_speed(context, record, seconds.projected),
        scaling=_scaling(context, record),
        machine=_share(context.run, record, wrong),
        quality=_quality(context, record, wrong),
        differences=differences(parity),
        cost=cost(record),
    )


def _not_tried(record: Record) -> bool:
    """Whether a cell was given up before its first sweep, for its expected cost."""
    return record.ended is not None and record.ended.status in _NOT_TRIED


def _outcome(record: Record, parity: Parity, is_projected: bool) -> Outcome:
    """What became of the cell, unless its results are wrong or could not be checked."""
    ended = record.ended
    status, reason = (ended.status, ended.reason) if ended else ("interrupted", "no end in the log")
    state: State = status
    if parity.verdict == "failed":
        state, reason = "parity_failed", parity.reason
    elif parity.verdict == "unchecked" and status in ("ok", "over_budget"):
        state, reason = "unchecked", "no reference finished a sweep"
    elif parity.verdict == "unconverged" and not reason:
        reason = parity.reason
    against = sorted(cell.variant for cell in parity.against)
    return Outcome(
        state="projected" if is_projected else state,
        status=status,
        reason=reason,
        verdict=parity.verdict,
        against=", ".join(dict.fromkeys(against)),
        sweeps=ended.sweeps if ended else len(record.qualities),
    )


def _seconds(run: Run, record: Record) -> SweepSeconds:
    guess = projected(run, record) if not record.turns and _not_tried(record) else None
    if guess is None:
        return sweep_seconds(record)
    return SweepSeconds(
        sweep_s=guess.sweep_s,
        sweep_s_low=guess.low or np.nan,
        sweep_s_high=guess.high or np.nan,
        users_s=guess.users_s,
        items_s=guess.items_s,
        projected=True,
    )


def _speed(context: Context, record: Record, is_projected: bool) -> Speedup:
    baseline = context.of_baseline if context.comparable(record) else None
    if baseline is None:
        return Speedup(baseline=context.baseline)
    guessed = is_projected or not baseline.turns
    if guessed:
        ratio = _projected_speedup(context.run, baseline, record)
    else:
        ratio = speedup(baseline, record, context.anchor, context.checked)
    found = speedup_of(ratio, context.baseline, guessed)
    plain = None if guessed else paired_speedup(baseline, record)
    if plain is None:
        return found
    low, high = _ends(plain)
    found = replace(found, paired_speedup=plain.value)
    return replace(found, paired_speedup_low=low, paired_speedup_high=high)


def _ends(ratio: Ratio) -> tuple[float, float]:
    """Interval of a ratio; NaN where it has none."""
    if ratio.low is None or ratio.high is None:
        return np.nan, np.nan
    return ratio.low, ratio.high


def speedup_of(ratio: Ratio | None, baseline: str, is_projected: bool) -> Speedup:
    """Make a ratio the speed of a cell; NaN where there is none."""
    if ratio is None:
        return Speedup(baseline=baseline)
    low, high = _ends(ratio)
    return Speedup(
        baseline=baseline,
        speedup=ratio.value,
        speedup_low=low,
        speedup_high=high,
        speedup_projected=is_projected,
    )


def _projected_speedup(run: Run, baseline: Record, record: Record) -> Ratio | None:
    slow, fast = _seconds_ratio(run, baseline), _seconds_ratio(run, record)
    if slow is None or fast is None:
        return None
    return Ratio(1.0, None, None, 0) if baseline is record else projected_ratio(slow, fast)


def _seconds_ratio(run: Run, record: Record) -> Ratio | None:
    """Seconds of a sweep with an interval: of the turns' mean, or of the projection."""
    if record.turns:
        shift = mean_shift(np.log([turn.sweep_s for turn in record.turns]))
        return ratio_of(shift, len(record.turns))
    guess = projected(run, record)
    return None if guess is None else Ratio(guess.sweep_s, guess.low, guess.high, 0)


def _scaling(context: Context, record: Record) -> ThreadScaling:
    """What more threads buy, among cells whose results were checked."""
    checked = context.checked
    first = fewest_threads(checked, record.cell.variant) if record in checked else None
    return thread_scaling(first, record, context.anchor)


def _share(run: Run, record: Record, wrong: bool) -> MachineShare:
    share = machine_share(run, record)
    return MachineShare(intensity=share.intensity) if wrong else share


def _quality(context: Context, record: Record, wrong: bool) -> ResultQuality:
    last = record.qualities[-1] if record.qualities else None
    found = ResultQuality(target_rmse=context.target_rmse)
    if last is not None:
        found = replace(
            found,
            train_rmse=last.train_rmse,
            test_rmse=known(last.test_rmse),
            warm_test_rmse=known(last.warm_test_rmse),
            objective=known(last.objective),
        )
    return found if wrong else replace(found, **_times_to_quality(context, record))


def _times_to_quality(context: Context, record: Record) -> dict[str, float]:
    """Sweeps and seconds to the RMSE and to the objectives that are to be reached."""
    reached = {"to_quality": rmse_reached(context.target_rmse, record)}
    for digits, margin in zip("234", OBJECTIVE_MARGINS, strict=True):
        target = (1 + margin) * context.best_objective
        reached[f"to_1e{digits}"] = objective_reached(target, record)
    return {
        f"{name}_{unit}": value
        for name, one in reached.items()
        for unit, value in zip(("sweeps", "s"), one, strict=True)
    }
