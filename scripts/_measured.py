"""What documents say of what scripts and commands left in `results/record/<machine>/`."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from harness.analysis.naming import counted
from harness.commands.study import read_study
from harness.report.drawing.style import svg
from harness.report.files import write_whole
from harness.report.study import study_figure
from harness.study.rates import StudyRun, rates, trials_frame
from harness.study.summary import curve_of, observations, rate_table, title_of
from harness.study.trials import Settings
from scripts._records import FIGURES_IN, RECORDS, Part, Recorded, processor_of, wrapped
from scripts.compare_bits import rows as bit_rows
from scripts.end_to_end import about as whole_job_about
from scripts.end_to_end import rows as whole_job_rows
from scripts.measure_cluster import rows as cluster_rows
from scripts.measure_network import rows as network_rows
from scripts.measure_processes import rows as process_rows
from scripts.measure_turns import rows as turn_rows
from scripts.race_ranks import rows as rank_rows
from scripts.repeat_runs import rows as equal_rows
from scripts.size_cluster import check_rows, size_rows
from scripts.tiled_profile import about as profile_about
from scripts.tiled_profile import rows as profile_rows
from scripts.try_duet import rows as duet_rows
from scripts.try_pair import rows as pair_rows

# Studies in docs/method.md; all others are in docs/method-details.md.
_SHOWN = ("study.json", "study-180.json", "study-numba-parallel.json")

Table = tuple[list[list[str]], list[str]]
"""Rows, and their headings."""


def profile(_: Sequence[Recorded], __: Path) -> str:
    """Where a sweep of the tiled kernel spends its time, on each machine."""
    found = []
    for folder, facts in _measured("profile.json"):
        found += _headed(
            f"{_processor(facts)} ({folder}). {profile_about(facts)}:", profile_rows(facts)
        )
    return "\n\n".join(found)


def ranks(_: Sequence[Recorded], __: Path) -> str:
    """`numba-tiled` against `numba-parallel`, rank by rank, on each machine."""
    found = []
    for folder, facts in _measured("ranks.json"):
        about = f"{facts['data']} at {facts['scale']}, {facts['threads']} threads"
        rounds = f"{facts['rounds']} rounds"
        found += [wrapped(f"{_processor(facts)} ({folder}); {about}, {rounds}:")]
        lines, headers, _beaten = rank_rows(facts)
        found += [tabulate(lines, headers, tablefmt="pipe", disable_numparse=True)]
    return "\n\n".join(found)


def cluster(_: Sequence[Recorded], __: Path) -> str:
    """Seconds and bytes of a sweep on a cluster, beside the model."""
    found = []
    for folder, facts in _measured("cluster.json"):
        rank = facts["lines"][0]["rank"]
        found += _headed(
            f"{_processor(facts)} ({folder}); {facts['data']}, rank {rank}:",
            cluster_rows(facts["lines"]),
        )
    return "\n\n".join(found)


def network(_: Sequence[Recorded], __: Path) -> str:
    """Seconds of a sweep where links are slow, beside the model."""
    found = []
    for folder, facts in _measured("network.json"):
        workers, rank = (facts["lines"][0][name] for name in ("workers", "rank"))
        about = f"{facts['data']}, rank {rank}, {workers} workers"
        found += _headed(f"{_processor(facts)} ({folder}); {about}:", network_rows(facts["lines"]))
    return "\n\n".join(found)


def whole_job(_: Sequence[Recorded], __: Path) -> str:
    """From the cache to a judged model, phase by phase, on each machine."""
    found = []
    for folder, facts in _measured("end-to-end.json"):
        about = f"{_processor(facts)} ({folder}). {whole_job_about(facts)}:"
        found += _headed(about, whole_job_rows(facts))
    return "\n\n".join(found) or "Not recorded yet."


def turns(_: Sequence[Recorded], __: Path) -> str:
    """What the first sweep of a turn costs more than the next ones, on each machine."""
    return _each("turns.json", "{data}, rank {rank}", turn_rows)


def processes(_: Sequence[Recorded], __: Path) -> str:
    """What equal processes differ by, on each machine."""
    return _each("processes.json", "{data} at {scale}, rank {rank}", process_rows)


def processes_before(_: Sequence[Recorded], __: Path) -> str:
    """The same, with scratch memory in three arrays."""
    return _each("processes-three-arrays.json", "{data} at {scale}, rank {rank}", process_rows)


def duet(_: Sequence[Recorded], __: Path) -> str:
    """Two that sweep at once against two by turns, on each machine."""
    about = "{impl} and its twin on one thread each, {data} at {scale}, rank {rank}"
    return _each("duet.json", about, duet_rows)


def cluster_sizes(_: Sequence[Recorded], __: Path) -> str:
    """What a sweep over many ratings takes on many machines, by a model; the newest record."""
    for folder, facts in _measured("size.json"):
        each = facts["each"]
        about = f"{facts['data']} at {facts['scale']}, partitions cut for real ({folder}):"
        machines = (
            f"Rank {facts['rank']}; machines of {each['cores']} cores, {each['memory_gib']:g} GiB "
            f"and {each['gbit']:g} Gbit/s; {each['core_gflops']:.3g} GFLOP/s a core, as measured "
            f"({each['measured_on']}); items grow as ratings to the power of {facts['growth']:g}:"
        )
        checked, sized = _headed(about, check_rows(facts)), _headed(machines, size_rows(facts))
        return "\n\n".join([*checked, *sized])
    return "Not recorded yet."


def cluster_bits(_: Sequence[Recorded], __: Path) -> str:
    """Whether clusters gave the bits of one machine, on each machine."""
    about = "{train_ratings:,} training ratings of {data}, rank {rank}, {sweeps} sweeps"
    return _each("bits.json", about, bit_rows)


def pair_trials(_: Sequence[Recorded], __: Path) -> str:
    """How often `pair` was right, on each machine."""
    return _pair_trials(lambda file, one: "processes" in one and not _is_superseded(file))


def _is_superseded(file: Path) -> bool:
    """Whether trials are of a method, or of kernels, that are no more."""
    return file.stem.endswith(("three-arrays", "means"))


def block_trials(_: Sequence[Recorded], __: Path) -> str:
    """The same, when it counted blocks."""
    return _pair_trials(lambda _, one: "processes" not in one)


def pair_trials_before(_: Sequence[Recorded], __: Path) -> str:
    """The same when it took means, and kernels had scratch memory in three arrays."""
    return _pair_trials(lambda file, _: _is_superseded(file))


def _pair_trials(wanted: Callable[[Path, dict[str, Any]], bool]) -> str:
    found = []
    for file in sorted(RECORDS.glob("*/pair*.jsonl"), reverse=True):
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        one = lines[0]
        if not wanted(file, one):
            continue
        threads = counted(one["threads"], "thread")
        what = f"{one['impl']}, rank {one['rank']}, {threads}, {one['scale']}"
        if one.get("beside"):
            what += f", beside {one['beside']}"
        found += _headed(
            f"{what}; {processor_of(one['machine'])} ({_named(file)}):", pair_rows(lines)
        )
    return "\n\n".join(found) or "No trials are recorded yet."


def _each(name: str, about: str, rows: Callable[[dict[str, Any]], Table]) -> str:
    """A table for each machine, headed by it and by what `about` says of the facts."""
    found = []
    for folder, facts in _measured(name):
        told = about.format_map(facts)
        found += _headed(f"{_processor(facts)} ({folder}); {told}:", rows(facts))
    return "\n\n".join(found) or "Not recorded yet."


def _measured(name: str) -> list[tuple[str, dict[str, Any]]]:
    """What scripts left in the folders of machines, the newest first."""
    files = sorted(RECORDS.glob(f"*/{name}"), reverse=True)
    return [(file.parent.name, json.loads(file.read_text(encoding="utf-8"))) for file in files]


def _named(file: Path) -> str:
    """A record's folder and name."""
    return f"{file.parent.name}, {file.stem}"


