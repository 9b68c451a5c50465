"""The matrix unit: bfloat16 parts, tiles, and half-sweeps with its instructions emulated.

What runs on a processor with AMX alone is the instruction itself; that it is emitted is seen in
the assembly for one.
"""

import re
from dataclasses import replace

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from llvmlite import ir
from strategies import bits, problems, quick, swept
from test_tiled_half_sweeps import RANKS, largest_error, problem
from test_tiled_intrinsics import compiled_function

from harness.conformance.oracle import half_sweep
from harness.conformance.problems import Problem
from implementations import registry
from implementations.backend import SolveError
from implementations.numba_amx import TRY, EmulatedAmx, NumbaTiledAmx
from implementations.problem import AlsParams, Job
from implementations.ratings import ProblemSize
from implementations.tiled import crew
from implementations.tiled.amx import gram, permission, plan, tiles
from implementations.tiled.amx.halves import HalvesLayout, rounded, split
from implementations.tiled.amx.plan import AmxPlan, Unit
from implementations.tiled.emitter import Emitter
from implementations.tiled.target import Rotation, Target, host_target

pytestmark = pytest.mark.kernel

COMPILED = not numba.config.DISABLE_JIT
SINGLE = np.dtype(np.float32)
# Of the largest entry of a row's side: factors are rounded to 17 bits of 24.
TOLERANCE = 5e-5
TARGET = Target(16, 32, True, Rotation.VALIGN, 128)
LARGEST = float(np.finfo(np.float32).max)
FINITE = st.floats(-LARGEST, LARGEST, width=32)


def ready(given_problem: Problem, threads: int = 2) -> EmulatedAmx:
    backend = EmulatedAmx(given_problem.params, SINGLE, threads)
    backend.prepare(given_problem.train)
    backend.load(given_problem.factors("float32"))
    return backend


def job(rank: int = 8) -> Job:
    return Job(AlsParams(rank=rank), SINGLE, 1, ProblemSize(10, 10, 10))


# bfloat16


@given(numbers=arrays(np.float32, st.integers(1, 40), elements=FINITE))
def test_two_parts_are_a_number_but_for_its_last_bits(numbers: np.ndarray) -> None:
    numbers = numbers[np.abs(numbers) < LARGEST / 2]  # the largest round to infinity
    upper, lower = split(numbers)
    for part in (upper, lower):
        assert not (part.view(np.uint32) & 0xFFFF).any()
    exact = upper.astype(np.float64) + lower
    off = np.abs(exact - numbers)
    assert (off <= 2.0**-17 * np.abs(numbers) + 2.0**-133).all()


def test_ties_go_to_even() -> None:
    ties = np.array([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8], np.float32)
    np.testing.assert_array_equal(rounded(ties), [1, 1 + 2**-6, -1])


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_so(number: float) -> None:
    numbers = np.full(3, number, np.float32)
    np.testing.assert_array_equal(rounded(numbers), numbers)
    assert np.isnan(split(numbers)[1]).all()


@pytest.mark.parametrize("bits_of_nan", [0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7FC00000])
def test_whatever_nan_stays_one(bits_of_nan: int) -> None:
    nan = np.array([bits_of_nan], np.uint32).view(np.float32)
    assert np.isnan(rounded(nan)).all()


@pytest.mark.parametrize("rank", [1, 15, 16, 17, 32, 33, 48, 64, 100])
def test_halves_are_read_as_they_were_written(rank: int) -> None:
    layout = HalvesLayout(rank, 16)
    factors = np.random.default_rng(rank).normal(size=(7, rank + 1)).astype(np.float32)
    rows = layout.pack(factors, SINGLE)
    for part, wanted in zip(layout.read_halves(rows.halves), split(rows.factors), strict=True):
        np.testing.assert_array_equal(part, wanted)
    np.testing.assert_array_equal(layout.unpack(rows), factors)
    held = sum(array.nbytes for array in rows)
    assert layout.bytes_needed(7, 4) == held


# The plan


@pytest.mark.parametrize("rank", [1, 16, 20, 48])
@pytest.mark.parametrize("biases", [True, False])
def test_every_entry_of_the_triangle_is_summed_once(rank: int, biases: bool) -> None:
    """But counts, which nobody sums, and targets: their parts, and the lanes of their own sum."""
    made = AmxPlan(rank, biases, "float32", TARGET)
    total = np.bincount(made.destinations.ravel(), minlength=made.entries + 1)
    n = made.unknowns
    expected = np.ones(made.entries)
    side = n * (n + 1) // 2
    expected[side : side + rank] = plan.PARTS
    if biases:
        expected[side + rank] = 16
        expected[side - 1] = 0  # the count
    expected[-1] = 0  # below the right-hand side
    np.testing.assert_array_equal(total[:-1], expected)
    stored = made.destinations[~made.added].ravel()
    assert np.bincount(stored, minlength=made.entries + 1)[:-1].max() == 1


