"""Sweeps over links that are as slow as asked, beside the model of docs/scale.md.

    python -m scripts.measure_network --scales 1m,3.2m --rates 1000,300,100 --out network.json

Network namespaces stand for machines, on this one (Linux, as root): one has the scheduler and
whoever drives, each other one a worker; a bridge joins them, and `tc` limits every link in both
directions. Seconds without a limit are measured; what a limit adds is predicted, and fitted to
nothing: all bytes of a sweep go through the link of whoever drives.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from implementations.cluster.clients import SCHEDULER
from implementations.registry import find
from scripts.measure_cluster import IMPLEMENTATION, told

_PORT = 8786
# What a link that was idle lets through at once: little beside what a half-sweep sends.
_BURST = "64kb"
# Until the scheduler and so many workers have found each other.
_WAIT = """
import sys
from distributed import Client
Client(sys.argv[1], timeout=60).wait_for_workers(int(sys.argv[2]), timeout=60)
"""


class Network:
    """Namespaces joined by a bridge that stands in one of its own; the first is the driver's.

    Parameters
    ----------
    members : int
    """

    def __init__(self, members: int) -> None:
        tag = f"als{os.getpid()}"
        self._bridge = f"{tag}b"
        self.names = [f"{tag}n{number}" for number in range(members)]

    def make(self, stack: ExitStack) -> None:
        """Make them, to be taken down with the stack: links go with their namespaces."""
        for name in (self._bridge, *self.names):
            _do("ip", "netns", "add", name)
            stack.callback(_do, "ip", "netns", "del", name)
        self._in(self._bridge, "ip", "link", "add", "name", "bridge", "type", "bridge")
        self._in(self._bridge, "ip", "link", "set", "bridge", "up")
        for number, name in enumerate(self.names):
            port = f"port{number}"
            ends = ("name", "uplink", "type", "veth", "peer", "name", port, "netns", self._bridge)
            self._in(name, "ip", "link", "add", *ends)
            self._in(name, "ip", "address", "add", f"{self.address(number)}/24", "dev", "uplink")
            for device in ("lo", "uplink"):
                self._in(name, "ip", "link", "set", device, "up")
            self._in(self._bridge, "ip", "link", "set", port, "master", "bridge", "up")

    def address(self, number: int) -> str:
        """Address of a member."""
        return f"10.77.0.{number + 1}"

    def limit(self, mbit: int | None) -> None:
        """Limit every link, in both directions; None: not at all."""
        ends = [(name, "uplink") for name in self.names]
        ends += [(self._bridge, f"port{number}") for number in range(len(self.names))]
        for name, device in ends:
            for root in ("tbf", "pfifo"):
                limits = ("rate", f"{mbit}mbit", "burst", _BURST, "latency", "100ms")
                if (root == "tbf") == (mbit is not None):
                    more = limits if root == "tbf" else ()
                    self._in(name, "tc", "qdisc", "replace", "dev", device, "root", root, *more)

    def start(self, number: int, *command: str, **given: Any) -> "subprocess.Popen[bytes]":
        """Start a program in a member's namespace."""
        inside = ("ip", "netns", "exec", self.names[number], *command)
        return subprocess.Popen(inside, **given)

    def _in(self, name: str, *command: str) -> None:
        _do("ip", "netns", "exec", name, *command)


def _do(*command: str, **given: Any) -> None:
    subprocess.run(command, check=True, **given)


@contextmanager
def cluster(workers: int) -> Iterator[Network]:
    """A scheduler and workers, each in a namespace."""
    with ExitStack() as stack:
        network = Network(1 + workers)
        network.make(stack)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        scheduler = f"tcp://{network.address(0)}:{_PORT}"
        dask = (sys.executable, "-m")
        own = ("--host", network.address(0), "--port", str(_PORT), "--no-dashboard")
        programs = [(0, "distributed.cli.dask_scheduler", *own)]
        for number in range(1, 1 + workers):
            own = ("--host", network.address(number), "--nthreads", "1", "--no-dashboard")
            own += ("--local-directory", folder, "--no-nanny", scheduler)
            programs.append((number, "distributed.cli.dask_worker", *own))
        for number, *words in programs:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = network.start(number, *dask, *words, **quiet)
            stack.callback(_end, process)
        if network.start(0, sys.executable, "-c", _WAIT, scheduler, str(workers)).wait():
            raise SystemExit("the scheduler and its workers have not found each other")
        yield network


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()


def measured(network: Network, mbit: int | None, options: argparse.Namespace) -> list[Any]:
    """What `measure_cluster` measures there, at each scale."""
    network.limit(mbit)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cluster.json"
        environment = {
            **os.environ,
            SCHEDULER: f"tcp://{network.address(0)}:{_PORT}",
            "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path),
        }
        words = ["--scales", options.scales, "--workers", str(options.workers)]
        words += ["--sweeps", str(options.sweeps), "--out", str(out)]
        command = (sys.executable, "-m", "scripts.measure_cluster", *words)
        silent = {"stdout": subprocess.DEVNULL, "env": environment}
        status = network.start(0, *command, **silent).wait()
        if not out.exists():  # where bits differ it is there, and the status 1
            raise SystemExit(status)
        lines = json.loads(out.read_text())["lines"]
    return [{"mbit": mbit, **line} for line in lines]


def rows(found: Sequence[dict[str, Any]]) -> tuple[list[list[str]], list[str]]:
    """A line for each measurement, and the headings."""
    free = {line["train_ratings"]: line for line in found if line["mbit"] is None}
    lines = []
    for line in sorted(found, key=lambda one: (one["train_ratings"], -(one["mbit"] or 1e9))):
        took = float(np.median(line["seconds"]))
        without = float(np.median(free[line["train_ratings"]]["seconds"]))
        model = "–"
        if line["mbit"] is not None:
            model_s = without + 8 * line["bytes"] / (1e6 * line["mbit"])
            model = f"{model_s:.3g} ({model_s / took - 1:+.0%})"
        rate = "no limit" if line["mbit"] is None else f"{line['mbit']:,} Mbit/s"
        bits = "same" if line["same_bits"] else "DIFFERENT"
        sent = f"{line['bytes'] / 1e6:.1f}"
        lines.append([f"{line['train_ratings']:,}", rate, f"{took:.3g}", model, sent, bits])
    heads = ["training ratings", "each link", "s/sweep", "model", "MB a sweep", "bits"]
    return lines, heads


def missing() -> str:
    """What this needs and is not here; empty where nothing is."""
    try:
        find(IMPLEMENTATION)
    except ImportError as error:
        return str(error)
    lacking = [name for name in ("ip", "tc") if shutil.which(name) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)} (iproute2, on Linux)"
    tried = f"als{os.getpid()}t"
    try:
        for done in ("add", "del"):
            _do("ip", "netns", done, tried, stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        return "network namespaces take root, and a container that lets it make them"
    return ""


def main() -> int:
    """Measure, and print beside the model; exit status 1 where bits differ."""
    options = _options()
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    found: list[dict[str, Any]] = []
    with cluster(options.workers) as network:
        for mbit in (None, *map(int, options.rates.split(","))):
            found += measured(network, mbit, options)
    return told(found, rows(found), options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scales", default="1m,3.2m")
    parser.add_argument("--rates", default="1000,300,100", help="Mbit/s (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sweeps", type=int, default=5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
