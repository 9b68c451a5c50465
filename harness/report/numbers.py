"""Numbers as they are printed: no digit that the spread does not justify, a dash for none."""

import math
from typing import Any

import pandas as pd

from harness.analysis.naming import counted as counted  # offered here, too

MISSING = "–"
MEBIBYTE = 2**20


def number(value: Any) -> float:
    """Read a number of a frame; NaN for whatever stands for none there (None, NaN, NA)."""
    return math.nan if value is None or pd.isna(value) else float(value)


def known(value: Any) -> bool:
    """Tell whether a frame holds a finite number there."""
    return math.isfinite(number(value))


def rounded(value: float, spread: float, most: int = 3) -> str:
    """Print a number down to the first digit of its spread.

    Parameters
    ----------
    value : float
        Finite.
    spread : float
        Its half-width, in the same unit. NaN: not known, and two digits are printed.
    most : int
        Most significant digits.

    Returns
    -------
    str
        At least one significant digit; thousands are separated by commas.
    """
    if value == 0:
        return "0"
    last = last_digit(value, spread, most)
    last = last_digit(round(value, -last), spread, most)  # 9.996 has become 10.0
    return at(value, last)


def last_digit(value: float, spread: float, most: int = 3) -> int:
    """Power of ten of the last digit that `rounded` prints."""
    if value == 0:
        return 0
    first = math.floor(math.log10(abs(value)))
    last = first - (most - 1)
    if math.isnan(spread):
        return first - 1
    if spread > 0:
        last = max(last, math.floor(math.log10(spread)))
    return min(last, first)


def at(value: float, last: int) -> str:
    """Print a number with its last digit at a power of ten."""
    return f"{round(value, -last):,.{max(0, -last)}f}"


def with_spread(value: Any, low: Any, high: Any, *, tilde: bool = False) -> str:
    """Print a number by the width of its interval, which is not itself printed."""
    if not known(value):
        return MISSING
    spread = (number(high) - number(low)) / 2
    return "~" * tilde + rounded(number(value), spread)


def with_interval(value: Any, low: Any, high: Any, *, tilde: bool = False, unit: str = "") -> str:
    """Print a number and its interval, all to the same digit: ``142 (138–146)``."""
    if not known(value):
        return MISSING
    mark, middle = "~" * tilde, number(value)
    if not (known(low) and known(high)) or number(low) == number(high):
        return with_spread(value, low, high, tilde=tilde) + unit
    spread = (number(high) - number(low)) / 2
    last = last_digit(middle, spread)
    below = at(number(low), last)
    if round(number(low), -last) == 0:  # a factor is never 0: give its bound a digit
        below = rounded(number(low), number(low))
    return f"{mark}{at(middle, last)}{unit} ({below}–{at(number(high), last)})"


def once(seconds: Any) -> str:
    """Print seconds that were measured once: two digits, hundredths at the finest."""
    if not known(seconds):
        return MISSING
    value = number(seconds)
    return "<0.01" if value < 0.01 else at(value, max(-2, last_digit(value, math.nan)))


def duration(seconds: float) -> str:
    """Print how long something takes: ``45 s``, ``2 min 05 s``, ``1 h 02 min``."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 2 * 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def about(seconds: float) -> str:
    """Print seconds that are guessed, rounded up as a guess deserves: ``35 s``, ``2 min 10 s``."""
    step = 5 if seconds <= 60 else 10 if seconds <= 600 else 60
    return duration(step * math.ceil(seconds / step)).replace(" 00 s", "")


def rmse(value: Any) -> str:
    """Print an RMSE, in rating units, with five decimals."""
    return f"{number(value):.5f}" if known(value) else MISSING


def difference(value: Any) -> str:
    """Print a difference as its order of magnitude: ``3e-14``, or ``0`` for exactly none."""
    if not known(value):
        return MISSING
    if number(value) == 0:
        return "0"
    mantissa, exponent = f"{number(value):.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def change(value: Any) -> str:
    """Print a relative change in per cent, with its sign: ``+0.12 %``."""
    return f"{100 * number(value):+.2f} %" if known(value) else MISSING


def percent(value: Any) -> str:
    """Print a share in per cent: whole ones, two digits below ten."""
    if not known(value):
        return MISSING
    share = 100 * number(value)
    if share < 0.01:
        return "<0.01 %"
    return f"{rounded(share, math.nan) if share < 9.95 else at(share, 0)} %"


def count(value: Any) -> str:
    """Print a count in full: ``900,123``."""
    return f"{int(number(value)):,}" if known(value) else MISSING


def compact(value: float, _position: object = None) -> str:
    """Print a count in at most three digits and a letter: ``100k``, ``28.8M``.

    The second argument is what matplotlib gives to a tick's formatter besides the value.
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * size:  # 999,600 is 1M
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def mebibytes(value: Any) -> str:
    """Print bytes in MiB."""
    if not known(value):
        return MISSING
    size = number(value) / MEBIBYTE
    return "<1" if size < 1 else f"{size:,.0f}"
