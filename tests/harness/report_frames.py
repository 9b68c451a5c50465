"""Hand-made frames of a run: six scales, six implementations, most of what can become of a cell."""

from typing import Any

import numpy as np
import pandas as pd

from harness.analysis.remarks import Remark
from harness.report.findings import About, Findings

ABOUT = About("synthetic-32m", True, "rank 20 · float64/float32 · 2 threads")
TITLE = ABOUT.title
NOTES = [Remark("busy before", "warning", "8 of 16 cores were busy when the run began")]
ENVIRONMENT: dict[str, Any] = {
    "cpu": {"model": "Example 9000", "cores": 2, "vector_bits": 512},
    "python": "3.11.9",
    "blas": [{"name": "openblas", "threads": 2}],
    "git": {"commit": "0123abc", "dirty": False},
    "affinity": None,
}
RUNGS = {
    "100k": 90_211,
    "320k": 288_031,
    "1m": 900_123,
    "3.2m": 2_880_772,
    "10m": 9_000_411,
    "full": 28_800_163,
}
MINE = "my_package.als:MyAls"
# variant: (ladder, dtype, seconds a rating, threads, idea)
VARIANTS: dict[str, tuple[int | None, str, float, int, str]] = {
    "naive": (0, "float64", 1.1e-4, 1, "plain Python loops"),
    "numpy": (1, "float64", 7.0e-6, 1, "whole arrays, batched"),
    "numba-serial": (2, "float64", 6.1e-7, 1, "compiled loops, one CSR"),
    "numba-parallel": (3, "float64", 2.3e-7, 2, "dual CSR, threads"),
    "numba-parallel-f32": (None, "float32", 1.4e-7, 2, "dual CSR, threads"),
    MINE: (None, "float64", 1.9e-6, 2, "a third party's"),
}
_NONE = float("nan")
_SECONDS = ("sweep_s", "sweep_s_low", "sweep_s_high", "users_s", "items_s")
_SPEED = ("speedup", "speedup_low", "speedup_high")
_QUALITY = ("train_rmse", "test_rmse", "warm_test_rmse")
_ROOF = ("gflops", "peak_share", "fma_gflops", "gemm_gflops", "bandwidth_gbs")
_THREADS = ("thread_speedup", "thread_speedup_low", "thread_speedup_high", "efficiency")
TARGET = 0.78
_GAPS = ("rmse_difference", "prediction_difference", "row_difference")


def cell(rung: str = "1m", variant: str = "numba-parallel", **changed: Any) -> dict[str, Any]:
    """A row of the cells frame: measured and ok, unless it is changed."""
    ladder, dtype, per_rating, threads, idea = VARIANTS[variant]
    seconds = per_rating * RUNGS[rung]
    ratio = VARIANTS["naive"][2] / per_rating
    single = dtype == "float32"
    row = {
        "rung": rung,
        "train_ratings": RUNGS[rung],
        "variant": variant,
        "threads": threads,
        "dtype": dtype,
        "idea": idea,
        "ladder": ladder,
        "kind": "half-sweeps",
        "own_objective": "",
        "driven": "",
        "rmse_tolerance": 1e-5 if single else 1e-9,
        "prediction_tolerance": 1e-3 if single else 1e-9,
        "state": "ok",
        "status": "ok",
        "reason": "",
        "verdict": "reference" if variant == "naive" else "ok",
        "against": "" if variant == "naive" else "naive",
        "sweeps": 20,
        "sweep_s": seconds,
        "sweep_s_low": seconds * 0.98,
        "sweep_s_high": seconds * 1.03,
        "users_s": seconds * 0.4,
        "items_s": seconds * 0.6,
        "rounds": 20,
        "warm": seconds < 0.02,
        "projected": False,
        "speedup": ratio,
        "speedup_low": _NONE if variant == "naive" else ratio * 0.975,
        "speedup_high": _NONE if variant == "naive" else ratio * 1.025,
        "speedup_projected": False,
        "baseline": "naive",
        "train_rmse": 0.70123456,
        "test_rmse": 0.7701234,
        "warm_test_rmse": 0.7691234,
        "rmse_difference": _NONE if variant == "naive" else (4.1e-8 if single else 2.2e-15),
        "prediction_difference": _NONE if variant == "naive" else (3.4e-5 if single else 2.9e-14),
        "row_difference": _NONE if variant == "naive" else (2.0e-6 if single else 1.2e-13),
        "objective_difference": _NONE,
        "peak_is_bound": False,
        "open_s": 0.02,
        "prepare_s": 2e-8 * RUNGS[rung],
        "load_s": 0.004,
        "compile_s": 1.31 if "numba" in variant else 0.0,
        "evaluate_s": 3e-8 * RUNGS[rung],
        "peak_bytes": 150 * 2**20 + 80 * RUNGS[rung],
        "bytes_needed": 160 * 2**20 + 90 * RUNGS[rung],
        "target_rmse": TARGET,
        "objective": 1_000.0,
        "to_quality_sweeps": 4,
        "to_quality_s": 4 * seconds,
        **{f"to_1e{n}_sweeps": n + 1 for n in (2, 3, 4)},
        **{f"to_1e{n}_s": (n + 1) * seconds for n in (2, 3, 4)},
        **dict.fromkeys((*_ROOF, *_THREADS), _NONE),
        "intensity": 5.0 if single else 2.6,
    }
    return row | changed


def findings(frame: pd.DataFrame, sweeps: int = 10, asked: str = ABOUT.asked) -> Findings:
    """What a run found that has these cells."""
    about = About(ABOUT.data, ABOUT.synthetic, asked)
    return Findings(frame, qualities(frame, sweeps), about)


