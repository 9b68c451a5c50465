"""What documents say of committed runs: one function for each part, from records to Markdown."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from harness.report import numbers
from harness.report.cells import rows_of, rungs
from harness.report.columns import (
    RESULT,
    columns_of,
    more_columns,
    naming,
    rounds_column,
    seconds_column,
    seconds_text,
    sooner_columns,
    speed_text,
)
from harness.report.figures import FIGURES
from harness.report.files import write_whole
from harness.report.findings import About
from harness.report.headline import headline
from harness.report.tables import explanations, heading, markdown_table
from harness.report.terminal import scale_table
from harness.reproduce.protocol import Protocol, bundled
from scripts._measured import MEASURED
from scripts._method_figures import FIGURES as METHOD_FIGURES
from scripts._records import FIGURES_IN, RECORDS, Part, Recorded, clearest, wrapped
from scripts.race_paths import table as path_table


def newest(records: Sequence[Recorded], name: str) -> Recorded:
    """The newest committed run of a name."""
    return next(record for record in records if record.name == name)


def largest(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of the largest scale."""
    return cells[cells["rung"] == rungs(cells)[-1]]


def _origin(record: Recorded) -> str:
    """Whose figures they are: data, machine, day, and how long it took."""
    run = record.run
    day = datetime.fromisoformat(run.started.started).date().isoformat()
    took = f", in {numbers.duration(run.ended.seconds)}" if run.ended else ""
    return f"{record.findings.about.title}; {record.processor}; {day}{took}"


def ladder_figure(records: Sequence[Recorded], root: Path) -> str:
    """The speedup curve of the clearest ladder."""
    return _figure("speedup", clearest(records), root, "Speed relative to naive against ratings")


def steps_figure(records: Sequence[Recorded], root: Path) -> str:
    """What each idea buys, in the clearest ladder."""
    return _figure("steps", clearest(records), root, "What each idea buys")


def peers_figure(records: Sequence[Recorded], root: Path) -> str:
    """Seconds to quality beside libraries, all ratings."""
    record = newest(records, "peers-full")
    return _figure("time-to-quality", record, root, "Test RMSE against seconds, set-up included")


def _figure(name: str, record: Recorded, root: Path, text: str) -> str:
    """Draw a figure, named by what was run, into the documents' folder."""
    figure = next(one for one in FIGURES if one.name == name)
    path = root / FIGURES_IN / f"{record.name}-{name}.svg"
    write_whole(path, figure.drawn(record.findings).svg)
    return f"![{text}]({FIGURES_IN / path.name})"


def answer(records: Sequence[Recorded], _: Path) -> str:
    """What the clearest ladder found, and where that was."""
    record = clearest(records)
    sentences = headline(record.findings.cells, record.findings.about)
    lines = [wrapped(sentence, "- ") for sentence in sentences]
    return "\n".join([wrapped(f"Measured: {_origin(record)}."), "", *lines])


def terminal(records: Sequence[Recorded], _: Path) -> str:
    """The table of the smallest scale, as a terminal shows it."""
    findings = clearest(records).findings
    cells = findings.cells
    smallest = cells[cells["rung"] == rungs(cells)[0]]
    return f"```\n{scale_table(smallest, findings.about.title, 120)}\n```"


def ladder_table(records: Sequence[Recorded], _: Path) -> str:
    """The largest scale of the clearest ladder."""
    return _table(largest(clearest(records).findings.cells))


def peers_tables(records: Sequence[Recorded], _: Path) -> str:
    """Libraries beside the ladder, at each committed scale."""
    parts = []
    for record in sorted(records, key=lambda one: one.name, reverse=True):
        if record.name.startswith("peers-"):
            cells = largest(record.findings.cells)
            parts += [wrapped(f"{heading(cells)} ({_origin(record)}):"), _table(cells)]
            parts += ["\n".join(wrapped(line, "- ") for line in explanations(cells))]
    return "\n\n".join(parts)


def dask_table(records: Sequence[Recorded], _: Path) -> str:
    """A cluster of two processes beside the ladder, all ratings."""
    return _tables(record for record in records if record.name == "dask-full")


def dask_spark(records: Sequence[Recorded], _: Path) -> str:
    """A cluster of two processes beside Spark on the same machine, the smaller scale first."""
    found = [record for record in records if record.name.startswith("dask-spark-")]
    by_size = sorted(found, key=lambda one: largest(one.findings.cells)["train_ratings"].max())
    return _tables(by_size)


def _tables(records: Iterable[Recorded]) -> str:
    """The largest scale of each."""
    parts = []
    for record in records:
        cells = largest(record.findings.cells)
        parts += [wrapped(f"{heading(cells)} ({_origin(record)}):"), _table(cells)]
    return "\n\n".join(parts)


_OF_THREADS = ("thread_speedup", "efficiency", "gflops")


def threads_tables(records: Sequence[Recorded], root: Path) -> str:
    """What more threads buy, on each machine where that was measured, and the newest's figure."""
    parts = []
    for record in (record for record in records if record.name == "threads"):
        cells = largest(record.findings.cells)
        scaling = [column for column in more_columns(cells) if column.key in _OF_THREADS]
        columns = [*naming(cells), seconds_column(), *scaling, RESULT, rounds_column()]
        parts += [wrapped(f"{heading(cells)} ({_origin(record)}):"), markdown_table(columns, cells)]
        if record == newest(records, record.name):
            parts += [_figure("threads", record, root, "Times as fast as with one thread")]
    return "\n\n".join(parts)


