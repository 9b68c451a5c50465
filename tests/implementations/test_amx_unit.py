"""The matrix unit by itself, emulated and emitted; and where it is refused."""

import re
from dataclasses import replace

import llvmlite.binding as llvm
import numba
import numpy as np
import pytest
from llvmlite import ir
from test_tiled_half_sweeps import problem
from test_tiled_intrinsics import compiled_function

from implementations import fit, registry
from implementations.numba_amx import TRY, EmulatedAmx, NumbaTiledAmx
from implementations.problem import AlsParams, Job
from implementations.ratings import ProblemSize
from implementations.tiled import crew
from implementations.tiled.amx import gram, permission, tiles
from implementations.tiled.amx.halves import rounded
from implementations.tiled.amx.plan import AmxPlan, Unit
from implementations.tiled.emitter import Emitter
from implementations.tiled.target import Rotation, Target, host_target

pytestmark = pytest.mark.kernel

COMPILED = not numba.config.DISABLE_JIT
SINGLE = np.dtype(np.float32)
TARGET = Target(16, 32, True, Rotation.VALIGN, 128)


def job() -> Job:
    return Job(AlsParams(rank=8), SINGLE, 1, ProblemSize(10, 10, 10))


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


def test_fit_says_why_it_is_not_here(features) -> None:
    features("+avx2")
    with pytest.raises(ValueError, match="numba-tiled-amx: this processor has no AMX"):
        fit(problem(8).train, AlsParams(rank=8), implementation="numba-tiled-amx")


def test_it_is_registered_beside_what_runs_everywhere() -> None:
    variant = registry.find("numba-tiled-amx")
    assert variant.made_by is NumbaTiledAmx
    assert "numba-tiled-amx" in registry.special()
    assert "numba-tiled-amx" not in registry.names()
