"""The page of a run: one HTML file that needs nothing else."""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from harness.report import numbers, words
from harness.report.cells import baseline, remarks, rows_of, rungs
from harness.report.columns import Column, alignment, columns_of, more_columns, printed
from harness.report.figures import figures
from harness.report.files import write_whole
from harness.report.headline import headline
from harness.report.style import svg
from harness.report.tables import explanations, heading


def write_page(
    cells: pd.DataFrame,
    qualities: pd.DataFrame,
    title: str,
    notes: Sequence[str],
    environment: Mapping[str, Any],
    folder: Path,
) -> Path:
    """Write ``index.html``: what was found, figures, tables, method and environment.

    Parameters
    ----------
    cells, qualities : DataFrame
        The frames of the analysis; may be empty.
    title : str
        Names the data set and what was asked of all.
    notes : sequence of str
        Lines that a reader must see, such as warnings.
    environment : mapping
        Machine, versions and parameters; may be nested.
    folder : Path
        Of the run.
    """
    text = files("harness.report").joinpath("page.html").read_text(encoding="utf-8")
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
    page = template.render(
        title=title,
        sentences=headline(cells, title),
        notes=notes,
        figures=_figures(cells, qualities, title),
        tables=[_table(cells[cells["rung"] == rung]) for rung in rungs(cells)],
        explanations=[] if cells.empty else explanations(cells),
        implementations=_implementations(cells),
        environment=flattened(environment),
        glossary=words.GLOSSARY,
        states=words.STATES,
    )
    return write_whole(folder / "index.html", page)


def _figures(cells: pd.DataFrame, qualities: pd.DataFrame, title: str) -> list[dict[str, Any]]:
    against = ("" if cells.empty else baseline(cells)) or "the baseline"
    captions = words.captions(against)
    return [
        {"name": name, "svg": Markup(_inline(svg(figure), name)), "caption": captions[name]}  # noqa: S704 - matplotlib escapes text
        for name, figure in figures(cells, qualities, title).items()
    ]


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
