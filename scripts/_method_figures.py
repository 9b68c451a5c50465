"""Two pictures of the method, drawn from a committed run: a round, and an alignment."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from harness.analysis.alignment import align
from harness.analysis.inference import common_rounds, series
from harness.report.drawing.style import INK, MUTED, new_figure, put_title, styled, svg
from harness.report.files import write_whole
from harness.results.events import Turn
from harness.results.records import Record, RungRecord
from scripts._records import FIGURES_IN, Part, Recorded, clearest

_ROUNDS = 3
_OWN, _OTHER = "#d55e00", "#0072b2"
_ALIGNED = ("numba-parallel", "numba-serial")


def round_figure(rung: RungRecord, title: str) -> Figure:
    """Some rounds: whose turn it was, one after the other, and how long it took."""
    rounds = sorted({turn.round for record in rung.records.values() for turn in record.turns})
    shown = [record for record in rung.records.values() if not record.planned.hidden]
    shown = [record for record in shown if len(record.turns) == len(rounds)][:6]
    with styled():
        figure = new_figure(0.9 + 0.24 * len(shown))
        top = put_title(figure, "Rounds: everybody's turn, in an order shuffled anew", title)
        place = {
            "left": 0.22,
            "right": 0.98,
            "bottom": 0.22,
            "top": 1 - top / figure.get_figheight(),
        }
        (axes,) = figure.subplots(1, 1, squeeze=False, gridspec_kw=place)[0]
        at = 0.0
        for number in rounds[:_ROUNDS]:
            for place_of, turn in _in_turn(shown, number):
                height = len(shown) - 1 - place_of
                axes.barh(height, turn.seconds, left=at, height=0.6, color=_OWN)
                at += turn.seconds
            axes.axvline(at, color=MUTED, linewidth=0.6, linestyle=":")
        names = [record.cell.variant for record in shown]
        axes.set_yticks(range(len(shown)), names[::-1])
        axes.set_xlabel("seconds on the clock; a dotted line ends a round")
        axes.set_xlim(0, at)
        return figure


def _in_turn(records: Sequence[Record], number: int) -> list[tuple[int, Turn]]:
    """Turns of a round in their order, each with the place of its cell."""
    found = [
        (place, turn)
        for place, record in enumerate(records)
        for turn in record.turns
        if turn.round == number
    ]
    return sorted(found, key=lambda one: one[1].position)


def alignment_figure(rung: RungRecord, title: str) -> Figure:
    """Two cells' seconds, round by round, and one shifted to where it lies over the other."""
    own, other = (_record(rung, name) for name in _ALIGNED)
    rounds = common_rounds([own, other])
    logs = [series(record, rounds).logs for record in (own, other)]
    shift = align(*logs)
    with styled():
        figure = new_figure(2.9)
        put_title(figure, "Alignment: by what factor does one lie over the other?", title)
        place = {"left": 0.1, "right": 0.98, "bottom": 0.15, "top": 0.72, "wspace": 0.28}
        left, right = figure.subplots(1, 2, gridspec_kw=place)
        for values, name, colour in zip(logs, _ALIGNED, (_OWN, _OTHER), strict=True):
            left.plot(1e3 * np.exp(values), ".", color=colour, label=name, markersize=3)
        left.set_ylim(0, None)
        left.legend(frameon=False, loc="lower left", ncols=2, borderaxespad=0)
        left.set_title("as measured", loc="left", color=INK)
        left.set_xlabel("rounds")
        left.set_ylabel("milliseconds a sweep")
        both = np.concatenate([logs[0] - shift, logs[1]])
        bins = 1e3 * np.exp(np.linspace(both.min(), both.max(), 24))
        for values, colour in ((logs[0] - shift, _OWN), (logs[1], _OTHER)):
            right.hist(1e3 * np.exp(values), bins=bins, color=colour, alpha=0.55)
        words = f"{_ALIGNED[0]}'s divided by {np.exp(shift):.3f}"
        right.set_title(words, loc="left", color=INK)
        right.set_xlabel("milliseconds a sweep")
        right.set_ylabel("rounds")
        return figure


def _record(rung: RungRecord, name: str) -> Record:
    return next(one for cell, one in rung.records.items() if cell.variant == name)


def _part(name: str, text: str, draw: Callable[[RungRecord, str], Figure]) -> Part:
    """A part that draws the newest ladder's smallest scale."""

    def part(records: Sequence[Recorded], root: Path) -> str:
        record = clearest(records)
        rung = next(iter(record.run.rungs.values()))
        path = FIGURES_IN / f"method-{name}.svg"
        title = f"{record.findings.about.title}, {rung.started.rung}; {record.processor}"
        write_whole(root / path, svg(draw(rung, title)))
        return f"![{text}]({path})"

    return part


FIGURES = {
    "method-round": _part("round", "Three rounds of a run", round_figure),
    "method-alignment": _part("alignment", "Two cells, aligned", alignment_figure),
}
