"""Speeds of a scale that still runs, before its results could be compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.cell_facts import sweep_seconds
from harness.analysis.inference import mean_shift
from harness.analysis.judging import speedup_of
from harness.analysis.projection import projected, projected_ratio
from harness.analysis.speedup import FEWEST_ROUNDS, Ratio, ratio_of, speedup
from harness.results.records import Record, Run


def so_far(run: Run, rung: str) -> pd.DataFrame:
    """A row for each shown cell of a scale that had turns enough for an interval.

    Parameters
    ----------
    run : Run
        As far as it has come.
    rung : str

    Returns
    -------
    DataFrame
        Of the columns of `harness.analysis.frame.cells`: variant, threads, seconds of a sweep with
        their quartiles, rounds, speedup with its interval, and baseline.
    """
    name = str(run.started.plan["baseline"])
    records = list(run.rungs[rung].records.values())
    of_baseline = [record for record in records if record.cell.variant == name]
    baseline = min(of_baseline, key=lambda record: record.cell.threads, default=None)
    anchor = next((record for record in records if record.planned.anchor), None)
    return pd.DataFrame(
        [
            _row(record, _ratio(run, baseline, record, (anchor, records)), name)
            for record in records
            if len(record.turns) >= FEWEST_ROUNDS and not record.planned.hidden
        ]
    )


def _row(record: Record, ratio: Ratio | None, baseline: str) -> dict[str, Any]:
    guessed = ratio is not None and ratio.rounds == 0
    return {
        "variant": record.cell.variant,
        "threads": record.cell.threads,
        **vars(sweep_seconds(record)),
        **vars(speedup_of(ratio, baseline, guessed)),
    }


def _ratio(
    run: Run,
    baseline: Record | None,
    record: Record,
    beside: tuple[Record | None, Sequence[Record]],
) -> Ratio | None:
    if baseline is None:
        return None
    if baseline.turns:
        return speedup(baseline, record, *beside)
    slow, fast = _projected(run, baseline), _measured(record)
    return None if slow is None or fast is None else projected_ratio(slow, fast)


def _projected(run: Run, baseline: Record) -> Ratio | None:
    """Seconds of a baseline that will have no turn here."""
    guess = projected(run, baseline) if baseline.ended is not None else None
    return None if guess is None else Ratio(guess.sweep_s, guess.low, guess.high, 0)


def _measured(record: Record) -> Ratio | None:
    logs = np.log([turn.sweep_s for turn in record.turns])
    return ratio_of(mean_shift(logs), len(record.turns))
