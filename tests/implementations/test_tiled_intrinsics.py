"""Each emitted kernel against its NumPy twin, or NumPy itself, for each width and dtype."""

import ctypes
import threading

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from llvmlite import ir
from scipy.linalg import solve_triangular
from tiled_task import one_row, rotation

from implementations.tiled import interpreter
from implementations.tiled.amx.plan import AmxPlan, Unit
from implementations.tiled.emitter import Emitter
from implementations.tiled.kernel import (
    add_ratings,
    gather_systems,
    solve,
    take,
    write_back,
    write_relaxed,
)
from implementations.tiled.plan import Plan
from implementations.tiled.rotation import rotator
from implementations.tiled.rows import aligned_zeros
from implementations.tiled.systems import Systems, packed_index
from implementations.tiled.target import Target, host_target

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(
        bool(numba.config.DISABLE_JIT), reason="NUMBA_DISABLE_JIT=1: intrinsics cannot run"
    ),
]
TOLERANCE = {"float32": 2e-5, "float64": 1e-13}


def host(dtype: str) -> Target:
    return host_target(np.dtype(dtype))


# Rank, dtype, target: this machine's own, and all other widths on it.
PLANS = [
    (20, "float32", host("float32")),
    (20, "float64", host("float64")),
    (32, "float32", Target(16, 32, True, rotation("float32", 16), 128)),
    (13, "float64", Target(16, 16, True)),
    (33, "float32", Target(8, 16, True, rotation("float32", 8))),
    (13, "float64", Target(4, 16, True)),
    (7, "float32", Target(4, 32, False)),
    (7, "float64", Target(2, 16, False)),
    (5, "float32", Target(2, 16, True)),
]
# One tile, two, and three, of which one has room for no more factors.
AMX = Target(16, 16, True, rotation("float32", 16))
CASES = [
    *(Plan(rank, True, dtype, target) for rank, dtype, target in PLANS),
    *(AmxPlan(rank, True, "float32", AMX, Unit.EMULATED) for rank in (1, 20, 48)),
]


def name(plan: Systems) -> str:
    kind = "amx" if isinstance(plan, AmxPlan) else f"{plan.target.registers}registers"
    return f"rank{plan.rank}-{plan.dtype}x{plan.lanes}-{kind}"


@pytest.fixture(scope="module", params=CASES, ids=name)
def plan(request) -> Systems:
    return request.param


def random(plan: Systems, *shape: int) -> np.ndarray:
    """Aligned random numbers."""
    array = aligned_zeros(shape, np.dtype(plan.dtype))
    array[:] = np.random.default_rng(2).normal(size=shape)
    return array


def close(plan: Systems, actual, expected) -> None:
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE[plan.dtype] * scale)


@numba.njit
def _add_ratings(plan, task, start, stop, scratch, lane):
    add_ratings(plan, task, start, stop, scratch, lane)


@numba.njit
def _gather_systems(plan, sums, packed):
    gather_systems(plan, sums, packed)


@numba.njit
def _solve(plan, packed, inverse, floor):
    return solve(plan, packed, inverse, floor)


@numba.njit
def _write_back(plan, packed, rows, out):
    write_back(plan, packed, rows, out)


@numba.njit
def _write_relaxed(plan, packed, rows, out, relaxation):
    write_relaxed(plan, packed, rows, out, relaxation)


@numba.njit(nogil=True)
def _take_all(counter, taken):
    number = take(counter)
    while number < len(taken):
        taken[number] += 1
        number = take(counter)


@pytest.mark.parametrize("n_ratings", [1, 32, 300])
def test_a_rows_ratings_are_summed(plan: Systems, n_ratings: int) -> None:
    """One rating, a whole block or a part of one, and several blocks."""
    task, scratch, v = one_row(plan, n_ratings)
    _, expected, _ = one_row(plan, n_ratings)
    lane = plan.lanes - 1
    _add_ratings(plan, task, 0, n_ratings, scratch, lane)
    interpreter.add_ratings(plan, task, 0, n_ratings, expected, lane)
    close(plan, scratch.sums[lane], expected.sums[lane])
    assert np.isnan(scratch.sums[:lane]).all()
    assert not scratch.sums[-1].any()
    gathered = np.zeros_like(scratch.packed)
    interpreter.gather_systems(plan, scratch.sums, gathered)
    entry = packed_index(plan.unknowns, 0)
    close(plan, gathered[entry : entry + plan.unknowns, lane], (v.T @ v)[-1, :-1])


