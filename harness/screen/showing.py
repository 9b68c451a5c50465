"""Tables, figures and page of a run: on a screen and in its folder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.analysis.frame import cells, qualities
from harness.analysis.projection import trials
from harness.analysis.remarks import remarks
from harness.analysis.verdicts import cell_verdicts
from harness.report.findings import About, Findings
from harness.results.log import LOG_NAME, read_run
from harness.results.records import Run
from harness.screen.console import Screen
from harness.screen.repeating import command_of

if TYPE_CHECKING:
    from harness.report.page import Beside

LATENT_NAME = "latent.json"


def about(run: Run) -> About:
    """Name the data and what was asked of all implementations."""
    plan = run.started.plan
    return About.of(run.started.dataset, plan["params"], plan["sweeps"])


def print_rung(run: Run, rung: str, screen: Screen, baseline: str | None = None) -> None:
    """Print the table of one rung."""
    _print(cells(run, baseline), rung, run, screen)


def draw_run(run: Run, folder: Path, screen: Screen, baseline: str | None = None) -> None:
    """Write tables, figures and page of a run into its folder, and say where they are.

    First come the tables of scales that were broken off, and what all tables' words mean.
    """
    screen.notice("drawing")
    findings = findings_of(run, baseline)
    if findings.cells.empty:
        screen.line(f"nothing was measured; the log is {folder / LOG_NAME}")
        return
    for rung in run.rungs:
        if run.rungs[rung].ended is None:
            _print(findings.cells, rung, run, screen)
    _write(run, findings, folder, screen, baseline)


def findings_of(run: Run, baseline: str | None = None) -> Findings:
    """Frames of a run, by the baseline planned or another, and by each other one as well."""
    frame = cells(run, baseline)
    findings = Findings(frame, qualities(run, baseline), about(run))
    if frame.empty:
        return findings
    own = findings.baseline
    names = [own, *frame.loc[frame["sweep_s"].notna(), "variant"].unique()]
    against = {str(name): frame if name == own else cells(run, str(name)) for name in names}
    return replace(findings, against=against)


def _write(
    run: Run, findings: Findings, folder: Path, screen: Screen, baseline: str | None
) -> None:
    from harness.report.chart import speed_chart
    from harness.report.figures import draw_figures, write_figures
    from harness.report.page import write_page
    from harness.report.tables import write_tables
    from harness.report.terminal import legend, sooner_table, wrapped

    found = remarks(run, cell_verdicts(run, baseline))
    texts = [remark.text for remark in found]
    for line in [*legend(findings.cells, screen.width), "", *wrapped(texts, screen.width)]:
        screen.line(line)
    for line in sooner_table(findings.cells, screen.width):
        screen.line(line)
    for line in ["", *speed_chart(findings.cells, screen.width), ""]:
        screen.line(line)
    write_tables(findings.cells, findings.about, folder)
    figures = draw_figures(findings)
    write_figures(figures, folder / "figures")
    page = write_page(findings, figures, found, _beside(run, folder), folder)
    screen.line(f"tables   {folder / 'table.md'}, {folder / 'table.csv'}")
    drawn = (folder / "figures").glob("*.svg")  # those of `latent`, too, where there are some
    names = ", ".join(sorted(path.stem for path in drawn))
    for line in wrapped([f"figures  {folder / 'figures'}: {names} (SVG and PNG)"], screen.width):
        screen.line(line)
    screen.line(f"page     {page}")


def draw_page(folder: Path) -> Path:
    """Write the page of a run again, and nothing else."""
    from harness.report.figures import draw_figures
    from harness.report.page import write_page

    run = read_run(folder)
    findings = findings_of(run)
    found = remarks(run, cell_verdicts(run))
    return write_page(findings, draw_figures(findings), found, _beside(run, folder), folder)


def _beside(run: Run, folder: Path) -> "Beside":
    from harness.report.page import Beside

    tried = [{**vars(trial), "error": trial.error} for trial in trials(run)]
    return Beside(_facts(run), command_of(run), pd.DataFrame(tried), _latent(folder))


def _latent(folder: Path) -> dict[str, Any] | None:
    """What `latent` found of this run's data; None where it was not asked."""
    path = folder / LATENT_NAME
    if not path.is_file():
        return None
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return facts


def _facts(run: Run) -> dict[str, Any]:
    """Everything that a reader needs to judge or repeat a run."""
    dataset = {f"data {key}": value for key, value in run.started.dataset.items()}
    environment = run.started.environment | _machines(run)
    return dataset | run.started.plan | environment | {"started": run.started.started}


def _machines(run: Run) -> dict[str, Any]:
    """Machines of a cluster that groups ran on, each with those groups."""
    machines: dict[str, dict[str, Any]] = {}
    for placed in run.placed:
        facts = machines.setdefault(placed.host, {"groups": [], **placed.environment})
        facts["groups"].append(f"{placed.rung} {placed.group + 1}")
    return {f"machine {host}": facts for host, facts in machines.items()}


def _print(frame: pd.DataFrame, rung: str, run: Run, screen: Screen) -> None:
    from harness.report.terminal import scale_table

    screen.line(scale_table(frame[frame["rung"] == rung], about(run).title, screen.width))
    screen.line()
