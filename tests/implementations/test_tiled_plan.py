"""The plan by itself: every entry once, in registers that are there, and the right sums."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tiled_task import one_row

from implementations.tiled import interpreter
from implementations.tiled.picture import draw
from implementations.tiled.plan import ONES, By, Plan, Term, interleaved
from implementations.tiled.rows import RowLayout
from implementations.tiled.systems import packed_index
from implementations.tiled.target import Rotation, Target, _kind, host_target

RANKS = [1, 3, 8, 13, 14, 15, 16, 20, 31, 32, 33, 64]
TARGETS = [Target(lanes, registers, True) for lanes in (16, 8, 4, 2) for registers in (32, 16)]


def plans() -> list[Plan]:
    return [
        Plan(rank, biases, "float32", target)
        for rank in RANKS
        for biases in (True, False)
        for target in TARGETS
    ]


def entries(plan: Plan, accumulators) -> Counter:
    """How often each entry of the triangle is summed."""
    lanes = range(plan.lanes)
    found = [plan.entry(term, v, lane) for term, v in accumulators for lane in lanes]
    return Counter(entry for entry in found if entry)


def wanted(plan: Plan) -> Counter:
    """The triangle and the right-hand side, but for the count of ratings."""
    unknowns = plan.unknowns
    every = {(i, k) for i in range(unknowns) for k in range(i + 1)}
    every |= {(unknowns, k) for k in range(unknowns)}
    return Counter(every - ({(plan.rank, plan.rank)} if plan.biases else set()))


def test_every_entry_is_summed_exactly_once() -> None:
    for plan in plans():
        assert entries(plan, plan.accumulators) == wanted(plan), plan


@pytest.mark.parametrize("change", ["missing", "twice"])
def test_a_wrong_sum_is_seen(change: str) -> None:
    plan = Plan(20, True, "float32", TARGETS[0])
    accumulators = plan.accumulators
    wrong = accumulators[1:] if change == "missing" else (*accumulators, accumulators[0])
    assert entries(plan, wrong) != wanted(plan)


def test_accumulators_and_vectors_fit_into_the_registers() -> None:
    for plan in plans():
        for terms in plan.passes:
            sums = [v for term in terms for v in term.vectors]
            loaded = set(sums) - {ONES}
            assert len(sums) + len(loaded) + 1 <= plan.target.registers, plan


def test_two_blocks_stay_in_a_first_level_cache() -> None:
    """Whole blocks for rows as short as usual, and not a handful of ratings for long ones."""
    short, long, longest = (
        Plan(rank, True, "float32", Target(8, 16, True, block=32)) for rank in (20, 128, 1000)
    )
    assert (short.block, long.block, longest.block) == (32, 16, 16)
    assert 2 * long.block * long.layout.stride * long.itemsize <= 32768
    assert Plan(20, True, "float32", Target(16, 32, True, block=128)).block == 128


def test_destinations_are_the_packed_entries() -> None:
    plan = Plan(20, True, "float32", TARGETS[0])
    numbers = plan.destinations[plan.destinations < plan.entries]
    expected = sorted(packed_index(*entry) for entry in wanted(plan))
    assert sorted(numbers.tolist()) == expected
    assert plan.destinations.max() == plan.entries


def test_cyclic_diagonals_save_multiplications() -> None:
    plan = Plan(32, True, "float32", Target(16, 32, True))
    rotations = [term for term, _ in plan.accumulators if term.by is By.ROTATION]
    assert len(rotations) == 2 * 9  # instead of two blocks of 16
    assert [sum(len(term.vectors) for term in terms) for terms in plan.passes] == [21, 18]


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("rank", [1, 13, 20, 32, 33])
def test_the_interpreter_sums_what_the_plan_says(rank: int, biases: bool) -> None:
    """Σ v vᵀ with v = [q; 1; t], as one matrix product."""
    plan = Plan(rank, biases, "float64", Target(8, 32, True))
    task, scratch, v = one_row(plan, 50)
    interpreter.add_ratings(plan, task, 0, 50, scratch, 3)
    interpreter.gather_systems(plan, scratch.sums, scratch.packed)
    product = v.T @ v
    for i, k in wanted(plan):
        assert scratch.packed[packed_index(i, k), 3] == pytest.approx(product[i, k])


def test_items_are_spread_in_their_order() -> None:
    assert interleaved([1, 2], list("abcd")) == ["a", 1, "b", "c", 2, "d"]
    assert interleaved([], [1, 2]) == interleaved([1, 2], []) == [1, 2]


def test_the_picture_shows_the_triangle_and_the_passes() -> None:
    plan = Plan(3, True, "float64", Target(2, 16, True))
    assert draw(plan) == (
        "0       q0\n"
        "0 0     q1\n"
        "0 0 0   q2\n"
        "0 0 0 n 1\n"
        "0 0 0 0 t\n"
        "\n"
        "pass 0: 9 accumulators (4 by factor, 3 by target, 2 by one) of vectors 0, 1"
    )
    many = draw(replace(plan, rank=40))
    assert "pass 1: " in many
    assert "1 1" in many


@pytest.mark.parametrize(
    ("rank", "lanes", "stride", "in_row"),
    [
        (20, 16, 32, True),
        (30, 16, 32, True),
        (31, 16, 32, False),
        (32, 16, 32, False),
        (1, 2, 2, False),
    ],
)
def test_the_bias_is_in_the_row_where_there_is_room(
    rank: int, lanes: int, stride: int, in_row: bool
) -> None:
    layout = RowLayout(rank, lanes)
    assert (layout.stride, layout.bias_in_row) == (stride, in_row)
    factors = np.random.default_rng(0).normal(size=(5, rank + 1))
    rows = layout.pack(factors, np.dtype("float32"))
    assert rows.factors.shape == (6, stride)
    assert rows.factors.ctypes.data % 128 == 0
    assert len(rows.biases) == (0 if in_row else 6)
    np.testing.assert_array_equal(layout.unpack(rows), factors.astype("float32"))
    assert layout.bytes_needed(5, 4) == rows.factors.nbytes + rows.biases.nbytes
    if in_row:
        assert (rows.factors[:, rank + 1] == 1).all()


@pytest.mark.parametrize(
    ("machine", "features", "kind"),
    [
        ("x86_64", "+avx512f,+avx512vl,+avx2,+fma", (64, 32, True, Rotation.VALIGN, 128)),
        ("x86_64", "+avx512f,-avx512vl,+avx2,+fma", (32, 16, True, Rotation.HALVES, 32)),
        ("AMD64", "+sse2,+avx2,-fma", (16, 16, False, Rotation.SHUFFLE, 32)),
        ("arm64", "+neon", (16, 32, True, Rotation.SHUFFLE, 32)),
        ("riscv64", "", (16, 16, False, Rotation.SHUFFLE, 32)),
    ],
)
def test_processors_are_told_apart(machine: str, features: str, kind: tuple) -> None:
    assert _kind(machine, features) == kind


def test_the_host_has_whole_vectors() -> None:
    single, double = (host_target(np.dtype(name)) for name in ("float32", "float64"))
    assert single.lanes == 2 * double.lanes
    assert single.registers == double.registers


def test_a_rotation_is_a_term_of_its_own() -> None:
    plan = Plan(16, False, "float32", Target(16, 32, True))
    half = Term(By.ROTATION, 8, (0,))
    assert plan.entry(half, 0, 0) == (8, 0)
    assert plan.entry(half, 0, 8) is None  # the same product a second time
    assert plan.entry(Term(By.ROTATION, 3, (0,)), 0, 15) == (15, 2)
