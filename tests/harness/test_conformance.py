"""The check passes what is right, and says of what is wrong where, and by which two numbers."""

import broken
import numpy as np
import pytest

from harness.conformance import PROPERTIES, Outcome, Subject, Violation, check
from harness.conformance.check import outcome
from harness.conformance.problems import shapes
from harness.conformance.violation import compare_rows
from implementations.registry import find

BY_NAME = {prop.name: prop for prop in PROPERTIES}

# What must be found, at least: the property, and the beginning of what is said.
CAUGHT = {
    "BiasForgotten": ("users equal the oracle", r"users row 0, bias: 0 where the oracle has -?\d"),
    "RegulariserDoubled": ("users equal the oracle", r"users row 0, .* 6 of 6 rows differ"),
    "RegulariserOff": ("items equal the oracle", r"items row 0, .*relative \d\.\de-0[23], allowed"),
    "LastRowSkipped": (
        "users equal the oracle",
        r"users row 5, .* 1 of 6 rows differ\), problem 'plain', rank 3$",
    ),
    "EmptyRowsLeft": (
        "users equal the oracle",
        r"users row 0, .* where the oracle has 0 .* 3 of 14 .* 'empty rows'",
    ),
    "SingleInDisguise": ("items equal the oracle", r"items row .*e-08, allowed 1.0e-09"),
    "Raising": ("items equal the oracle", r"^raised ZeroDivisionError: no items today$"),
    "BiasesAlways": ("biases can be left out", r"users row 1, bias: .* where the oracle has 0 "),
    "CountsIgnored": ("regularisers can be scaled by counts", r"users row 1, .*'count scaled'"),
    "OtherSideTouched": ("the other side stays", r"after update_users: items row 0, .*original"),
    "StaleUsers": ("present factors are used", r"^sweep 1, items row 1, "),
    "Overshooting": ("the objective never rises", r"sweep 1, users: the objective rises from \d+"),
    "ThreadsShow": (
        "threads do not change a bit",
        r"sweep 1, users, 2 threads against 1: users row 1, .*allowed 0.0e\+00",
    ),
    "SingleRead": (
        "read has the dtype of the variant",
        r"after load, users are float32, not float64",
    ),
    "LoadKeepsArrays": (
        "factors are copied in and out",
        r"after the loaded arrays were changed: users row 0, factor 0: nan where the original",
    ),
    "ReadLendsArrays": ("factors are copied in and out", r"after the arrays read were changed: "),
    "InputCentred": (
        "ratings stay as they are",
        r"values\[0\] of the ratings is .* where it was 5.0, problem 'empty rows'",
    ),
    "InputMustBeWritable": (
        "read only memory maps are accepted",
        r"raised ValueError: .*read-only",
    ),
    "WarmUpSweeps": ("warm up leaves the factors", r"after warm_up: users row 0"),
    "PreparedOnce": ("prepare and load start over", r"raised IndexError"),
    "BytesUnknown": (
        "bytes needed cover the factors",
        r"bytes_needed is 0 where the factors alone take 64 bytes",
    ),
    "Refusing": ("refuses gives a reason", r"refuses gives '' for 1 ratings"),
    "Unfinished": (
        "half sweeps are done when they return",
        r"update_users returns before its work is done: it takes \S+ s, and reading the factors",
    ),
    "Unjoined": (
        "half sweeps are done when they return",
        r"users changed after update_users had returned: its work is not done then, problem 'busy'",
    ),
    "NanForSolveError": ("singular systems raise", r"users row 1: nan where SolveError is due"),
    "WrongRowNamed": (
        "not finite factors raise",
        r"SolveError names users row 5 where users row 4 is the lowest that fails",
    ),
    "StuckAfterFailure": ("a failure can be got over", r"raised SolveError: users row"),
}
# Properties that any wrong number breaks, and so several of the above.
ALSO = {
    "sweeps predict as the oracle does": "RegulariserOff",
    "read gives what was loaded": "SingleRead",
}


def _outcome(cls: str, prop: str) -> Outcome:
    return outcome(BY_NAME[prop], Subject(find(f"broken:{cls}")))


