"""Committed runs: what was measured, on which machine, and where."""

import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.analysis.remarks import remarks
from harness.analysis.verdicts import cell_verdicts
from harness.report.findings import Findings
from harness.results.log import LOG_NAME, read_run
from harness.results.records import Run
from harness.screen.showing import findings_of

FIGURES_IN = Path("docs") / "figures"
# How scripts call the command, each time in a process of its own.
HARNESS = (sys.executable, "-m", "harness")
RECORDS = Path(__file__).parents[1] / "results" / "record"
_NOISE = re.compile(r"\(.*?\)|\bprocessor\b|\bcpu\b|@.*|\d+-core\b")


@dataclass(frozen=True)
class Recorded:
    """A committed run of one machine.

    Attributes
    ----------
    machine : str
        Folder of all runs of this machine and day.
    name : str
        What was run: "ladder", "peers-full", …
    folder : Path
    """

    machine: str
    name: str
    folder: Path

    @cached_property
    def run(self) -> Run:
        """Its facts."""
        return read_run(self.folder)

    @cached_property
    def findings(self) -> Findings:
        """What it shows."""
        return findings_of(self.run)

    @cached_property
    def warnings(self) -> list[str]:
        """Remarks after which some of its numbers may be wrong."""
        found = remarks(self.run, cell_verdicts(self.run))
        return [remark.text for remark in found if remark.severity == "warning"]

    @property
    def environment(self) -> Mapping[str, Any]:
        """The machine, and what was installed."""
        return self.run.started.environment

    @property
    def processor(self) -> str:
        """The processor, its vectors, and the cores that could be used."""
        return processor_of(self.environment)


def processor_of(facts: Mapping[str, Any]) -> str:
    """A processor, its vectors, and the cores that could be used."""
    cores = facts["usable_cores"]
    name = " ".join(facts["cpu"].replace("(R)", "").split())
    return f"{cores} core{'s' * (cores > 1)} of {name}, {facts['vector']}"


def machine_name(environment: Mapping[str, Any]) -> str:
    """Name a machine's kind in a folder's name: ``amd-epyc-avx2``."""
    words = _NOISE.sub(" ", environment["cpu"].lower().replace("(r)", "").replace("(tm)", ""))
    parts = f"{words} {environment['vector'].lower()}"
    return "-".join(re.findall(r"[a-z0-9]+", parts))


def all_records(root: Path = RECORDS) -> list[Recorded]:
    """Committed runs, the newest machine first, in the order of their names."""
    logs = sorted(root.glob(f"*/*/{LOG_NAME}"))
    found = [Recorded(log.parts[-3], log.parts[-2], log.parent) for log in logs]
    return sorted(found, key=lambda one: one.machine, reverse=True)


def keep_facts(facts: Mapping[str, Any], path: Path | None) -> None:
    """Write what a script measured, where a file is asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts) + "\n", encoding="utf-8")


Part = Callable[[Sequence[Recorded], Path], str]
"""What a document says, from records and the root below which figures are drawn."""


def wrapped(text: str, mark: str = "") -> str:
    """A paragraph, or an entry of a list, in lines as long as those around it."""
    indents = {"initial_indent": mark, "subsequent_indent": " " * len(mark)}
    return textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False, **indents)


def clearest(records: Sequence[Recorded]) -> Recorded:
    """The committed ladder with the fewest warnings; of several the newest."""
    ladders = [record for record in records if record.name == "ladder"]
    return min(ladders, key=lambda record: len(record.warnings))
