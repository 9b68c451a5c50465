"""Who is alive together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measure.admission import Admission, admit


def test_all_together_where_there_is_room():
    assert admit([3, 4, 5], 12) == Admission(((0, 1, 2),), None, ())


def test_groups_share_the_cell_that_needs_least():
    admission = admit([6, 5, 2, 4], 8)
    assert admission.anchor == 2
    assert admission.groups == ((0, 2), (1, 2), (2, 3))
    assert admission.refused == ()


def test_the_anchor_is_one_that_others_can_be_held_against():
    admission = admit([6, 5, 2, 3], 9, references=[0, 3])
    assert admission.anchor == 3
    assert all(3 in group for group in admission.groups)


def test_references_that_do_not_fit_are_no_anchor():
    assert admit([20, 5, 4, 3], 8, references=[0]).anchor == 3


def test_a_cell_that_fits_alone_only_is_a_group_of_its_own():
    assert admit([3, 9, 4], 10) == Admission(((1,), (0, 2)), 0, ())


def test_what_cannot_fit_alone_is_refused():
    assert admit([3, 11, 4], 10) == Admission(((0, 2),), None, (1,))
    assert admit([11, 12], 10) == Admission((), None, (0, 1))


def test_no_cells_are_no_groups():
    assert admit([], 10) == Admission((), None, ())


@pytest.mark.parametrize("room", [0, 9])
def test_a_cell_that_needs_nothing_is_never_refused(room):
    assert admit([0], room).groups == ((0,),)


@given(st.lists(st.integers(0, 100), max_size=12), st.integers(0, 200), st.sets(st.integers(0, 11)))
def test_what_any_admission_keeps(needed, room, references):
    admission = admit(needed, room, references)
    grouped = {cell for group in admission.groups for cell in group}
    assert grouped | set(admission.refused) == set(range(len(needed)))
    assert not grouped & set(admission.refused)
    assert all(needed[cell] > room for cell in admission.refused)
    for group in admission.groups:
        assert group
        assert len(set(group)) == len(group)
        assert sum(needed[cell] for cell in group) <= room
    _check_anchor(admission, needed, room, references)


def _check_anchor(admission: Admission, needed: list[int], room: int, references: set[int]) -> None:
    anchor = admission.anchor
    if anchor is None:
        assert len(admission.groups) <= 1
        return
    assert sum(needed[cell] for group in admission.groups for cell in group) > room
    if any(cell in references and needed[cell] <= room for cell in range(len(needed))):
        assert anchor in references
    for group in admission.groups:
        lone = len(group) == 1 and needed[group[0]] + needed[anchor] > room
        assert anchor in group or lone
    others = [cell for group in admission.groups for cell in group if cell != anchor]
    assert len(others) == len(set(others))
