"""Writing a data set out as MovieLens lays it out: ratings.csv and movies.csv in a folder."""

import csv
import io
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from harness.data.dataset import Dataset
from harness.data.synthetic.streams import streams
from harness.errors import UserError
from implementations.atomic import atomic_write

_HEADER = ("userId", "movieId", "rating", "timestamp")
_NO_GENRES = "(no genres listed)"

_ROWS_AT_ONCE = 1 << 20  # 30 MB of text

# From January 1995 on, as in MovieLens; a user rates a movie every half minute.
_FIRST_SECOND, _SECONDS, _SECONDS_APART = 789_652_009, 900_000_000, 30
_TIMESTAMP_KEY = np.uint64(0x74696D65)


def write_csv(dataset: Dataset, folder: Path) -> None:
    """Write ratings.csv and movies.csv, each aside and then renamed.

    A data set keeps no times of rating: the timestamps (seconds since 1970) are made up.

    Parameters
    ----------
    dataset : Dataset
    folder : Path
        Made where it isn't there; files of these names in it are replaced.

    Raises
    ------
    UserError
        Where the files cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(folder / "movies.csv") as stream:
            _write_movies(dataset, stream)
        with atomic_write(folder / "ratings.csv") as stream:
            _write_ratings(dataset, stream)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error}): choose another folder") from error


def _write_ratings(dataset: Dataset, stream: IO[bytes]) -> None:
    # The header is written by hand, because pyarrow puts it in quotes.
    stream.write((",".join(_HEADER) + "\n").encode())
    ids = [dataset.user_ids, dataset.movie_ids]
    kinds = [pa.string() if one.dtype == object else pa.int64() for one in ids]
    schema = pa.schema(zip(_HEADER, (*kinds, pa.string(), pa.int64()), strict=True))
    # A quote is needed in no number; pyarrow's "needed" would put them around all strings.
    quoting = "needed" if pa.string() in kinds else "none"
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting)
    ratings, n_users = dataset.ratings, len(dataset.user_ids)
    first_row = np.searchsorted(ratings.users, np.arange(n_users, dtype=np.int32))
    first_second = _first_seconds(n_users) - _SECONDS_APART * first_row
    with pyarrow.csv.CSVWriter(stream, schema, write_options=options) as writer:
        for low in range(0, len(ratings), _ROWS_AT_ONCE):
            block = slice(low, low + _ROWS_AT_ONCE)
            users, items = ratings.users[block], ratings.items[block]
            columns = [
                pa.array(dataset.user_ids[users]),
                pa.array(dataset.movie_ids[items]),
                _as_text(ratings.values[block]),
                pa.array(first_second[users] + _SECONDS_APART * np.arange(low, low + len(users))),
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def _as_text(values: NDArray[np.float32]) -> pa.Array:
    """Ratings as MovieLens writes them: 4.0, not 4."""
    encoded = pa.array(values).dictionary_encode()
    texts = pa.array([str(value) for value in encoded.dictionary.to_numpy()])
    return pa.DictionaryArray.from_arrays(encoded.indices, texts).cast(pa.string())


def _first_seconds(n_users: int) -> NDArray[np.int64]:
    """When each user rates its first movie."""
    hashes = streams(_TIMESTAMP_KEY, n_users)
    return _FIRST_SECOND + (hashes % np.uint64(_SECONDS)).astype(np.int64)


def _write_movies(dataset: Dataset, stream: IO[bytes]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("movieId", "title", "genres"))
    for movie in dataset.movie_ids.tolist():
        genres = "|".join(dataset.genres.get(movie, ())) or _NO_GENRES
        writer.writerow((movie, dataset.titles.get(movie, ""), genres))
    stream.write(text.getvalue().encode())