def test_ratings_in_the_middle_are_summed(plan: Systems) -> None:
    task, scratch, _ = one_row(plan, 300)
    _, expected, _ = one_row(plan, 300)
    _add_ratings(plan, task, 100, 140, scratch, 0)
    interpreter.add_ratings(plan, task, 100, 140, expected, 0)
    close(plan, scratch.sums[0], expected.sums[0])


def compiled_function(name: str, emit, plan: Systems):
    """`emit(emitter, source, destination)` as a function of two addresses; and what owns it."""
    module = ir.Module()
    module.triple = llvm.get_process_triple()
    element = ir.FloatType() if plan.dtype == "float32" else ir.DoubleType()
    kind = ir.FunctionType(ir.VoidType(), [element.as_pointer()] * 2)
    function = ir.Function(module, kind, name)
    emitter = Emitter(ir.IRBuilder(function.append_basic_block()), plan)
    emit(emitter, *function.args)
    emitter.builder.ret_void()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), jit=True
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(str(module)), machine)
    address = engine.get_function_address(name)
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(address), engine


def test_a_vector_is_rotated_by_every_distance(plan: Systems) -> None:
    lanes = plan.lanes

    def emit(e: Emitter, source, destination) -> None:
        vector, rotate = e.load(source, lanes), rotator(e, source, lanes)
        for by in range(1, lanes):
            e.store(rotate(vector, by), destination, by * lanes)

    rotate, _engine = compiled_function("rotate", emit, plan)
    source, rotated = random(plan, 2, lanes), random(plan, lanes, lanes)
    rotate(source.ctypes.data, rotated.ctypes.data)
    for by in range(1, lanes):
        np.testing.assert_array_equal(rotated[by], np.roll(source[1], -by))


def test_systems_are_gathered_by_transposed_squares(plan: Systems) -> None:
    """Exactly: nothing is computed. Each system comes from the accumulators of its lane."""
    sums = random(plan, plan.lanes + 1, plan.n_accumulators, plan.lanes)
    packed = aligned_zeros((plan.entries + 1, plan.lanes), sums.dtype)
    expected = np.zeros_like(packed)
    _gather_systems(plan, sums, packed)
    interpreter.gather_systems(plan, sums, expected)
    np.testing.assert_array_equal(packed[: plan.entries], expected[: plan.entries])
    number, lane = np.argwhere(plan.destinations == 0)[0]
    np.testing.assert_array_equal(packed[0], sums[:-1, number, lane])


