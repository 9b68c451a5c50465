"""Files as nobody should write them: read as a slow reader does, or refused in one line.

Not part of the suite: `make attack` runs it, for some minutes.
"""

import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path
from random import Random

import numpy as np
import oracle
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data.movielens.locating import locate
from harness.data.movielens.opening import read
from harness.errors import UserError

TABLES, PACKED, TITLES, PARQUET = 12_000, 3_000, 1_000, 500
HANG_MS = 10_000

SEPARATORS = [",", ",", ";", "\t", "|", "::", " "]
HEADERS = [
    ("userId", "movieId", "rating", "timestamp"),
    ("user_id", "item_id", "stars", "when"),
    ("UserID", "MovieID", "Rating", "Timestamp"),
]
TOKENS = [
    *(b'"', b'""', b"\n", b"\r", b"\r\n", b",", b";", b"::", b":", b"\t", b"|", b" ", b"  "),
    *(b"nan", b"NaN", b"inf", b"-inf", b"1e400", b"1e39", b"3.4028236e38", b"1e-60", b"0x1F"),
    *(b"_", b"1_0", b"+1", b"-0", b"1.0", b"1.5", b"1e3", b"007", b".", b"5.", b".5", b"3,5"),
    *(b"\xff", b"\xe9", b"\0", b"\xef\xbb\xbf", "٣".encode(), "½".encode(), "\u2028".encode()),
    *(b"9223372036854775807", b"9223372036854775808", b"99999999999999999999", b"-1"),
    *(b"2147483648", b"x", b"null", b"NULL", b"NA", b"#", b"true", b"\x1b[2J", b"=cmd()"),
]


def attack(examples: int):
    """A test that is tried so often; ten seconds for one are a hang."""
    return settings(
        max_examples=examples,
        deadline=HANG_MS,
        database=None,
        print_blob=True,
        suppress_health_check=[*HealthCheck],
    )


