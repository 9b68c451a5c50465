"""Values of options, text to what it stands for; and the options that several commands share."""

from argparse import ArgumentParser, ArgumentTypeError
from math import isnan
from pathlib import Path
from re import fullmatch

_COLUMNS = (
    "columns of a table in --data: names, or numbers from 1; NAME:text takes ids as text "
    "(default: told by their usual names)"
)


def add_source(parser: ArgumentParser) -> None:
    """Add what names the data, and their columns."""
    parser.add_argument(
        "--data", default="auto", help="auto, a name (see `list`), or a folder, file or archive"
    )
    add_columns(parser)


def add_columns(parser: ArgumentParser) -> None:
    """Add what names the columns of a table."""
    parser.add_argument(
        "--columns", type=columns, default={}, metavar="user=A,item=B,rating=C", help=_COLUMNS
    )


def add_model(parser: ArgumentParser) -> None:
    """Add what the model is, and which ratings are held out."""
    add = parser.add_argument
    add("--rank", type=int, default=20, help="length of a factor, the bias not counted")
    add("--reg", type=float, help="regulariser of factors (default: 25; .05 if count-scaled)")
    add("--bias-reg", type=float, help="of biases (default: 7.5; .05 if count-scaled)")
    add("--count-scaled", action="store_true", help="weigh regularisers by counts (ALS-WR)")
    add("--no-biases", action="store_true", help="no user and item biases")
    add("--seed", type=int, default=0, help="of the start factors")
    add("--split-seed", type=int, default=0, help="of the holdout")


def count(text: str) -> int:
    """Whole number from 1."""
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def counts(text: str) -> tuple[int, ...]:
    """Whole numbers from 1, separated by commas."""
    return tuple(count(part.strip()) for part in text.split(","))


def columns(text: str) -> dict[str, str]:
    """Columns of users, items and ratings, as far as they are named."""
    found = dict(part.strip().partition("=")[::2] for part in text.split(","))
    if not found.keys() <= {"user", "item", "rating"} or not all(found.values()):
        raise ArgumentTypeError(f"{text!r} is not like user=A,item=B,rating=C")
    return found


def paths(text: str) -> tuple[Path, ...]:
    """Paths, separated by commas; one that is there counts as it stands, commas and all."""
    if Path(text).exists():
        return (Path(text),)
    return tuple(Path(part) for part in text.split(","))


def seconds(text: str) -> float:
    """Seconds above 0; inf is one."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if isnan(number) or number <= 0:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return number


def share(text: str) -> float:
    """Share that is written as a percentage."""
    try:
        part = float(text.removesuffix("%")) / 100
    except ValueError:
        part = -1.0
    if not 0 <= part < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a percentage such as 5%")
    return part


def precision(text: str) -> float:
    """Share between 0 and 1 that is written as a percentage."""
    part = share(text)
    if not 0 < part < 1:
        raise ArgumentTypeError(f"{text!r} is not a percentage between 0 and 100")
    return part


_UNITS = {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "MB": 10**6, "GB": 10**9}


def size_in_bytes(text: str) -> int:
    """Bytes, written as a number and a unit."""
    found = fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]iB|[MG]B|)", text)
    size = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if size < 1:
        raise ArgumentTypeError(f"{text!r} is not a size such as 3GiB or 500MB")
    return size
