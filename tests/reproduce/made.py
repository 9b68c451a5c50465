"""A protocol and its ratings, made by the tests."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

SPLIT = """
[split]
kind = "file-order"
share = 0.25
seeds = [3]
original = true
note = "made"
"""
ALS = """
[model]
solver = "als"
rank = 2
reg = 1.0
bias_reg = 0.5
sweeps = 3
"""
BIASES = """
[model]
solver = "biases"
user_reg = 3.0
item_reg = 2.0
sweeps = 4
least = 1.0
most = 5.0
"""


def split(kind: str, part: str, seeds: str = "[0, 1, 2]", original: str = "false") -> str:
    given = f'kind = "{kind}"\n{part}\nseeds = {seeds}\noriginal = {original}\nnote = "made"'
    return f"\n[split]\n{given}\n"


def figure(quantity: str, published: float, tolerance: float = 0.0, more: str = "") -> str:
    name = f"{quantity} {more}".strip().replace('"', "").replace("\n", " ")
    return (
        f'\n[[figures]]\nname = "{name}"\nquantity = "{quantity}"\npublished = {published}\n'
        f'tolerance = {tolerance}\nbecause = "made"\n{more}\n'
    )


def write_ratings(folder: Path) -> Path:
    """Some 400 ratings of 40 users in no order, among them a user with one only."""
    random = np.random.default_rng(5)
    users, items = np.nonzero(random.random((40, 30)) < 0.35)
    keep = (users != 7) | (np.arange(len(users)) == np.flatnonzero(users == 7)[0])
    users, items = users[keep], items[keep]
    order = random.permutation(len(users))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "ratings.csv"
    rows = [f"{3 * users[n] + 1},{5 * items[n] + 2},{random.integers(1, 6)}.0,9" for n in order]
    path.write_text("\n".join(["userId,movieId,rating,timestamp", *rows]) + "\n")
    return path


def protocol_text(
    ratings: Path, figures: str, split: str = SPLIT, model: str = ALS, more: str = ""
) -> str:
    md5 = hashlib.md5(ratings.read_bytes()).hexdigest()
    return (
        'name = "made"\nimplementation = "numpy"\n'
        '[source]\ntitle = "T"\nauthors = "A"\nyear = 2001\nlink = "L"\n'
        f'[dataset]\nname = "made-ratings"\nratings_md5 = "{md5}"\n{split}{model}{figures}{more}'
    )


def zipped_ratings(ratings: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(ratings, f"release/{ratings.name}")