def test_a_third_party_class_passes() -> None:
    outcomes = list(check(find("third_party:MyAls")))
    assert [each.detail for each in outcomes] == [""] * len(PROPERTIES)
    assert all(each.passed for each in outcomes)
    names = [(each.name, each.statement) for each in outcomes]
    assert names == [(prop.name, prop.statement) for prop in PROPERTIES]


def test_what_does_not_apply_passes_and_says_why() -> None:
    details = {each.name: each.detail for each in check(find("numpy"), threads=2) if each.passed}
    assert len(details) == len(PROPERTIES)
    assert details.pop("threads do not change a bit") == "does not apply: one thread"
    assert not any(details.values())


@pytest.mark.parametrize("cls", CAUGHT)
def test_what_is_wrong_is_named(cls: str) -> None:
    prop, message = CAUGHT[cls]
    found = _outcome(cls, prop)
    assert not found.passed
    with pytest.raises(Violation, match=message):
        raise Violation(found.detail)


@pytest.mark.parametrize("prop", ALSO)
def test_what_else_is_wrong_is_found(prop: str) -> None:
    assert not _outcome(ALSO[prop], prop).passed


def test_every_property_and_every_broken_class_is_in_a_test_here() -> None:
    assert {prop for prop, _ in CAUGHT.values()} | set(ALSO) == set(BY_NAME)
    named = {
        name for name in vars(broken) if getattr(vars(broken)[name], "__module__", "") == "broken"
    }
    assert named == {*CAUGHT, "_OtherRegulariser"}


@pytest.mark.parametrize(
    "cls", ["OtherSideTouched", "ThreadsShow", "InputCentred", "StuckAfterFailure"]
)
def test_what_is_wrong_in_one_way_fails_in_one_property(cls: str) -> None:
    failed = [each.name for each in check(find(f"broken:{cls}")) if not each.passed]
    assert failed == [CAUGHT[cls][0]]


def test_a_class_that_cannot_be_made_is_an_outcome() -> None:
    outcomes = list(check(find("unusable:Unmakeable")))
    asked = {"bytes needed cover the factors", "refuses gives a reason"}  # of the class alone
    details = {each.detail for each in outcomes if each.name not in asked}
    assert details == {"raised RuntimeError: no licence"}
    assert {each.name for each in outcomes if each.passed} == asked


def test_a_violation_carries_where_and_the_two_numbers() -> None:
    with pytest.raises(Violation) as caught:
        BY_NAME["present factors are used"].holds(Subject(find("broken:StaleUsers")))
    mismatch = caught.value.mismatch
    assert mismatch is not None
    assert (mismatch.side, mismatch.row, caught.value.sweep) == ("items", 1, 1)
    assert mismatch.got != mismatch.expected
    assert mismatch.relative > 1e-3


def test_statements_are_one_sentence_each() -> None:
    for prop in PROPERTIES:
        assert prop.statement.endswith(".")
        assert prop.statement.count(". ") == 0
    assert len(BY_NAME) == len(PROPERTIES)


def test_shapes_are_the_same_every_time_and_all_different() -> None:
    names = [problem.name for problem in shapes()]
    assert len(set(names)) == len(names)
    for first, second in zip(shapes(), shapes(), strict=True):
        np.testing.assert_array_equal(first.train.values, second.train.values)


ROWS = np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("row", "column", "value", "relative"),
    [
        (0, 1, 1e-300, np.inf),  # zeros are exact
        (1, 0, 1.002, 1e-3),
        (2, 1, np.nan, np.inf),
        (2, 0, np.inf, np.inf),
    ],
)
def test_rows_are_compared_one_by_one(row: int, column: int, value: float, relative: float) -> None:
    got = ROWS.copy()
    got[row, column] = value
    wrong = compare_rows("users", got, ROWS, 1e-4)
    assert wrong is not None
    assert (wrong.row, wrong.column, wrong.n_wrong) == (row, column, 1)
    assert wrong.relative == pytest.approx(relative)
    assert wrong.is_bias == (column == 1)


def test_rows_within_the_tolerance_are_equal_and_shapes_must_be() -> None:
    assert compare_rows("users", ROWS * (1 + 1e-5), ROWS, 1e-4) is None
    with pytest.raises(Violation, match=r"items have shape \(2, 2\), not \(3, 2\)"):
        compare_rows("items", ROWS[:2], ROWS, 1e-4)
