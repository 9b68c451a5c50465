"""Which columns of a table hold users, items and ratings: told by their names, or named."""

import pandas as pd
import pyarrow as pa
import pytest

from implementations import IdMap, Ratings
from implementations.columns import find_columns

pytestmark = pytest.mark.kernel

FRAME = pd.DataFrame({"rating": [4.0, 5.0], "Movie ID": ["x", "y"], "user_id": [9, 3]})


@pytest.mark.parametrize("table", [lambda f: f, pa.table, lambda f: pa.table(f).to_batches()[0]])
def test_columns_of_a_table_are_told_by_their_names(table):
    ratings = Ratings.from_frame(table(FRAME))
    assert ratings.user_ids == IdMap([3, 9])
    assert ratings.item_ids == IdMap(["x", "y"])
    assert ratings.values.tolist() == [5, 4]


def test_whatever_offers_arrow_is_a_table():
    class Offering:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.table(FRAME).__arrow_c_stream__(requested_schema)

    assert Ratings.from_frame(Offering()).user_ids == IdMap([3, 9])


def test_a_named_column_wins():
    frame = FRAME.assign(user=[1, 2])
    assert Ratings.from_frame(frame, user="user").user_ids == IdMap([1, 2])
    with pytest.raises(ValueError, match=r"several could hold it\. Say user=…"):
        Ratings.from_frame(frame)


@pytest.mark.parametrize(
    ("names", "given", "words"),
    [
        (["a", "movieId", "rating"], {}, "no column of users can be told among 'a', 'movieId'"),
        (["userId", "movieId", "rating"], {"item": "x"}, "there is no column 'x' for item"),
        (["user", "user", "item", "rating"], {}, "several"),
    ],
)
def test_columns_that_cannot_be_told_are_named(names, given, words):
    with pytest.raises(ValueError, match=words):
        find_columns(names, given)


@pytest.mark.parametrize(
    "names",
    [
        "userId movieId rating",
        "user_id item_id stars",
        "UserID MovieID Rating",
        "USER ITEM SCORE",
        "User-ID ISBN Book-Rating",
        "reviewerID asin overall",
        "user_id anime_id rating",
        "user_id business_id stars",
        "uid iid value",
    ],
)
def test_usual_names_are_known(names):
    assert list(find_columns(names.split(), {})) == names.split()
