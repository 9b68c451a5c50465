"""What a run is to do."""

import json

import pytest

from harness.measure.plan import Plan, entrants, process_rounds_of
from implementations.problem import AlsParams


def _cells(*names: str, threads: tuple[int, ...] = (2,)) -> list[tuple[str, int, int | None, bool]]:
    plan = Plan(implementations=names, rungs=("100k",), threads=threads, params=AlsParams())
    cells = entrants(plan)
    return [(cell.variant.name, cell.threads, cell.ladder, cell.hidden) for cell in cells]


def test_each_implementation_has_a_cell_for_each_thread_count_that_it_can_use():
    assert _cells("naive", "numba-parallel", threads=(1, 2)) == [
        ("naive", 1, 0, False),
        ("numba-parallel", 1, 3, False),
        ("numba-parallel", 2, 3, False),
    ]


@pytest.mark.parametrize("name", ["numba-serial-f32", "third_party:MyAls"])
def test_what_has_nothing_to_be_held_against_gets_a_hidden_reference(name):
    visible, hidden = _cells(name, threads=(1, 2))[0], _cells(name, threads=(1, 2))[-1]
    assert visible == (name, 1, None, False)
    assert hidden == ("numba-parallel", 2, 3, True)


@pytest.mark.parametrize("name", ["naive", "numba-serial"])
def test_a_rung_of_the_ladder_needs_no_hidden_one(name):
    assert not any(hidden for *_, hidden in _cells("third_party:MyAls", name))


def test_a_name_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="nobody"):
        _cells("nobody")


@pytest.mark.parametrize("budget_s", [60.0, float("inf")])
def test_a_plan_can_be_written(budget_s):
    plan = Plan(
        implementations=("naive",),
        rungs=("100k",),
        threads=(1,),
        params=AlsParams(),
        budget_s=budget_s,
    )
    written = plan.to_json()
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert written["budget_s"] == (60.0 if budget_s == 60 else None)


@pytest.mark.parametrize(
    ("rounds", "precision", "expected"),
    [
        *((1, None, 1), (6, None, 1), (30, None, 5), (31, None, 6), (60, None, 5)),
        *((90, None, 5), (180, None, 10), (360, None, 20), (180, 0.05, 10)),
    ],
)
def test_cells_have_six_processes_and_of_many_rounds_up_to_eighteen(rounds, precision, expected):
    assert process_rounds_of(rounds, precision) == expected


def test_the_default_is_thirty_rounds_in_six_processes():
    assert Plan.rounds / Plan.process_rounds == 6
    assert Plan.process_rounds == process_rounds_of(Plan.rounds)
