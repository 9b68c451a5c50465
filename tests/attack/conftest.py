"""What an attack tells of itself."""

from collections import Counter

import pytest


@pytest.fixture(scope="module")
def counts():
    """How often what was seen; printed when the module is done."""
    seen: Counter[str] = Counter()
    yield seen
    print()
    for what, number in sorted(seen.items()):
        print(f"{number:8,} {what}")