def _table(cells: pd.DataFrame) -> str:
    return markdown_table(columns_of(cells), cells)


def machines(records: Sequence[Recorded], _: Path) -> str:
    """All machines side by side at the largest scale: seconds a sweep, and speed."""
    ladders = [record for record in records if record.name == "ladder"]
    frames = [largest(record.findings.cells) for record in ladders]
    names = list(dict.fromkeys(str(v) for frame in frames for v in frame["variant"]))
    heads = ["implementation", *(f"{record.machine}, s/sweep (×)" for record in ladders)]
    rows = [[name, *(_at(frame, name) for frame in frames)] for name in names]
    sides = ["left", *["right"] * len(ladders)]
    return tabulate(rows, heads, tablefmt="pipe", disable_numparse=True, colalign=sides)


def _at(cells: pd.DataFrame, variant: str) -> str:
    rows = rows_of(cells[cells["variant"] == variant])
    return f"{seconds_text(rows[-1])} ({speed_text(rows[-1])})" if rows else numbers.MISSING


def each_machine(records: Sequence[Recorded], _: Path) -> str:
    """Each machine's ladder at the largest scale, with its facts."""
    parts = []
    for record in records:
        if record.name == "ladder":
            cells = largest(record.findings.cells)
            parts += [f"### {record.machine}", wrapped(f"{_origin(record)}. {heading(cells)}.")]
            parts += [_table(cells)]
            parts += ["\n".join(wrapped(f"Warning: {text}", "- ") for text in record.warnings)]
    return "\n\n".join(filter(None, parts))


_RATES = {
    "fma_float32_gflops": "FMA, float32",
    "fma_float64_gflops": "FMA, float64",
    "gemm_float32_gflops": "sgemm",
    "gemm_float64_gflops": "dgemm",
    "bandwidth_gbs": "memory",
}


def machine_rates(records: Sequence[Recorded], _: Path) -> str:
    """What each machine of a ladder can do at best."""
    rows = []
    for record in records:
        measured = record.run.machine if record.name == "ladder" else []
        for threads in sorted({one.threads for one in measured if one.best}):
            best = [one.best for one in measured if one.threads == threads]
            rates = [max(found.get(name, 0.0) for found in best) for name in _RATES]
            rows.append([record.machine, threads, *(f"{rate:.3g}" for rate in rates)])
    return tabulate(rows, ["machine", "threads", *_RATES.values()], tablefmt="pipe")


def paths(_: Sequence[Recorded], __: Path) -> str:
    """Sweeps to the same quality by each path, on each data set."""
    found = []
    for file in sorted((RECORDS / "paths").glob("*.jsonl"), key=lambda file: file.stat().st_size):
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        one = lines[0]
        about = About.of({**one, "name": one["data"]}, one["params"], len(one["objective"]))
        at = f"at {one['scale']}, " if one["scale"] != "full" else ""
        count = numbers.count(one["train_ratings"])
        found += [wrapped(f"{about.title}; {at}{count} training ratings:"), path_table(lines)]
    return "\n\n".join(found)


def sooner(records: Sequence[Recorded], root: Path) -> str:
    """Seconds and sweeps to the same quality, beside libraries, and the newest's figures."""
    found = []
    for record in sorted(records, key=lambda one: one.name, reverse=True):
        if record.name.startswith("sooner-"):
            cells = largest(record.findings.cells)
            columns = [*naming(cells), seconds_column(), *sooner_columns(cells), RESULT]
            found += [wrapped(f"{heading(cells)} ({_origin(record)}):")]
            found += [markdown_table(columns, cells)]
            if record == newest(records, record.name):
                found += [_figure("time-to-objective", record, root, "Objective against seconds")]
    return "\n\n".join(found)


def published(_: Sequence[Recorded], __: Path) -> str:
    """Figures of others that `reproduce` holds this project against, with their sources."""
    rows = [
        [protocol.name, figure.name, f"{figure.published:g}", _source(protocol)]
        for protocol in bundled()
        for figure in protocol.figures
        if figure.quantity not in ("training ratings", "test ratings")
    ]
    headers = ["protocol", "figure", "published", "source"]
    return tabulate(rows, headers, tablefmt="pipe", disable_numparse=True)


def _source(protocol: Protocol) -> str:
    source = protocol.source
    return f"[{source.authors}, {source.year}]({source.link})"


PARTS: dict[str, Part] = {
    **MEASURED,
    **METHOD_FIGURES,
    "answer": answer,
    "dask-table": dask_table,
    "dask-spark": dask_spark,
    "threads-tables": threads_tables,
    "each-machine": each_machine,
    "ladder-figure": ladder_figure,
    "ladder-table": ladder_table,
    "machine-rates": machine_rates,
    "machines": machines,
    "paths": paths,
    "peers-figure": peers_figure,
    "peers-tables": peers_tables,
    "published": published,
    "sooner": sooner,
    "steps-figure": steps_figure,
    "terminal": terminal,
}