def systems(plan: Systems) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Well-conditioned matrices (lanes, n, n), right-hand sides (lanes, n), and both packed."""
    n = plan.unknowns
    rng = np.random.default_rng(3)
    factors = rng.normal(size=(plan.lanes, n, n))
    matrices = factors @ factors.transpose(0, 2, 1) + 5 * n * np.eye(n)
    sides = rng.normal(size=(plan.lanes, n))
    packed = aligned_zeros((plan.entries + 1, plan.lanes), np.dtype(plan.dtype))
    for i in range(n + 1):
        for k in range(min(i, n - 1) + 1):
            packed[packed_index(i, k)] = matrices[:, i, k] if i < n else sides[:, k]
    return matrices, sides, packed


def test_systems_are_factorised_and_solved(plan: Systems) -> None:
    matrices, sides, packed = systems(plan)
    n = plan.unknowns
    inverse, floor = (aligned_zeros((n, plan.lanes), packed.dtype) for _ in range(2))
    assert _solve(plan, packed, inverse, floor) == 0
    factors = np.linalg.cholesky(matrices)
    close(plan, inverse.T, 1 / np.diagonal(factors, axis1=1, axis2=2))
    for i in range(n):
        for k in range(i):
            close(plan, packed[packed_index(i, k)], factors[:, i, k])
    solution = packed[packed_index(n, 0) : packed_index(n, n)]
    for lane in range(plan.lanes):
        forward = solve_triangular(factors[lane], sides[lane], lower=True)
        expected = solve_triangular(factors[lane].T, forward)
        close(plan, solution[:, lane], expected)


@pytest.mark.parametrize("spoil", ["pivot", "floor", "nan", "infinite side"])
def test_a_lane_that_fails_is_named_and_spoils_no_other(plan: Systems, spoil: str) -> None:
    n, lane = plan.unknowns, plan.lanes // 2
    _, _, good = systems(plan)
    packed = aligned_zeros(good.shape, good.dtype)
    packed[:] = good
    inverse, floor, twin_inverse = (aligned_zeros((n, plan.lanes), good.dtype) for _ in range(3))
    _solve(plan, good, inverse, floor)
    last_pivot = packed_index(n - 1, n - 1)
    match spoil:
        case "pivot":
            packed[last_pivot, lane] = -1
        case "floor":  # positive, but too small a share of what it was
            floor[n - 1, lane] = 2 * packed[last_pivot, lane]
        case "nan":
            packed[packed_index(n - 1, 0), lane] = np.nan
        case "infinite side":
            packed[packed_index(n, 0), lane] = np.inf
    twin = packed.copy()
    assert _solve(plan, packed, inverse, floor) == 1 << lane
    assert interpreter.solve(plan, twin, twin_inverse, floor) == 1 << lane
    others = np.arange(plan.lanes) != lane
    np.testing.assert_array_equal(packed[: plan.entries, others], good[: plan.entries, others])


def test_solutions_are_written_into_their_rows(plan: Systems) -> None:
    packed = random(plan, plan.entries + 1, plan.lanes)
    rows = np.random.default_rng(4).permutation(plan.lanes + 5)[: plan.lanes]
    before = random(plan, plan.lanes + 5, plan.rank + 1)
    out, expected = (plan.layout.pack(before, np.dtype(plan.dtype)) for _ in range(2))
    _write_back(plan, packed, rows, out)
    interpreter.write_back(plan, packed, rows, expected)
    for actual, wanted in zip(out, expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
    first = packed[packed_index(plan.unknowns, 0)]
    np.testing.assert_array_equal(out.factors[rows, 0], first)


def test_solutions_are_approached_from_what_is_there(plan: Systems) -> None:
    packed = random(plan, plan.entries + 1, plan.lanes)
    rows = np.random.default_rng(4).permutation(plan.lanes + 5)[: plan.lanes]
    real = np.dtype(plan.dtype).type
    before = random(plan, plan.lanes + 5, plan.rank + 1)
    out, expected = (plan.layout.pack(before, np.dtype(plan.dtype)) for _ in range(2))
    _write_relaxed(plan, packed, rows, out, real(1.4))
    interpreter.write_relaxed(plan, packed, rows, expected, real(1.4))
    close(plan, out.factors, expected.factors)
    if isinstance(plan, AmxPlan):  # of what is written, whatever its last bit
        again = np.zeros_like(out.halves)
        plan.layout.write_halves(again, np.arange(len(again)), out.factors)
        np.testing.assert_array_equal(out.halves, again)


def test_no_number_is_taken_twice() -> None:
    counter, taken = np.zeros(1, np.int64), np.zeros(200_000, np.int64)
    threads = [threading.Thread(target=_take_all, args=(counter, taken)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (taken == 1).all()
    assert counter[0] == len(taken) + len(threads)


def test_a_wrong_twin_is_seen() -> None:
    plan = Plan(5, True, "float64", Target(2, 16, True))
    with pytest.raises(AssertionError):
        close(plan, np.ones(3), np.ones(3) + 1e-12)