def gauged(row: dict[str, Any]) -> dict[str, Any]:
    """The same cell on a machine that was measured."""
    fma = 100.0 * row["threads"] * (2 if row["dtype"] == "float32" else 1)
    gflops = 1e-9 * 924 * row["train_ratings"] / row["sweep_s"]
    machine = {"fma_gflops": fma, "gemm_gflops": 0.8 * fma, "bandwidth_gbs": 20.0}
    return row | machine | {"gflops": gflops, "peak_share": gflops / fma}


def scaled(row: dict[str, Any], threads: int, times: float) -> dict[str, Any]:
    """The same cell with more threads, so many times as fast as with one."""
    interval = (_NONE, _NONE) if threads == 1 else (times * 0.97, times * 1.03)
    values = dict(zip(_THREADS, (times, *interval, times / threads), strict=True))
    return row | values | {"threads": threads, "sweep_s": row["sweep_s"] / times}


def without(row: dict[str, Any], state: str, reason: str) -> dict[str, Any]:
    """The same cell, never timed."""
    gone = dict.fromkeys(
        (*_SECONDS, *_SPEED, *_QUALITY, *_GAPS, "peak_bytes", "prepare_s", "compile_s"), _NONE
    )
    gone |= dict.fromkeys(("gflops", "peak_share", "objective", *_THREADS), _NONE)
    gone |= {name: _NONE for name in row if name.startswith("to_")}
    said = {"state": state, "status": state, "reason": reason, "verdict": "", "against": ""}
    return row | gone | said | {"rounds": 0, "sweeps": 0, "warm": False}


def projected(row: dict[str, Any], interval: bool = True) -> dict[str, Any]:
    """The same cell, projected instead of timed."""
    said = without(row, "projected", "a sweep was predicted to take 990 s; 60 s are allowed")
    seconds, ratio = row["sweep_s"], row["speedup"]
    bounds = (0.85, 1.2) if interval else (_NONE, _NONE)
    guess = {
        "sweep_s": seconds,
        "sweep_s_low": seconds * bounds[0],
        "sweep_s_high": seconds * bounds[1],
        "users_s": seconds / 2,
        "items_s": seconds / 2,
        "speedup": ratio,
    }
    return said | guess | {"projected": True, "speedup_projected": True, "status": "skipped"}


def _row(rung: str, variant: str) -> dict[str, Any]:
    row = cell(rung, variant)
    large = rung in ("10m", "full")
    if variant == "naive":
        if large:
            return projected(row)
        if rung == "3.2m":
            return row | {
                "state": "over_budget",
                "status": "over_budget",
                "reason": "60 s of sweeps allowed",
                "sweeps": 1,
                "rounds": 1,
                "sweep_s_low": row["sweep_s"],
                "sweep_s_high": row["sweep_s"],
            }
        return row
    if rung == "3.2m":
        row |= {"speedup_low": _NONE, "speedup_high": _NONE}  # one round of the baseline
    if large:
        row |= {"speedup_projected": True, "against": "numpy"}
        row |= {"speedup_low": row["speedup"] * 0.82, "speedup_high": row["speedup"] * 1.23}
    if large and variant == "numpy":
        row |= {"verdict": "reference", **dict.fromkeys(_GAPS, _NONE), "against": ""}
    if variant == MINE:
        row = _wrong(row) if rung == "1m" else row
        row = without(row, "refused", "needs 31 GiB; 19 GiB may be used") if large else row
    return row


def _wrong(row: dict[str, Any]) -> dict[str, Any]:
    why = "users row 17: 0.123456, not 0.123987; RMSE 2.1e-05 off after sweep 1"
    failed = {"state": "parity_failed", "verdict": "failed", "reason": why}
    differences = {"rmse_difference": 2.1e-5, "prediction_difference": 4e-4, "row_difference": 4e-3}
    return row | failed | differences | dict.fromkeys(_SPEED, _NONE)


def cells() -> pd.DataFrame:
    """The cells of a run over all scales."""
    return pd.DataFrame([_row(rung, variant) for rung in RUNGS for variant in VARIANTS])


def qualities(frame: pd.DataFrame, sweeps: int = 10) -> pd.DataFrame:
    """What the judge would have said of these cells."""
    random = np.random.default_rng(1)
    rows = []
    for row in frame.to_dict("records"):
        if row["verdict"] == "":
            continue
        done = min(sweeps, row["sweeps"])
        rows += [_quality(row, sweep, random) for sweep in range(1, done + 1)]
    return pd.DataFrame(rows)


def _quality(row: dict[str, Any], sweep: int, random: np.random.Generator) -> dict[str, Any]:
    decades = np.log10(row["train_ratings"]) - 4.9
    wrong = 2.1e-5 * sweep if row["verdict"] == "failed" else 0.0
    noise = 0.3 + random.random()
    compared = row["verdict"] in ("ok", "failed")
    same = sweep == 1 and row["variant"] == "numba-serial"
    rmse = 0.0 if same else (wrong or row["rmse_difference"]) * noise
    prediction = 0.0 if same else row["prediction_difference"] * noise * sweep**0.3
    kept = ("rung", "train_ratings", "variant", "threads", "dtype", "state", "against")
    tolerances = ("rmse_tolerance", "prediction_tolerance")
    return {name: row[name] for name in (*kept, *tolerances)} | {
        "sweep": sweep,
        "train_rmse": 0.69 + 0.02 * decades + 0.2 * np.exp(-sweep / 1.5) + wrong,
        "test_rmse": 0.86 - 0.035 * decades + 0.11 * np.exp(-sweep / 1.5) + wrong,
        "rmse_difference": rmse if compared else _NONE,
        "prediction_difference": prediction if compared else _NONE,
        "objective": 1_000 * (1 + 0.3**sweep),
        "excess": 0.3**sweep,
        "seconds": sweep * row["sweep_s"],
    }
