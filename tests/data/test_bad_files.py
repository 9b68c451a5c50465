"""Every kind of bad file gives one line: what, where, what to do."""

import re
import zipfile

import pytest
from release_files import HEADER, write_csv, write_dat, write_tab, zipped

from harness.data.movielens import cleaning
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import read
from harness.errors import UserError

BAD_ROWS = {
    "duplicates": ("1,2,3,0\n1,3,3,0\n\n1,3,4,0\n1,2,5,0", r"line 5: user 1 rated movie 3 already "
                   r"on line 3 \(2 such ratings in all\)"),
    "nan": ("1,2,3,0\n1,3,nan,0", "line 3: the rating 'nan' is not a finite"),
    "nan after an empty line": ("1,2,3,0\n\n1,3,NaN,0", "line 4: the rating 'NaN'"),
    "infinite": ("1,2,inf,0", "line 2: the rating 'inf' is not a finite"),
    "overflow": ("1,2,3,0\n1,3,1e39,0", "line 3: the rating '1e39' is not a finite 32-bit"),
    "empty rating": ("1,2,3,0\n1,3,,0", "line 3: the rating '' is not"),
    "rating in words": ("1,2,good,0", "line 2: the rating 'good' is not"),
    "fractional id": ("1,2,3,0\n1,3,3,0\n1.5,3,3,0", "line 4: the userId id '1.5' is not a 64-bit"),
    "id in words": ("1,2,3,0\n1,3,3,0\n1,abc,3,0", "line 4: the movieId id 'abc' is not a 64-bit "
                    "integer; --columns …=movieId:text takes ids as text"),
    "empty id": ("1,,3,0", "line 2: the movieId id is empty"),
    "empty text id": ("a,b,3,0\na, ,3,0", "line 3: the movieId id is empty"),
    "id too large": (f"1,2,3,0\n1,3,3,0\n1,{2**63},3,0", "line 4: the movieId id "
                     "'9223372036854775808' is not"),
    "hexadecimal id": ("1,2,3,0\n1,0x10,3,0", "line 3: the movieId id '0x10' is not"),
    "other digits": ("1,2,3,0\n1,٣,3,0", "line 3: the movieId id '٣' is not"),
    "underscored rating": ("1,2,3,0\n1,3,1_0,0", "line 3: the rating '1_0' is not a finite"),
    "stars": ("1,2,★★★,0", "line 2: the rating '★★★' is not"),
    "beyond float64": ("1,2,3,0\n1,4,1e400,0", "line 3: the rating '1e400' is not a finite"),
    "ragged, short": ("1,2,3,0\n1,3", "line 3 has 2 columns, not 4"),
    "ragged, long": ("1,2,3,0,5", "line 2 has 5 columns, not 4"),
    "ragged after an empty line": ("1,2,3,0\n\n\n1,3", "line 5 has 2 columns, not 4"),
    "header only": ("", "has a header but no ratings"),
}  # fmt: skip


def complaint(path):
    """The message of the UserError: one line."""
    with pytest.raises(UserError) as caught:
        read(locate(path), print)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("body", "expected"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows_name_file_and_line(tmp_path, body, expected, packed):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "ratings.csv").write_text(f"{HEADER}\n{body}\n")
    path = zipped(folder, tmp_path / "bad.zip") if packed else folder
    assert re.search(rf"ratings\.csv {expected}", complaint(path))


BAD_FILES = {
    "empty": ("ratings.csv", b"", "is empty"),
    "blank": ("ratings.csv", b"\n \n", "is empty"),
    "missing column": ("ratings.csv", b"userId,rating\n1,2\n", "line 1: it has no three columns"),
    "unknown column": (
        "ratings.csv",
        b"userId,thing,rating\n1,2,3\n",
        "line 1: no column of items "
        "can be told among 'userId', 'thing', 'rating': none has a name for it that "
        "is known. Say --columns item=…",
    ),
    "two of them": (
        "ratings.csv",
        b"userId,movieId,itemId,rating\n1,2,2,3\n",
        "line 1: no column "
        "of items can be told among 'userId', 'movieId', 'itemId', 'rating': several",
    ),
    "no text": ("ratings.csv", b"userId\0,1", "is no text"),
    "utf-16": ("ratings.csv", "userId".encode("utf-16"), "is UTF-16 text"),
    "latin-1": ("ratings.csv", HEADER.encode() + b"\n1,2,3,4\n1,3,\xe9,4\n", "line 3: the rating"),
    "latin-1 id": (
        "ratings.csv",
        HEADER.encode() + b"\na,b,3,4\n\xe9,c,4,4\n",
        "line 3: the userId id '\\udce9' is not UTF-8 text: convert the file",
    ),
    "dat with single colons": ("ratings.dat", b"1:2:3:4\n", "line 1: it has no three columns"),
    "dat, bad rating": ("ratings.dat", b"1::2::3::4\n1::3::x::4\n", "line 2: the rating 'x'"),
    "dat, ragged": ("ratings.dat", b"1::2::3::4\n1::3::4\n", "line 2 has 3 columns, not 4"),
    "dat, duplicate": ("ratings.dat", b"1::2::3::4\n1::2::4::4\n", "line 2: user 1 rated movie 2"),
    "tab, bad id": ("u.data", b"1\t2\t3\t4\n2\t2\t3\t4\nx\t3\t4\t4\n", "line 3: the user id 'x'"),
    "tab, not finite": ("u.data", b"1\t2\tinf\t4\n", "line 1: the rating 'inf'"),
    "tab, two columns": ("u.data", b"1\t2\n", "line 1: it has no three columns"),
}


