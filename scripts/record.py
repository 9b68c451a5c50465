"""Measure this machine, for results/record: the ladder at all scales, other paths, and its threads.

    python -m scripts.record                # all of it: some ten minutes on two cores
    python -m scripts.record --scale 100k   # a try

Only the logs are kept: everything else is made of them by `python -m scripts.docs`.
"""

import argparse
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from harness.measure.machine import describe_machine
from harness.results.log import LOG_NAME
from implementations.registry import usable_cores
from scripts._records import HARNESS, RECORDS, machine_name

_THREADED = "numba-parallel,numba-tiled,numba-tiled-f32"


def commands(scale: str, impl: str) -> dict[str, list[str]]:
    """What is run, by the name of its record."""
    counts = sorted({1, max(1, usable_cores() // 2), usable_cores()})
    threads = ["--threads", ",".join(map(str, counts)), "--only"]
    threaded = _THREADED if impl == "all" else impl
    found = {"ladder": ["--impl", impl, "--scale", scale]}
    if impl == "all":
        sooner = ["--impl", "numba-tiled,sooner", "--scale", scale, "--only", "--sweeps", "20"]
        found[f"sooner-{scale}"] = sooner
    if len(counts) > 1:
        found["threads"] = ["--impl", threaded, "--scale", scale, *threads]
    return found


def main() -> int:
    """Measure, and keep the logs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", default="full")
    parser.add_argument("--impl", default="all")
    parser.add_argument("--rounds", default="30")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    day = datetime.now(UTC).date().isoformat()
    folder = options.out / f"{day}-{machine_name(describe_machine())}"
    for name, command in commands(options.scale, options.impl).items():
        into = folder / name
        if into.exists():
            print(f"{into} is there already: remove it to measure it again")
            return 2
        words = [*command, "--rounds", options.rounds, "--out", str(into)]
        done = subprocess.run([*HARNESS, "run", *words], check=False)
        if done.returncode:
            return done.returncode
        _keep_log_only(into)
    print(f"recorded {folder}; now: make docs, and a pull request (docs/your-machine.md)")
    return 0


def _keep_log_only(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOG_NAME:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
