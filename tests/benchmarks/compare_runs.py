"""The newest run that pytest-benchmark saved beside the one before it (`make bench`)."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

_COMPARE = ("compare", "--between=min,median", "--name=short", "--time-unit=ms")


def last_two(storage: Path) -> list[Path]:
    """Newest run, and the one before it of the same interpreter, older first; fewer if need be."""
    runs = list(storage.glob("*/[0-9][0-9][0-9][0-9]_*.json"))
    if not runs:
        return []
    newest = max(runs, key=lambda run: run.stat().st_mtime_ns)
    # Python versions have folders of their own, in which the names of runs are numbered.
    return sorted(run for run in runs if run.parent == newest.parent and run <= newest)[-2:]


def write_common(runs: list[Path], folder: Path) -> list[Path]:
    """Copy runs, reduced to the benchmarks that are in all of them."""
    contents = [json.loads(run.read_text("utf-8")) for run in runs]
    named = [{bench["fullname"]: bench for bench in run["benchmarks"]} for run in contents]
    common = set.intersection(*(set(benches) for benches in named))
    copies = [folder / run.name for run in runs]
    for copy, content, benches in zip(copies, contents, named, strict=True):
        kept = [bench for name, bench in benches.items() if name in common]
        copy.write_text(json.dumps(content | {"benchmarks": kept}), "utf-8")
    return copies


def main(storage: Path) -> int:
    runs = last_two(storage)
    if len(runs) < 2:
        _say(f"This is the first run in {storage}: the next `make bench` is compared with it.")
        return 0
    _say(
        f"Run {' → '.join(run.name[:4] for run in runs)}. A machine's speed drifts, which Δ shows, "
        "too: what a change did, `python -m harness compare` tells."
    )
    with TemporaryDirectory() as folder:
        copies = [str(copy) for copy in write_common(runs, Path(folder))]
        command = [sys.executable, "-m", "pytest_benchmark", *_COMPARE, *copies]
        return subprocess.run(command).returncode


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - before what the other process says


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