def _headed(about: str, table: Table) -> list[str]:
    """A paragraph, and the table under it."""
    lines, headers = table
    return [wrapped(about), tabulate(lines, headers, tablefmt="pipe", disable_numparse=True)]


def _processor(facts: dict[str, Any]) -> str:
    return processor_of(facts["machine"])


def study(_: Sequence[Recorded], root: Path) -> str:
    """How often a verdict was right: the newest study, and its figure."""
    newest = _newest(_SHOWN[0])
    if newest is None:
        return "No study is recorded yet."
    told, settings, runs = _study(newest)
    trials = [trial for run in runs for trial in run.trials]
    drawn = study_figure(trials_frame(trials), curve_of(rates(runs), trials), title_of(settings))
    write_whole(root / FIGURES_IN / "study.svg", svg(drawn))
    return f"{told}\n\n![Every trial with its interval]({FIGURES_IN / 'study.svg'})"


def study_of(name: str) -> Part:
    """The newest study that is kept under this name."""

    def part(_: Sequence[Recorded], __: Path) -> str:
        newest = _newest(name)
        return _study(newest)[0] if newest else "No such study is recorded yet."

    return part


def studies(_: Sequence[Recorded], __: Path) -> str:
    """All other studies: of other implementations, and of other machines."""
    shown = [_newest(name) for name in _SHOWN]
    files = sorted(RECORDS.glob("*/study*.json"), key=lambda file: file.name)
    files = sorted(files, key=lambda file: file.parent.name, reverse=True)
    return "\n\n".join(_study(file)[0] for file in files if file not in shown)