def _table(random: Random) -> bytes:
    """A table of ratings as somebody may well write it."""
    separator, end = random.choice(SEPARATORS), random.choice(["\n", "\n", "\r\n", "\r"])
    width = random.choice([3, 4])
    order = random.sample(range(width), width) if random.random() < 0.3 else [*range(width)]
    form = random.choice(["{}", "{}", "{}.0", "u{}", "{}" if separator in ", " else "ä {}"])
    quote = '"' if random.random() < 0.2 else ""
    n_rows = random.choice([1, 3, 40])
    pairs = random.sample(range(900), n_rows)
    lines = []
    named = order != [*range(width)] or random.random() < 0.6
    if named:
        names = random.choice(HEADERS)
        lines.append(separator.join(f"{quote}{names[column]}{quote}" for column in order))
    big = random.choice([0, 0, 0, 2**31, 2**53, 2**62])
    for pair in pairs:
        rating = random.choice(["3", "3.5", "4.0", "0.1", "-2.25", "1e-1", "16777217"])
        if separator not in ", " and random.random() < 0.2:
            rating = rating.replace(".", ",")
        row = [form.format(pair // 30 + big), str(pair % 30), rating, str(random.getrandbits(30))]
        lines.append(separator.join(f"{quote}{row[column]}{quote}" for column in order))
    if random.random() < 0.2:
        lines.insert(random.randrange(len(lines) + 1), random.choice(["", " ", "\t"]))
    text = end.join(lines) + random.choice(["", end, end + end])
    return (b"\xef\xbb\xbf" if random.random() < 0.1 else b"") + text.encode()


def _mutated(random: Random, content: bytes, most: int = 3) -> bytes:
    """The same, damaged in a few places."""
    changed = bytearray(content)
    for _ in range(random.randint(0, most)):
        at = random.randrange(len(changed) + 1)
        to = min(len(changed), at + random.choice([1, 1, 2, 9, 40]))
        match random.randrange(7):
            case 0:
                del changed[at:to]
            case 1:
                changed[at:at] = random.choice(TOKENS)
            case 2:
                changed[at:to] = random.choice(TOKENS)
            case 3:
                changed[at:at] = changed[at:to]
            case 4 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 5:
                changed += random.choice(TOKENS)
            case _:
                lines = bytes(changed).split(b"\n")
                random.shuffle(lines)
                changed = bytearray(b"\n".join(lines))
    return bytes(changed)


def _ours(path: Path) -> dict[tuple[object, object], np.float32] | None:
    """What we read; None where it was refused, as it should be: in one line."""
    told: list[str] = []
    try:
        dataset = read(locate(path), told.append)
    except UserError as error:
        said = str(error)
    else:
        rows = dataset.ratings
        users, items = dataset.user_ids[rows.users], dataset.movie_ids[rows.items]
        return dict(zip(zip(users.tolist(), items.tolist(), strict=True), rows.values, strict=True))
    assert "\n" not in said, said
    assert path.name in said, said
    return None


@attack(TABLES)
@given(st.randoms(use_true_random=False))
def test_a_table_is_read_as_a_slow_reader_does_or_refused(tmp_path_factory, counts, random):
    content = _mutated(random, _table(random))
    path = tmp_path_factory.getbasetemp() / "attacked.csv"
    path.write_bytes(content)
    ours = _ours(path)
    try:
        theirs = oracle.read(content)
    except oracle.RefusedError:
        theirs = None
    if ours is None:
        counts["tables refused by both" if theirs is None else "tables refused by ours alone"] += 1
        return
    assert theirs is not None, content
    assert ours == theirs, content
    counts["tables accepted, with the ratings of the slow reader"] += 1


@attack(TABLES // 6)
@given(st.randoms(use_true_random=False))
def test_a_table_that_is_not_damaged_is_accepted(tmp_path_factory, counts, random):
    content = _table(random)
    path = tmp_path_factory.getbasetemp() / "whole.csv"
    path.write_bytes(content)
    assert _ours(path) == oracle.read(content), content
    counts["whole tables accepted"] += 1


def _packed(random: Random, content: bytes) -> tuple[str, bytes]:
    stream = io.BytesIO()
    match random.randrange(5):
        case 0:
            with zipfile.ZipFile(stream, "w", random.choice([0, 8])) as archive:
                archive.writestr("ml/ratings.csv", content)
                archive.writestr("ml/movies.csv", "movieId,title,genres\n1,A,B\n")
            return "a.zip", stream.getvalue()
        case 1:
            return "a.csv.gz", gzip.compress(content)
        case 2:
            return "a.csv.xz", lzma.compress(content, check=lzma.CHECK_CRC32)
        case kind:
            with tarfile.open(fileobj=stream, mode="w:gz" if kind == 3 else "w:xz") as packed:
                info = tarfile.TarInfo("ml/ratings.csv")
                info.size = len(content)
                packed.addfile(info, io.BytesIO(content))
            return ("a.tar.gz" if kind == 3 else "a.tar.xz"), stream.getvalue()


@attack(PACKED)
@given(st.randoms(use_true_random=False))
def test_what_is_packed_and_damaged_is_refused_or_whole(tmp_path_factory, counts, random):
    content = _table(random)
    name, packed = _packed(random, content)
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(_mutated(random, packed))
    ours = _ours(path)
    assert ours in (None, oracle.read(content)), (name, packed)
    counts["archives refused" if ours is None else "archives read whole"] += 1


@attack(TITLES)
@given(st.randoms(use_true_random=False))
def test_titles_never_stop_the_ratings(tmp_path_factory, counts, random):
    folder = tmp_path_factory.getbasetemp() / "titled"
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    kinds = {
        "movies.csv": (
            "ratings.csv",
            b"1,2,3\n",
            b'movieId,title,genres\n2,"A, B",Drama|War\n3,C,',
        ),
        "movies.dat": ("ratings.dat", b"1::2::3::4\n", b"2::A::Drama\n3::\xe9::War\n"),
        "u.item": ("u.data", b"1\t2\t3\t4\n", b"2|A|1|2|3" + b"|1" * 19 + b"\n3|B\n"),
    }
    titles = random.choice([*kinds])
    ratings, rows, content = kinds[titles]
    (folder / ratings).write_bytes(rows)
    (folder / titles).write_bytes(_mutated(random, content * random.choice([1, 5])))
    told: list[str] = []
    dataset = read(locate(folder), told.append)
    assert len(dataset.ratings) == 1
    assert len(told) <= 1
    counts["files of titles"] += 1


@attack(PARQUET)
@given(st.randoms(use_true_random=False))
def test_parquet_that_is_damaged_raises_nothing_else(tmp_path_factory, counts, random):
    stream = io.BytesIO()
    pd.DataFrame({"user": [1, 2], "item": [3, 4], "rating": [1.0, 2.0]}).to_parquet(stream)
    path = tmp_path_factory.getbasetemp() / "a.parquet"
    path.write_bytes(_mutated(random, stream.getvalue()))
    read_or_not = "refused" if _ours(path) is None else "read"
    counts[f"parquet files {read_or_not}"] += 1


def test_the_oracle_knows_right_from_wrong():
    assert oracle.read(b"1,2,3.5\n") == {(1, 2): np.float32(3.5)}
    assert oracle.read(b'user;item;rating\n"a";x;0,1\n') == {("a", "x"): np.float32(0.1)}
    for bad in (b"", b"1,2\n", b"1,2,3\n1,2,4\n", b"1,2,x\n1,3,4", b'1,2,"3\n', b"1,,3\n"):
        with pytest.raises(oracle.RefusedError):
            oracle.read(bad)
