"""The registry as fixtures: what a test takes as `variant` runs once for each implementation."""

import pytest

from harness.conformance import Subject
from harness.conformance.problems import irregular
from implementations.registry import find, names
from implementations.variant import Variant

THREADS = 2


@pytest.fixture(scope="session", params=names())
def variant(request: pytest.FixtureRequest) -> Variant:
    """One registered variant after the other, compiled."""
    found = find(request.param)
    problem = irregular()
    Subject(found, THREADS).ready(problem, problem.factors(found.dtype))
    return found


@pytest.fixture
def subject(variant: Variant) -> Subject:
    """The variant with two threads, where it can use them."""
    return Subject(variant, THREADS)