def _newest(name: str) -> Path | None:
    """The file of this name on the newest machine that has one."""
    return max(RECORDS.glob(f"*/{name}"), default=None)


def _study(file: Path) -> tuple[str, Settings, list[StudyRun]]:
    """What a study says, its settings, and its runs."""
    settings, machine, runs = read_study(file)
    trials = [trial for run in runs for trial in run.trials]
    about = f"{title_of(settings)}; {processor_of(machine)} ({_named(file)}):"
    parts = _headed(about, rate_table(rates(runs), trials))
    parts += [wrapped(line + ".") for line in observations(trials)]
    return "\n\n".join(parts), settings, runs


def equal_runs(_: Sequence[Recorded], __: Path) -> str:
    """How often `compare` was wrong on equal runs, on each machine."""
    found = []
    for folder, facts in _measured("equal-runs.json"):
        about = f"{facts['scale']}, {facts['rounds']} rounds"
        if facts["loaded"] != "none":
            about += f", {facts['loaded']} beside a background load"
        found += _headed(f"{about}; {_processor(facts)} ({folder}):", equal_rows(facts))
    return "\n\n".join(found) or "No repeated runs are recorded yet."


def many_files(_: Sequence[Recorded], __: Path) -> str:
    """What `train` said of files that no process could hold, on each machine."""
    found = []
    for file in sorted(RECORDS.glob("*/train.txt"), reverse=True):
        machine, said = file.read_text(encoding="utf-8").split("\n", 1)
        found += [wrapped(f"{processor_of(json.loads(machine))} ({file.parent.name}):")]
        found += [f"```\n{said.strip()}\n```"]
    return "\n\n".join(found) or "No training on many files is recorded yet."


MEASURED: dict[str, Part] = {
    "cluster": cluster,
    "cluster-bits": cluster_bits,
    "cluster-sizes": cluster_sizes,
    "duet": duet,
    "network": network,
    "equal-runs": equal_runs,
    "many-files": many_files,
    "pair-trials": pair_trials,
    "pair-trials-of-blocks": block_trials,
    "pair-trials-of-means": pair_trials_before,
    "processes": processes,
    "processes-three-arrays": processes_before,
    "profile": profile,
    "ranks": ranks,
    "studies": studies,
    "study": study,
    "study-rounds": study_of(_SHOWN[1]),
    "study-parallel": study_of(_SHOWN[2]),
    "turns": turns,
    "whole-job": whole_job,
}
