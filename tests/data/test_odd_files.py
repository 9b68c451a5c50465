"""Files in other layouts than a release's: read all the same, to the same ratings."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pytest
from release_files import ROWS, TITLES, write_csv

from harness.data.ladder.scales import cut
from harness.data.movielens import archives, cleaning
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import open_path, read
from harness.errors import UserError

IDS = [2, 7, 900], [10, 20, 30, 1193]
VALUES = [3, 2, 5, 4, 1]


def check(dataset, kind=int):
    assert dataset.user_ids.tolist() == sorted(map(kind, IDS[0]))
    assert dataset.movie_ids.tolist() == sorted(map(kind, IDS[1]))
    found = {
        (dataset.user_ids[u], dataset.movie_ids[m]): value
        for u, m, value in zip(
            dataset.ratings.users, dataset.ratings.items, dataset.ratings.values, strict=True
        )
    }
    assert found == {(kind(user), kind(movie)): value for user, movie, value in ROWS}


def lines(form, header="userId,movieId,rating", end="\n"):
    rows = [form.format(u=user, m=movie, r=rating) for user, movie, rating in ROWS]
    return end.join([*([header] if header else []), *rows]) + end


ODD = {
    "CR alone": lines("{u},{m},{r}", end="\r"),
    "CRLF": lines("{u},{m},{r}", end="\r\n"),
    "ends mixed": lines("{u},{m},{r}").replace("\n2", "\r2").replace("\n7", "\r\n7"),
    "no end": lines("{u},{m},{r}").rstrip("\n"),
    "a mark": "\ufeff" + lines("{u},{m},{r}"),
    "a mark and no header": "\ufeff" + lines("{u},{m},{r}", None),
    "no header": lines("{u},{m},{r}", None),
    "blank lines": "\n \n" + lines("{u},{m},{r}").replace("\n", "\n\n  \n"),
    "quotes": lines('"{u}","{m}","{r}"', '"userId","movieId","rating"'),
    "blanks": lines(" {u} , {m},{r} ", " userId , movieId , rating "),
    "another order, more columns": lines("x,{r},{m},,{u}", "a,rating,item,b,user"),
    "names of another kind": lines("{u},{m},{r}", "user_id,item_id,stars"),
    "names in capitals": lines("{u},{m},{r}", "UserID,MovieID,Rating"),
    "semicolons": lines("{u};{m};{r}", "user;item;rating"),
    "decimal commas": lines("{u};{m};{r}", "user;item;rating").replace(".", ","),
    "quoted decimal commas": lines('{u},{m},"{r}"').replace(".", ","),
    "bars": lines("{u}|{m}|{r}", "user|item|rating"),
    "tabs with a header": lines("{u}\t{m}\t{r}", "user\titem\trating"),
    "colons with a header": lines("{u}::{m}::{r}::9", "UserID::MovieID::Rating::Timestamp"),
    "blanks between": lines("{u} {m} {r} 9", None),
    "bars in another column": lines("{u},{m},{r},a|b|c", None),
    "ids as floats": lines("{u}.0,{m}.00,{r}"),
    "ids with a sign": lines("+{u},{m},+{r}"),
    "ids in powers": lines("{u}e0,{m},{r}"),
    "ids with zeros": lines("000{u},{m},{r}"),
    "latin-1 in another column": lines("{u},{m},{r},\xe9", "userId,movieId,rating,x"),
    "commas in quotes": lines('{u},{m},{r},"a,b"', "userId,movieId,rating,x"),
    "a huge field": lines("{u},{m},{r}," + "x" * 200_000, "userId,movieId,rating,x"),
    "x in another column": lines("{u},{m},{r},0x10", "userId,movieId,rating,x"),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_it_reads_as_a_release_does(tmp_path, content):
    path = tmp_path / "mine.csv"
    path.write_bytes(content.encode("latin-1" if "\xe9" in content else "utf-8"))
    check(read(locate(path), pytest.fail))


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
@pytest.mark.parametrize("chunk", [1, 7])
def test_it_does_so_whatever_is_read_at_a_time(tmp_path, content, chunk, monkeypatch):
    monkeypatch.setattr(cleaning, "_CHUNK", chunk)
    if len(content) < 1_000:
        test_it_reads_as_a_release_does(tmp_path, content)


NAMED = {
    "names": (lines("{u},{m},{r}", "a,b,c"), {"user": "a", "item": "b", "rating": "c"}),
    "one of them": (lines("{u},{m},{r}", "a,item,rating"), {"user": "a"}),
    "numbers": (lines("{r},x,{m},{u}", None), {"user": "4", "item": "3", "rating": "1"}),
    "numbers for names": (lines("{u},{m},{r}", "a,b,c"), {"user": "1", "item": "2"}),
}


@pytest.mark.parametrize(("content", "columns"), NAMED.values(), ids=NAMED)
def test_columns_are_those_that_are_named(tmp_path, content, columns):
    (tmp_path / "mine.csv").write_text(content)
    check(read(locate(tmp_path, columns), pytest.fail))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"user": "nobody"}, "line 1: there is no column 'nobody' for user; there are 'userId'"),
        ({"user": "9"}, "line 1: there is no column 9 for users, only 3 columns"),
        ({"user": "0"}, "line 1: there is no column 0 for users, only 3 columns"),
    ],
)
def test_columns_that_are_not_there_are_named(tmp_path, columns, words):
    (tmp_path / "mine.csv").write_text(lines("{u},{m},{r}"))
    with pytest.raises(UserError, match=words):
        read(locate(tmp_path, columns), pytest.fail)


TEXT = {
    "words": ("user{u},film {m},{r}", {}),
    "signs": ("ü{u},'{m};,{r}".replace(";", ""), {}),
    "beyond 64 bits": (f"{2**70}{{u}},x{{m}},{{r}}", {}),
    "as asked": ("0{u},00{m},{r}", {"user": "userId:text", "item": "movieId:text"}),
    "in quotes": ('"a,{u}"," ""{m}"" ",{r}', {}),
}


@pytest.mark.parametrize(("form", "columns"), TEXT.values(), ids=TEXT)
@pytest.mark.parametrize("careful", [False, True])
def test_ids_can_be_text(tmp_path, form, columns, careful, own_cache):
    content = lines(form) + ("\n \n" if careful else "")
    (tmp_path / "mine.csv").write_text(content, encoding="utf-8")
    user, movie, _ = (
        part.replace('""', '"') for part in _split_form(form.format(u="{u}", m="{m}", r="{r}"))
    )
    for _ in range(2):  # read, then from the cache
        dataset = open_path(tmp_path / "mine.csv", print, columns)
        assert dataset.user_ids.tolist() == sorted(user.format(u=one) for one in IDS[0])
        assert dataset.movie_ids.tolist() == sorted(movie.format(m=one) for one in IDS[1])
        assert sorted(dataset.ratings.values) == sorted(VALUES)
    rung = cut(dataset, "full", 0)
    assert len(rung) == len(ROWS)


def _split_form(form):
    if form.startswith('"'):
        return "a,{u}", '"{m}"', "{r}"
    return form.split(",")


def _tar(mode):
    def pack(folder, path):
        with tarfile.open(path, mode) as archive:
            archive.add(folder, "release")

    return pack


def _zip(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/release/._ratings.csv", b"\0\0")
        for file in sorted(folder.iterdir()):
            archive.write(file, f"outer/release/{file.name}")


def _one(module):
    return lambda folder, path: path.write_bytes(
        module.compress((folder / "ratings.csv").read_bytes())
    )


PACKED = {
    "m.zip": _zip,
    "m.tar": _tar("w"),
    "m.tar.gz": _tar("w:gz"),
    "m.tgz": _tar("w:gz"),
    "m.tar.bz2": _tar("w:bz2"),
    "m.tar.xz": _tar("w:xz"),
    "ratings.csv.gz": _one(gzip),
    "ratings.csv.bz2": _one(bz2),
    "ratings.csv.xz": _one(lzma),
}


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    write_csv(folder)
    return folder


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_is_read_as_it_is(tmp_path, release, name):
    PACKED[name](release, tmp_path / name)
    dataset = read(locate(tmp_path / name), pytest.fail)
    check(dataset)
    if "ratings" not in name:
        assert (dataset.name, dataset.titles) == ("m", TITLES)
        for share in (0.3, 0.9):
            content = (tmp_path / name).read_bytes()
            (tmp_path / name).write_bytes(content[: int(len(content) * share)])
            with pytest.raises(UserError, match=rf"{name}.* (damaged or cut|holds no)"):
                read(locate(tmp_path / name), pytest.fail)


def test_a_folder_within_folders_beside_what_systems_add(tmp_path, release):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    release.rename(deep / "ml")
    for noise in ("__MACOSX", ".hidden"):
        (tmp_path / noise).mkdir()
        write_csv(tmp_path / noise)
    (deep / "ml" / "._ratings.csv").write_bytes(b"\0")
    (deep / "ml" / "tags.csv").write_text("userId,movieId,tag,timestamp\n")
    dataset = read(locate(tmp_path), pytest.fail)
    check(dataset)
    assert (dataset.name, dataset.titles) == ("ml", TITLES)


@pytest.mark.parametrize("types", [("int64", "float64"), ("float64", "float32"), ("str", "int64")])
def test_parquet(tmp_path, types):
    frame = pd.DataFrame(ROWS, columns=["user_id", "movie_id", "rating"])
    frame = frame.astype({"user_id": types[0], "movie_id": types[0], "rating": types[1]})
    frame.to_parquet(tmp_path / "ratings.parquet")
    check(read(locate(tmp_path), pytest.fail), str if types[0] == "str" else int)


PARQUET = {
    "missing id": ({"user": [1, None]}, "user of row 1 .from 0. is missing"),
    "missing rating": ({"rating": [3, None]}, "rating of row 1 .from 0. is missing"),
    "not finite": ({"rating": [3, np.inf]}, "rating of row 1 .from 0. is not a finite"),
    "half an id": ({"user": [1, 1.5]}, "user must be whole numbers of 64 bits or text"),
    "empty id": ({"user": ["a", " "]}, "user holds an id that is empty"),
    "no ids": ({"user": [True, False]}, "user must be whole numbers or text, not bool"),
    "no numbers": ({"rating": ["3", "4"]}, "rating must be numbers, not "),
    "duplicate": ({}, "row 1: user 1 rated movie 2 already on row 0"),
}


@pytest.mark.parametrize(("change", "words"), PARQUET.values(), ids=PARQUET)
def test_bad_parquet_is_named(tmp_path, change, words):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"user": [1, 1], "item": [2, 2], "rating": [3, 4]} | change).to_parquet(path)
    with pytest.raises(UserError, match=rf"x\.parquet:? {words}") as caught:
        read(locate(path), pytest.fail)
    assert "\n" not in str(caught.value)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match=r"x\.parquet"):
        read(locate(path), pytest.fail)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_ALWAYS_ALLOWED", 10_000)
    content = b"userId,movieId,rating\n" + b"1,2,3\n" * 1_000_000
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", content)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(content))
    _tar_of(tmp_path / "x.tar.xz", content)
    for name in ("x.zip", "x.csv.gz", "x.tar.xz"):
        with pytest.raises(UserError, match="unpacks to more than 100 times its size"):
            read(locate(tmp_path / name), pytest.fail)


def _tar_of(path, content):
    with tarfile.open(path, "w:xz") as archive:
        info = tarfile.TarInfo("ratings.csv")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))


def test_no_link_is_followed_out_of_an_archive(tmp_path):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("ratings.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(UserError, match=r"x\.tar\.gz: its member 'ratings.csv' is a link"):
        locate(tmp_path / "x.tar.gz")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        link = zipfile.ZipInfo("ratings.csv")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match=r"x\.zip: its member 'ratings.csv' is a link"):
        locate(tmp_path / "x.zip")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_paths_that_hold_no_files(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="link: there is a link to nowhere"):
        locate(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe is neither a file nor a folder"):
        locate(tmp_path / "pipe")
