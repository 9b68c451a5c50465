"""Every registered implementation is held to every property of the contract."""

import pytest

from harness.conformance import PROPERTIES, Property, Subject
from harness.conformance.check import outcome
from implementations.problem import AlsParams
from implementations.registry import GROUPS, LADDER, find
from implementations.variant import Variant

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("prop", PROPERTIES, ids=lambda prop: prop.name.replace(" ", "-"))
def test_property(prop: Property, subject: Subject) -> None:
    result = outcome(prop, subject)
    assert result.passed, result.detail


def test_two_threads_are_used_where_there_is_no_limit(variant: Variant) -> None:
    expected = 1 if variant.most_threads == 1 else 2
    assert (
        variant.threads(2)
        == variant.create(threads=2, params=AlsParams(rank=2)).threads
        == expected
    )


def test_the_ladder_is_float64_and_f32_is_float32() -> None:
    assert {find(name).dtype for name in LADDER} == {"float64"}
    assert {find(name).dtype for name in GROUPS["f32"]} == {"float32"}
    assert GROUPS["all"] == (*LADDER, "numba-tiled-f32")