def test_operands_of_a_block_fit_in_a_first_level_cache() -> None:
    for rank in (8, 32, 64, 128):
        made = AmxPlan(rank, True, "float32", TARGET)
        assert made.block == 32 * made.slices
        assert made.slices == 1 or made.slices * made.slice_bytes <= 64 << 10


# Half-sweeps


@pytest.mark.parametrize("rank", RANKS)
def test_half_sweeps_are_exact_but_for_the_parts(rank: int) -> None:
    many = problem(rank)
    assert largest_error(many, ready(many)) < TOLERANCE


@pytest.mark.parametrize(
    "changes", [{"biases": False}, {"count_scaled": True, "reg": 0.1}], ids=str
)
def test_half_sweeps_with_other_parameters(changes: dict) -> None:
    many = problem(20).with_params(**changes)
    assert largest_error(many, ready(many)) < TOLERANCE


@pytest.mark.parametrize("rank", [8, 20])
def test_with_hardly_a_regulariser_no_row_is_far_off(rank: int) -> None:
    """The squares are sums of squares, whatever was rounded before."""
    many = problem(rank, 9000).with_params(reg=1e-2, bias_reg=1e-2)
    factors = many.factors("float32")
    backend = ready(many)
    backend.update_users()
    exact = half_sweep(many.train, many.params, factors, "users")
    off = np.abs(backend.read().users - exact).max(axis=1) / (1e-3 + np.abs(exact).max(axis=1))
    assert off.max() < 1e-3


def test_a_wrong_half_sweep_is_seen() -> None:
    many = problem(8)
    assert largest_error(many, ready(many.with_params(reg=2.02))) > 5 * TOLERANCE  # 1 % off


@quick
@given(drawn=problems())
def test_threads_do_not_change_a_bit(drawn: Problem) -> None:
    drawn = drawn.with_params(rank=3, biases=True)  # compiled once
    reference = bits(swept(EmulatedAmx(drawn.params, SINGLE, 1), drawn))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_LEAST_WORK", 1)
        assert bits(swept(EmulatedAmx(drawn.params, SINGLE, 3), drawn)) == reference


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_named(bad: float) -> None:
    many = problem(8)
    factors = many.factors("float32")
    spoiled = factors.items.copy()
    spoiled[200, 4] = bad
    backend = ready(many)
    backend.load(replace(factors, items=spoiled))
    with pytest.raises(SolveError) as caught:
        backend.update_users()
    assert caught.value.row == many.train.users[many.train.items == 200].min()


def test_bytes_needed_cover_what_is_held() -> None:
    many = problem(20)
    backend = ready(many)
    parts = (backend._users, backend._items, *backend._crew.scratch)
    held = [array.nbytes for part in parts for array in part]
    for ordered in (backend._by_user, backend._by_item):
        held += [ordered.tail.nbytes, *(array.nbytes for array in ordered.csr)]
    size = ProblemSize.of(many.train)
    needed = backend.bytes_needed(Job(many.params, SINGLE, backend.threads, size))
    assert sum(held) <= needed <= 1.5 * sum(held)


# The unit


