"""Figures for a page: each wide and narrow, light and dark, with series that can be hidden."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from markupsafe import Markup

from harness.report import figures
from harness.report.drawing import style as st
from harness.report.drawing.figure import Drawn
from harness.report.findings import Findings
from harness.report.page.colours import Palette

_PLACES = re.compile(r'\b(?:d|x|y|transform|points)="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is enough for any screen


@dataclass(frozen=True)
class Drawing:
    """One drawing of a figure: for wide screens or narrow ones, and of which baseline."""

    svg: Markup
    size: str  # "wide" or "narrow"
    baseline: str  # empty: it does not depend on the baseline


@dataclass(frozen=True)
class Shown:
    """A figure of the page."""

    name: str
    caption: str
    drawings: list[Drawing]
    headings: list[str]
    rows: list[list[str]]


def drawings_of(findings: Findings, wide: Sequence[Drawn], palette: Palette) -> list[Shown]:
    """Draw what a page needs beside the wide figures: narrow ones, and those of other baselines.

    Parameters
    ----------
    findings : Findings
    wide : sequence of Drawn
    palette : Palette
        Takes up the colours.
    """
    narrow = {one.name: one for one in figures.draw_figures(findings, st.NARROW)}
    others = _others(findings)
    return [
        shown_of(
            one,
            narrow.get(one.name),
            others.get(one.name, {}),
            palette,
            findings.baseline if one.name in others else "",
        )
        for one in wide
    ]


Pair = tuple[Drawn, Drawn]


def _others(findings: Findings) -> dict[str, dict[str, Pair]]:
    """Figures that depend on the baseline, by their names and by each other baseline."""
    rest = {
        name: replace(findings, cells=frame)
        for name, frame in findings.against.items()
        if name != findings.baseline
    }
    return {
        figure.name: {
            name: (figure.drawn(of), figure.drawn(of, st.NARROW)) for name, of in rest.items()
        }
        for figure in figures.FIGURES
        if figure.by_baseline
    }


def shown_of(
    wide: Drawn,
    narrow: Drawn | None,
    others: Mapping[str, Pair],
    palette: Palette,
    baseline: str = "",
) -> Shown:
    """Gather the drawings of one figure, ready to stand in a page."""
    pairs = {baseline: (wide, narrow or wide), **others}
    drawings = [
        Drawing(palette.themed(_inline(one, f"{wide.name}-{size[0]}{number}")), size, name)
        for number, (name, pair) in enumerate(pairs.items())
        for one, size in zip(pair, ("wide", "narrow"), strict=True)
    ]
    return Shown(wide.name, wide.caption, drawings, *_table(wide.data))


def _table(data: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    return [str(name) for name in data], [[_said(v) for v in row] for row in data.to_numpy(object)]


def _said(value: object) -> str:
    """A number in as many digits as were measured, roughly; nothing where there is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _inline(figure: Drawn, name: str) -> str:
    """Fit a figure for a page with others: no prologue, no id twice, no style of its own."""
    drawing = _smaller(figure.svg[figure.svg.index("<svg") :])
    drawing = re.sub(r'\bid="', f'id="{name}-', drawing)
    drawing = drawing.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    said = Markup.escape(_first_sentence(figure.caption))
    label = f'<svg role="img" aria-label="{said}" \\1'
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ', label, drawing, count=1)


def _smaller(drawing: str) -> str:
    """Leave out what a page says once for all its figures, and what nothing refers to."""
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'<style type="text/css">.*?</style>', "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'\bid="series-(\d+)"', r'data-series="\1"', drawing)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', drawing))
    drawing = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", drawing)
    drawing = _PLACES.sub(lambda match: _DIGITS.sub(r"\1", match[0]), drawing)
    drawing = drawing.replace("xlink:href", "href").replace(f"font-family: {st.FAMILY}; ", "")
    return re.sub(r">\s+<", "><", drawing)


def _first_sentence(caption: str) -> str:
    return caption.partition(". ")[0]