@pytest.mark.parametrize(("name", "content", "expected"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_name_file_and_line(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert f"{name} {expected}" in complaint(tmp_path / name)


BAD_MOVIES = {
    "csv, id": (write_csv, "movies.csv", b"movieId,title,genres\n1,A,B\nx,C,D\n", {1: "A"}, 3),
    "csv, ragged": (write_csv, "movies.csv", b"movieId,title,genres\n1\n2,B\n", {2: "B"}, 2),
    "csv, latin-1": (write_csv, "movies.csv", b"movieId,title,genres\n1,\xe9,B\n", {1: "é"}, None),
    "csv, order": (write_csv, "movies.csv", b"genres,Title,movie_id\nB,A,1\n", {1: "A"}, None),
    "csv, no header": (write_csv, "movies.csv", b"1,A,B\n", {}, 1),
    "csv, empty": (write_csv, "movies.csv", b"", {}, 1),
    "csv, quote": (write_csv, "movies.csv", b'movieId,title\n1,"A\n2,B\n', {1: "A", 2: "B"}, None),
    "csv, huge": (write_csv, "movies.csv", b'id,title\n1,"' + b"x" * 200_000 + b'"\n2,B',
                  {2: "B"}, 2),
    "dat, ragged": (write_dat, "movies.dat", b"1::A::B\n2\n", {1: "A"}, 2),
    "item, flags": (write_tab, "u.item", b"1|A|d|v|u|0|1\n", {}, 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("write", "name", "content", "titles", "line"), BAD_MOVIES.values(), ids=BAD_MOVIES
)
def test_bad_titles_stop_no_ratings(tmp_path, write, name, content, titles, line):
    write(tmp_path)
    (tmp_path / name).write_bytes(content)
    told = []
    dataset = read(locate(tmp_path), told.append)
    assert len(dataset.ratings) == 5
    assert dataset.titles == titles
    assert len(told) == (line is not None)
    assert all(f"{tmp_path / name}" in one and f"line {line}" in one for one in told)


@pytest.mark.parametrize("end", [b"", b"\n2,3,4,x\n"])
def test_a_line_without_end_is_refused_in_time(tmp_path, end, monkeypatch):
    monkeypatch.setattr(cleaning, "_LONGEST_LINE", 1 << 23)
    path = tmp_path / "ratings.csv"
    path.write_bytes(b"1,2,3," + b"y" * (1 << 25) + end)
    assert "ratings.csv has a line of more than 8,388,608 bytes" in complaint(path)


def test_no_such_path(tmp_path):
    assert "there is no such file or folder" in complaint(tmp_path / "nowhere")


def test_folder_without_ratings(tmp_path):
    assert "holds no ratings.csv, ratings.dat, u.data nor another table" in complaint(tmp_path)


def test_folder_with_several_data_sets(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_csv(tmp_path / name)
    assert "several data sets" in complaint(tmp_path)


def test_zip_without_ratings(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert "x.zip holds no ratings.csv" in complaint(tmp_path / "x.zip")


@pytest.mark.parametrize("member", ["../ratings.csv", "/etc/ratings.csv", "a\\..\\..\\ratings.csv"])
def test_zip_with_a_member_outside_its_folder(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("m/ratings.csv", f"{HEADER}\n1,2,3,4\n")
        archive.writestr(member, "1")
    assert "outside its folder" in complaint(tmp_path / "x.zip")


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "big").mkdir()
    rows = "\n".join(f"{row},{row * 7919 % 1000},3.5,{row}" for row in range(20_000))
    (tmp_path / "big" / "ratings.csv").write_text(f"{HEADER}\n{rows}\n")
    return zipped(tmp_path / "big", tmp_path / "big.zip")


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_truncated_zip(archive, share):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    assert "big.zip is a damaged or cut zip" in complaint(archive)


def test_corrupt_zip(archive):
    content = bytearray(archive.read_bytes())
    for position in range(20_000, 20_400):
        content[position] ^= 0x55
    archive.write_bytes(content)
    assert "big.zip is a damaged or cut zip" in complaint(archive)


def test_zip_whose_checksum_differs(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("m/ratings.csv", f"{HEADER}\n1,2,3,4\n")
    content = (tmp_path / "x.zip").read_bytes().replace(b"1,2,3,4", b"1,2,5,4")
    (tmp_path / "x.zip").write_bytes(content)
    assert "x.zip is a damaged or cut zip" in complaint(tmp_path / "x.zip")


@pytest.mark.parametrize("chunk", [1, 10, 60, 1 << 22])
def test_lines_are_counted_right_among_odd_but_good_ones(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(cleaning, "_CHUNK", chunk)
    good = ['"1",2,3,4', "", "1, 3 ,4,4", "-5,7,.5,4", "6,7,1e0,x y", "", "", "8,9,3.50,"]
    lines = [HEADER, *good, *(f"{row},1,1,1" for row in range(100, 120)), "1,2,3", "x,x,x,x"]
    for end in ("\n", "\r\n"):
        (tmp_path / "ratings.csv").write_bytes(end.join(lines).encode())
        assert f"line {len(lines) - 1} has 3 columns, not 4" in complaint(tmp_path)
        (tmp_path / "ratings.csv").write_bytes(end.join(lines[:-2]).encode())
        assert len(read(locate(tmp_path), print).ratings) == 25


@pytest.mark.parametrize("closed_at", [None, 40])
def test_a_quote_that_is_not_closed_makes_no_line_vanish(tmp_path, closed_at):
    """The field that it opens is not read: without a look, all lines up to its end are lost."""
    lines = [f"{user},{10 * user},4.0,9" for user in range(1, 61)]
    lines[20] = '21,210,4.0,"9'
    if closed_at:
        lines[closed_at] += '"'
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    with pytest.raises(UserError, match=r"ratings\.csv line 22 opens a quote") as caught:
        read(locate(path), print)
    assert "\n" not in str(caught.value)
