"""Numbers are printed to the digit that their spread justifies."""

import math

import pytest

from harness.report import numbers

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (0.0332, 0.0004, "0.0332"),
        (0.0332, 0.002, "0.033"),
        (0.0332, 0.02, "0.03"),
        (0.0332, 5.0, "0.03"),  # one digit at least
        (142.3, 4.0, "142"),
        (142.3, 70.0, "140"),
        (1337.2, 0.1, "1,340"),  # three digits at most
        (9.996, 0.001, "10.0"),  # not 10.00
        (1.25, NAN, "1.2"),
        (0.0, 1.0, "0"),
        (3.0, 0.0, "3.00"),
    ],
)
def test_rounded(value: float, spread: float, text: str) -> None:
    assert numbers.rounded(value, spread) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (142.2, 138.1, 146.4, "142 (138–146)"),
        (0.523, 0.501, 0.546, "0.52 (0.50–0.55)"),
        (142.2, NAN, NAN, "140"),
        (3.0, 0.2, 45.0, "3 (0.2–45)"),
        (NAN, 1.0, 2.0, "–"),
        (None, None, None, "–"),
    ],
)
def test_with_interval(value: float, low: float, high: float, text: str) -> None:
    assert numbers.with_interval(value, low, high) == text


def test_a_projected_number_carries_a_tilde() -> None:
    assert numbers.with_interval(142.2, 138.1, 146.4, tilde=True) == "~142 (138–146)"
    assert numbers.with_spread(320.0, 280.0, 360.0, tilde=True) == "~320"


@pytest.mark.parametrize(
    ("value", "text"),
    [(90_211, "90.2k"), (100_000, "100k"), (999_700, "1M"), (28_800_163, "28.8M"), (950, "950")],
)
def test_compact(value: float, text: str) -> None:
    assert numbers.compact(value) == text


def test_small_things() -> None:
    assert numbers.difference(2.9e-14) == "3e-14"
    assert numbers.difference(0.0) == "0"
    assert numbers.once(0.004) == "<0.01"
    assert numbers.once(1.31) == "1.3"
    assert numbers.once(131.0) == "130"
    assert numbers.mebibytes(3 * 2**20) == "3"
    assert numbers.rmse(0.7701234) == "0.77012"
    nothing = [numbers.difference, numbers.once, numbers.mebibytes, numbers.rmse, numbers.count]
    assert {say(missing) for say in nothing for missing in (None, NAN)} == {"–"}
