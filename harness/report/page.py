"""The page of a run: one HTML file that needs nothing else."""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from harness.analysis.remarks import Remark
from harness.report import numbers, words
from harness.report.cells import remarks, rows_of, rungs
from harness.report.columns import Column, alignment, columns_of, more_columns, printed
from harness.report.drawing.figure import Drawn
from harness.report.files import write_whole
from harness.report.findings import Findings
from harness.report.headline import headline
from harness.report.tables import explanations, heading


def write_page(
    findings: Findings,
    figures: Sequence[Drawn],
    notes: Sequence[Remark],
    environment: Mapping[str, Any],
    folder: Path,
) -> Path:
    """Write ``index.html``: what was found, figures, tables, method and environment.

    Parameters
    ----------
    findings : Findings
    figures : sequence of Drawn
        In their order.
    notes : sequence of Remark
        What a reader must see.
    environment : mapping
        Machine, versions and parameters; may be nested.
    folder : Path
        Of the run.
    """
    text = files("harness.report").joinpath("page.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
    cells = findings.cells
    page = template.render(
        title=findings.about.title,
        sentences=headline(cells, findings.about),
        notes=notes,
        figures=[_figure(figure) for figure in figures],
        tables=[_table(cells[cells["rung"] == rung]) for rung in rungs(cells)],
        explanations=[] if cells.empty else explanations(cells),
        implementations=_implementations(cells),
        environment=flattened(environment),
        glossary=words.GLOSSARY,
        states=words.STATES,
    )
    return write_whole(folder / "index.html", page)


def _figure(figure: Drawn) -> dict[str, Any]:
    svg = Markup(_inline(figure.svg, figure.name))  # noqa: S704 - matplotlib escapes text
    return {"name": figure.name, "svg": svg, "caption": figure.caption}


def _inline(drawing: str, name: str) -> str:
    """Fit a figure for a page with others: no prologue, no id twice, no style of its own."""
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'\bid="', f'id="{name}-', drawing)
    drawing = re.sub(r'href="#', f'href="#{name}-', drawing)
    drawing = drawing.replace("url(#", f"url(#{name}-")
    drawing = drawing.replace("*{", f"#figure-{name} svg *{{")
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"|<svg ', r"<svg \1", drawing, count=1)


def _table(cells: pd.DataFrame) -> dict[str, Any]:
    return {
        "heading": heading(cells),
        "main": _grid(columns_of(cells), cells),
        "more": _grid(more_columns(cells), cells),
        "remarks": remarks(cells),
    }


def _grid(columns: Sequence[Column], cells: pd.DataFrame) -> list[list[tuple[str, str]]]:
    """Headings and rows; each text with the side that it is aligned to."""
    sides = [alignment(column) for column in columns]
    rows = [[column.title for column in columns], *printed(columns, cells)]
    return [list(zip(row, sides, strict=True)) for row in rows]


def _implementations(cells: pd.DataFrame) -> list[Any]:
    return [] if cells.empty else rows_of(cells.drop_duplicates("variant"))


def flattened(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as lines: the path to each, and its value in words.

    Parameters
    ----------
    facts : mapping
    prefix : str
        Path to them.

    Returns
    -------
    list of (str, str)
        Nothing there, and numbers that are none, become a dash.
    """
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        path = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            lines += flattened(value, f"{path} · ")
        elif isinstance(value, (list, tuple)) and any(isinstance(v, Mapping) for v in value):
            lines += flattened({str(n): v for n, v in enumerate(value, 1)}, f"{path} · ")
        elif isinstance(value, (list, tuple)):
            lines.append((path, ", ".join(map(_said, value)) or numbers.MISSING))
        else:
            lines.append((path, _said(value)))
    return lines


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and value != value):
        return numbers.MISSING
    return str(value) or numbers.MISSING
