"""Figure of what each idea of the ladder buys, from the first to the last."""

from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FixedLocator

from harness.report import numbers
from harness.report.cells import rows_of, rungs
from harness.report.drawing import layout
from harness.report.drawing import style as st
from harness.report.drawing.figure import Figure
from harness.report.findings import Findings

_NAME = "What each idea buys"
_STEP = 0.34  # inches from a bar to the next
_HALF = 0.3  # of a bar's height, as a share of the step


class Step(NamedTuple):
    """From one implementation of the ladder to the next."""

    row: Any  # of the cells frame
    before: float  # speed of the one before, relative to the first
    after: float
    ratio: float  # of the two, with its interval
    low: float
    high: float
    projected: bool


def steps_of(found: Findings) -> list[Step]:
    """Steps of the ladder at the largest scale that has any, the first implementation included.

    A step's ratio and interval are those of the two implementations in the same rounds; where they
    were never set against each other, the ratio of their speeds, without an interval.
    """
    for rung in reversed(rungs(found.cells)):
        here = found.cells[found.cells["rung"] == rung]
        ladder = [row for row in rows_of(_ladder(here)) if numbers.known(row.speedup)]
        if len(ladder) > 1:
            return _steps(ladder, found)
    return []


def _ladder(here: pd.DataFrame) -> pd.DataFrame:
    """Implementations of the ladder in its order, then the last one's float32, the most threads."""
    most = here.sort_values("threads", kind="stable").drop_duplicates("variant", keep="last")
    ladder = most[most["ladder"].notna()].sort_values("ladder")
    last = str(ladder["variant"].iloc[-1]) if len(ladder) else ""
    return pd.concat([ladder, most[most["variant"] == f"{last}-f32"]])


def _steps(ladder: list[Any], found: Findings) -> list[Step]:
    first = float(ladder[0].speedup)
    steps = [Step(ladder[0], 1.0, 1.0, float("nan"), float("nan"), float("nan"), False)]
    for row in ladder[1:]:
        before, after = steps[-1].after, float(row.speedup) / first
        steps.append(Step(row, before, after, *_ratio(steps[-1].row, row, found)))
    return steps


def _ratio(before: Any, row: Any, found: Findings) -> tuple[float, float, float, bool]:
    against = found.against.get(str(before.variant))
    if against is not None:
        same = (against["variant"] == row.variant) & (against["rung"] == row.rung)
        for one in rows_of(against[same & (against["threads"] == row.threads)]):
            if numbers.known(one.speedup):
                ends = float(one.speedup_low), float(one.speedup_high)
                return float(one.speedup), *ends, bool(one.speedup_projected)
    guessed = bool(row.speedup_projected or before.speedup_projected)
    return float(row.speedup / before.speedup), float("nan"), float("nan"), guessed


def steps_figure(found: Findings) -> Drawing:
    """A bar for each step, from the speed before to that after, on a log axis.

    Parameters
    ----------
    found : Findings
        For which `steps_of` finds steps.
    """
    with st.styled():
        steps = steps_of(found)
        looks = st.looks(found.cells)
        shown = [looks[str(step.row.variant), int(step.row.threads)] for step in steps]
        left = 0.2 + max(st.text_width(look.label) for look in shown)
        below, tall = 0.5, _STEP * len(steps) + 0.1
        total = st.title_height(found.about.title) + 0.1 + tall + below
        figure = st.new_figure(total)
        scale = str(steps[0].row.rung)
        st.put_title(figure, f"{_NAME}, at scale {scale}", found.about.title)
        wide = st.width() - left - 0.15
        box = (left / st.width(), below / total, wide / st.width(), tall / total)
        axes = figure.add_axes(box)
        _draw(axes, steps, shown, wide)
        axes.set_xlabel(f"times as fast as {shown[0].label} (log scale)")
        return figure


def _draw(axes: Axes, steps: list[Step], looks: list[st.Look], wide: float) -> None:
    axes.set_xscale("log")
    fastest = max(step.after for step in steps)
    slowest = min(step.after for step in steps)
    texts = [_text(step) for step in steps]
    room = max(st.text_width(text) for text in texts) + 0.15
    spread = fastest / slowest if fastest > slowest else 2.0
    axes.set_xlim(slowest / spread**0.02, fastest * spread ** (room / max(wide - room, 0.5)))
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.set_yticks([])
    layout.log_ticks(axes, "x", lambda value, _: f"{value:,.10g}")
    ticks = [float(tick) for tick in axes.get_xticks()]
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if tick <= 2 * fastest]))
    axes.grid(visible=True, axis="x")
    for at, (step, look, text) in enumerate(zip(steps, looks, texts, strict=True)):
        with st.tagged(axes, look):
            _draw_step(axes, at, step, look, text)
        if at + 1 < len(steps):
            line: dict[str, Any] = {"color": st.MUTED, "linewidth": 0.6, "zorder": 1}
            axes.plot([step.after] * 2, [at, at + 1], linestyle=(0, (1, 2)), **line)


def _draw_step(axes: Axes, at: int, step: Step, look: st.Look, text: str) -> None:
    if step.after == step.before:
        axes.plot([step.after], [at], look.marker, markersize=5, color=look.colour, zorder=3)
    else:
        inside = "white" if step.projected else look.colour
        style: dict[str, Any] = {"facecolor": inside, "edgecolor": look.colour, "zorder": 3}
        style["linestyle"] = "--" if step.projected else "-"
        axes.barh(at, step.after - step.before, 2 * _HALF, left=step.before, **style)
    words: dict[str, Any] = {"textcoords": "offset points", "va": "center", "color": look.colour}
    axes.annotate(text, (max(step.after, step.before), at), (5, 0), **words)
    place = axes.get_yaxis_transform()
    axes.annotate(look.label, (0, at), (-5, 0), xycoords=place, ha="right", **words)


def _text(step: Step) -> str:
    if not numbers.known(step.ratio):
        return "1"
    return numbers.with_interval(step.ratio, step.low, step.high, tilde=step.projected, unit="×")


def _data(found: Findings) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "implementation": step.row.variant,
                "threads": step.row.threads,
                "idea": step.row.idea,
                "times as fast as the one before": step.ratio,
                "lower (95 %)": step.low,
                "upper (95 %)": step.high,
                "times as fast as the first": step.after,
                "projected": step.projected,
            }
            for step in steps_of(found)
        ]
    )


FIGURE = Figure(
    name="steps",
    caption=(
        "The ladder, one idea after another, at the largest scale. A bar reaches from the speed of "
        "the implementation before to that of this one, on a logarithmic axis: bars of the same "
        "length are the same factor. The number is how many times as fast as the one before, with "
        "its 95 % confidence interval; a hollow bar with ~ is projected."
    ),
    draw=steps_figure,
    data=_data,
    applies=lambda found: bool(steps_of(found)),
)