def words(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """A tile of random bfloat16 as 32-bit words in float32's clothes, and its numbers."""
    numbers = rounded(rng.normal(size=(rows, 32)).astype(np.float32))
    halves = (numbers.view(np.uint32) >> 16).astype(np.uint16)
    return np.ascontiguousarray(halves).view(np.float32), numbers


@pytest.mark.skipif(not COMPILED, reason="NUMBA_DISABLE_JIT=1: nothing is emitted")
@pytest.mark.parametrize("unit", list(Unit))
def test_a_unit_adds_products_of_tiles(unit: Unit) -> None:
    if unit is Unit.AMX and (reason := permission.reason_without()):
        pytest.skip(reason)
    made = AmxPlan(16, True, "float32", replace(host_target(SINGLE), lanes=16), unit)

    def emit(e: Emitter, source, memory) -> None:
        on = tiles.tiles_of(e, memory)
        on.open()
        for number, tile in enumerate((0, tiles.TRANSPOSED, tiles.FACTORS)):
            on.load(tile, e.address(source, number * 256))
        on.add_products(0, tiles.TRANSPOSED, tiles.FACTORS)
        on.store(0, memory)
        on.close()

    products, _engine = compiled_function("products", emit, made)
    rng = np.random.default_rng(5)
    left, left_numbers = words(rng, 16)
    right, right_numbers = words(rng, 16)
    source = crew.Scratch.of(made).sums.ravel()[: 3 * 256].reshape(3, 16, 16)
    source[:] = np.stack([np.ones((16, 16), np.float32), left, right])
    memory = crew.Scratch.of(made).work
    products(source.ctypes.data, memory.ctypes.data)
    pairs = right_numbers.reshape(16, 16, 2).transpose(0, 2, 1).reshape(32, 16)
    sums = memory[:1024].view(np.float32).reshape(16, 16)
    np.testing.assert_allclose(sums, 1 + left_numbers @ pairs, rtol=1e-5, atol=1e-5)


def test_the_configuration_is_that_of_palette_1() -> None:
    made = np.frombuffer(tiles.configuration(), np.uint8)
    assert made[0] == 1
    assert not made[1:16].any()
    np.testing.assert_array_equal(made[16:32].view(np.uint16), [64] * 8)
    np.testing.assert_array_equal(made[48:56], [16] * 6 + [4] * 2)
    assert len(made) == 64
    assert not made[32:48].any()
    assert not made[56:].any()


@pytest.mark.parametrize("rank", [16, 64])
@pytest.mark.parametrize("processor", permission.PROCESSORS)
def test_for_processors_that_have_it_instructions_and_tiles_are_those_named(
    processor: str, rank: int
) -> None:
    """A scheduler may not know that a tile's shape goes with its number, and rename it."""
    assembly = assembled(AmxPlan(rank, True, "float32", TARGET), processor)
    for instruction in ("ldtilecfg", "tileloadd", "tdpbf16ps", "tilestored", "tilerelease"):
        assert re.search(rf"^\t{instruction}\b", assembly, re.MULTILINE), instruction
    products = re.findall(r"tdpbf16ps\t%tmm(\d), %tmm(\d), %tmm(\d)", assembly)
    named = {(tiles.FACTORS, tiles.TRANSPOSED, n) for n in tiles.SUMS}
    named.add((tiles.FACTORS, tiles.TARGETS, tiles.SIDE_SUMS))
    used = {tuple(map(int, each)) for each in products}
    assert used <= named
    assert len(used) == (2 if rank == 16 else 5)
    loaded = {int(n) for n in re.findall(r"tileloadd\t.*%tmm(\d)", assembly)}
    assert loaded == {n for each in used for n in each}


def assembled(made: AmxPlan, processor: str) -> str:
    """Assembly of a block's products, whatever processor this one is."""
    for initialise in (llvm.initialize_all_targets, llvm.initialize_all_asmprinters):
        initialise()
    module = ir.Module()
    module.triple = "x86_64-unknown-linux-gnu"
    pointer = ir.FloatType().as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, ir.IntType(64), pointer, pointer])
    function = ir.Function(module, kind, "products")
    e = Emitter(ir.IRBuilder(function.append_basic_block()), made)
    unit = tiles.tiles_of(e, function.args[0])
    unit.open()
    gram._emit_products(e, *function.args)
    unit.close()
    e.builder.ret_void()
    target = llvm.Target.from_triple(module.triple)
    machine = target.create_target_machine(cpu=processor, opt=3)
    assembly: str = machine.emit_assembly(llvm.parse_assembly(str(module)))
    return assembly


# Where it is refused


@pytest.fixture
def features(monkeypatch):
    """Have this machine the features that a test names."""

    def have(told: str, name: str = "sapphirerapids") -> None:
        monkeypatch.setattr(permission, "features", lambda: told)
        monkeypatch.setattr(numba.config, "CPU_NAME", name)
        permission.reason_without.cache_clear()

    yield have
    permission.reason_without.cache_clear()


def test_a_processor_without_it_is_refused_with_what_it_lacks(features) -> None:
    features("+avx2,+fma,-amx-tile")
    assert NumbaTiledAmx.refuses(job()) == "this processor has no AMX (amx-tile, amx-bf16)"
    assert EmulatedAmx.refuses(job()) is None


def test_it_cannot_be_made_without_it(features) -> None:
    """Compiled all the same, it would end the process."""
    features("+avx2")
    with pytest.raises(RuntimeError, match="no AMX"):
        NumbaTiledAmx(AlsParams(rank=8), SINGLE)


def test_a_system_that_does_not_let_it_is_refused(features, monkeypatch) -> None:
    features("+amx-tile,+amx-bf16")
    monkeypatch.setattr(permission, "_XFEATURE_XTILE_DATA", 63)  # there is none such
    assert "Linux does not let this process use AMX (errno" in NumbaTiledAmx.refuses(job())


def test_a_processor_whose_scheduler_was_not_tried_is_refused(features) -> None:
    features("+amx-tile,+amx-bf16", "znver5")
    assert NumbaTiledAmx.refuses(job()).startswith("code is made for znver5")


def test_what_was_not_seen_to_run_is_off_until_it_is_asked_for(monkeypatch) -> None:
    monkeypatch.setattr("implementations.numba_amx.reason_without", lambda: None)
    monkeypatch.delenv(TRY, raising=False)
    assert TRY in NumbaTiledAmx.refuses(job())
    with pytest.raises(RuntimeError, match=TRY):
        NumbaTiledAmx(AlsParams(rank=8), SINGLE)
    monkeypatch.setenv(TRY, "1")
    assert NumbaTiledAmx.refuses(job()) is None


def test_it_is_registered_beside_what_runs_everywhere() -> None:
    variant = registry.find("numba-tiled-amx")
    assert variant.made_by is NumbaTiledAmx
    assert "numba-tiled-amx" in registry.special()
    assert "numba-tiled-amx" not in registry.names()
