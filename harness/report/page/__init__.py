"""The page of a run: one HTML file that needs nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, Template
from markupsafe import Markup

from harness.analysis.remarks import Remark
from harness.report import words
from harness.report.cells import labels, remarks, rows_of, rungs
from harness.report.columns import (
    SPEED,
    Column,
    columns_of,
    ladder_columns,
    more_columns,
    speed_text,
)
from harness.report.drawing.figure import Drawn
from harness.report.drawing.style import Look, looks
from harness.report.files import write_whole
from harness.report.findings import Findings
from harness.report.headline import headline
from harness.report.page.colours import Palette
from harness.report.page.drawings import drawings_of
from harness.report.page.facts import flattened
from harness.report.page.grid import Grid, grid_of, order_of
from harness.report.page.latent import latent_section
from harness.report.page.summing import summary_of
from harness.report.tables import explanations, heading


@dataclass(frozen=True)
class Beside:
    """What a page says besides what was found.

    Attributes
    ----------
    environment : mapping
        Machine, versions and parameters; may be nested.
    command : str
        Which makes such a run again.
    trials : DataFrame
        Cells that were measured beside what smaller scales predicted: scale, implementation,
        threads, measured s, projected s, error.
    latent : mapping or None
        Facts on the latent space, as `harness.analysis.latent` finds them.
    """

    environment: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    trials: pd.DataFrame = field(default_factory=pd.DataFrame)
    latent: Mapping[str, Any] | None = None


def write_page(
    findings: Findings,
    figures: Sequence[Drawn],
    notes: Sequence[Remark],
    beside: Beside,
    folder: Path,
) -> Path:
    """Write ``index.html``: the answer, the ladder, figures, tables, method and environment.

    Parameters
    ----------
    findings : Findings
    figures : sequence of Drawn
        In their order.
    notes : sequence of Remark
        What a reader must see.
    beside : Beside
    folder : Path
        Of the run.
    """
    palette = Palette()
    shown = drawings_of(findings, figures, palette)
    latent = latent_section(beside.latent, palette) if beside.latent else None
    page = _template().render(
        **_texts(findings, notes, beside),
        **_tables(findings),
        figures=shown,
        first=next((one for one in shown if one.name == "speedup"), None),
        latent=latent,
        script=Markup(_read("page.js")),  # noqa: S704 - a file of this package
        style=Markup(_read("page.css")),  # noqa: S704 - a file of this package
        day=Markup(palette.day),  # noqa: S704 - names and values of colours
        night=Markup(palette.night),  # noqa: S704 - names and values of colours
    )
    return write_whole(folder / "index.html", page)


def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_read("page.html"))


def _read(name: str) -> str:
    return files("harness.report.page").joinpath(name).read_text(encoding="utf-8")


def _texts(findings: Findings, notes: Sequence[Remark], beside: Beside) -> dict[str, Any]:
    cells = findings.cells
    ordered = sorted(notes, key=lambda note: note.severity != "warning")
    return {
        "title": findings.about.title,
        "sentences": headline(cells, findings.about),
        "notes": ordered,
        "summary": summary_of(ordered),
        "explanations": [] if cells.empty else explanations(cells),
        "implementations": [] if cells.empty else rows_of(cells.drop_duplicates("variant")),
        "environment": flattened(beside.environment),
        "command": beside.command,
        "trials": rows_of(beside.trials),
        "glossary": words.GLOSSARY,
        "states": words.STATES,
    }


def _tables(findings: Findings) -> dict[str, Any]:
    """The ladder at the largest scale, all cells, and what scripts need to show them otherwise."""
    cells = findings.cells
    if cells.empty:
        return {"baseline": findings.baseline, "data": _json({})}
    named = looks(cells)
    places = {key: place for place, key in enumerate(named)}
    largest = cells[cells["rung"] == rungs(cells)[-1]]
    return {
        "ladder": grid_of(ladder_columns(largest), largest, places),
        "everything": _everything(cells, places),
        "data": _json({"baseline": findings.baseline, "speeds": _speeds(findings)}),
        "baselines": [*findings.against],
        "baseline": findings.baseline,
        "scales": [_scale(cells[cells["rung"] == rung]) for rung in rungs(cells)],
        "series": _series(cells, named),
        "dtypes": [str(dtype) for dtype in cells["dtype"].unique()],
        "threads": [int(n) for n in sorted(cells["threads"].unique())],
    }


def _everything(cells: pd.DataFrame, places: dict[tuple[str, int], int]) -> Grid:
    scale = Column("scale", lambda row: str(row.rung), numeric=False, key="train_ratings")
    columns = [scale, *columns_of(cells)]
    there = {column.title for column in columns}
    columns += [column for column in more_columns(cells) if column.title not in there]
    return grid_of(columns, cells, places)


def _scale(cells: pd.DataFrame) -> dict[str, Any]:
    return {
        "name": str(cells["rung"].iloc[0]),
        "heading": heading(cells),
        "remarks": remarks(cells),
    }


def _series(cells: pd.DataFrame, named: dict[tuple[str, int], Look]) -> list[dict[str, Any]]:
    """Implementations and thread counts, in the order of their looks."""
    unique = cells.drop_duplicates(["variant", "threads"])
    return [
        {"look": look, "label": label, "row": row}
        for look, label, row in zip(named.values(), labels(unique), rows_of(unique), strict=True)
    ]


def _speeds(findings: Findings) -> dict[str, Any]:
    """Of each baseline: the sentences, and each cell's speed as text and number."""
    return {
        baseline: {
            "sentences": headline(frame, findings.about),
            "cells": {
                f"{row.rung}|{row.variant}|{row.threads}": [speed_text(row), order_of(row, SPEED)]
                for row in rows_of(frame)
            },
        }
        for baseline, frame in findings.against.items()
    }


def _json(value: Any) -> Markup:
    """JSON that may stand in a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no tag can begin in it
