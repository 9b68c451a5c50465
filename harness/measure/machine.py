"""The machine: what it is, what is free, what is in force."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numba
import psutil
from llvmlite import binding
from threadpoolctl import threadpool_info

from harness.measure.counters import why_uncounted
from harness.measure.processor_time import own_seconds
from implementations.registry import usable_cores

_PACKAGES = ("als-ladder", "numpy", "scipy", "numba", "llvmlite", "pandas", "pyarrow")
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def memory_bytes(field: str) -> int | None:
    """VmRSS (now) or VmHWM (peak) of this process and of those that it started, such as a JVM.

    None where the system does not say. Peaks of several processes are added as if they came at
    once. Not ru_maxrss: a child's can be its parent's.
    """
    parts = process_bytes(field)
    return sum(parts) if parts else None


def process_bytes(field: str) -> list[int]:
    """The same for each process, this one first; empty where the system does not say."""
    own = _process_bytes(os.getpid(), field)
    if own is None:
        return []
    started = psutil.Process().children(recursive=True)
    return [own, *(_process_bytes(child.pid, field) or 0 for child in started)]


def _process_bytes(pid: int, field: str) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # no such system, or the process has ended
        return None
    for line in status.splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) << 10
    return None


def available_bytes() -> int:
    """Memory that workers may take: what is available, or what the cgroup still allows."""
    free = psutil.virtual_memory().available
    limit, used = _cgroup("memory.max"), _cgroup("memory.current")
    if limit is None or used is None:
        return free
    # Files that were read count as used, and give way to whoever needs memory.
    used -= _cgroup_counts("memory.stat").get("inactive_file", 0)
    return min(free, max(0, limit - used))


def oom_kills() -> int:
    """Processes of this cgroup that the system killed for lack of memory so far."""
    return _cgroup_counts("memory.events").get("oom_kill", 0)


def _cgroup(name: str) -> int | None:
    """A figure of this process's cgroup; None where there is none or no limit."""
    text = _cgroup_text(name)
    return int(text) if text is not None and text.strip().isdigit() else None


def _cgroup_counts(name: str) -> dict[str, int]:
    """A file of figures by name of this process's cgroup; empty where there is none."""
    lines = (_cgroup_text(name) or "").splitlines()
    return {key: int(count) for key, count in (line.split() for line in lines)}


def _cgroup_text(name: str) -> str | None:
    """A file of this process's cgroup (version 2)."""
    try:
        group = Path("/proc/self/cgroup").read_text().strip().rpartition(":")[2]
        return (Path("/sys/fs/cgroup") / group.lstrip("/") / name).read_text()
    except OSError:
        return None


def thread_environment(threads: int) -> dict[str, str]:
    """Environment of a worker: every library that has threads may use this many."""
    return dict.fromkeys(_THREAD_VARIABLES, str(threads))


def threads_in_force() -> dict[str, Any]:
    """Threads that this process's libraries use, as they say it themselves."""
    pools = {
        f"{pool['internal_api']} ({Path(pool['filepath']).name})": pool["num_threads"]
        for pool in threadpool_info()
    }
    return {"numba": numba.get_num_threads(), "numba_layer": _threading_layer(), **pools}


def _threading_layer() -> str:
    """Numba's threading layer: known once something ran in parallel."""
    try:
        return str(numba.threading_layer())  # type: ignore[attr-defined,unused-ignore]
    except ValueError:
        return "none used"


def describe_machine() -> dict[str, Any]:
    """What a reader of the results needs to know of the machine and its software."""
    return {
        "cpu": _cpu_model(),
        "vector": _vector_width(),
        "usable_cores": usable_cores(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "available_bytes": available_bytes(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "llvm": ".".join(map(str, binding.llvm_version_info)),
        "blas": _blas(),
        "uncounted": why_uncounted(),
        "git": _git(),
        **load_now(),
    }


def load_now() -> dict[str, Any]:
    """How busy the machine is at this moment, and what processor time was used so far.

    ``busy_s`` is that of the whole machine, ``own_s`` that of this process, of its children that
    have ended, and of theirs: the difference is the work of others.
    """
    of_all = psutil.cpu_times()
    not_busy = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is in user's, too
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": os.getloadavg()[0],
        "busy_s": sum(of_all) - sum(getattr(of_all, name, 0.0) for name in not_busy),
        "own_s": own_seconds(),
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} ({binding.get_host_cpu_name()})"
    return f"{platform.processor() or platform.machine()} ({binding.get_host_cpu_name()})"


def _vector_width() -> str:
    features = binding.get_host_cpu_features()
    named = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "neon": "NEON", "sse2": "SSE2"}
    return next((name for flag, name in named.items() if features.get(flag)), "unknown")


def _blas() -> list[dict[str, Any]]:
    wanted = ("internal_api", "version", "architecture", "threading_layer")
    pools = [
        {key: pool.get(key) for key in wanted}
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return sorted(pools, key=str)  # threadpoolctl gives them in any order


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git() -> dict[str, Any]:
    """Commit of the code, and whether the tree differs from it; empty outside a checkout."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {}
