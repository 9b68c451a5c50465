"""Ids as callers have them, integers or strings, and the rows that they stand for."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from implementations.arguments import of_kind, row_numbers

# pandas is imported where it is used: who has no raw ids does not wait for it.
if TYPE_CHECKING:
    import pandas as pd

_SIGNED = np.iinfo(np.int64)
_MOST_ROWS = int(np.iinfo(np.int32).max)


class IdMap:
    """The ids of one side, in ascending order: row r of the factors belongs to ``ids[r]``.

    Parameters
    ----------
    ids : array_like, shape (n,)
        Integers or strings, ascending, each once. Other orders are refused.

    Attributes
    ----------
    ids : ndarray, shape (n,)
        int64, uint64 where one does not fit into it, or object where they are strings.
    """

    def __init__(self, ids: ArrayLike) -> None:
        self.ids = raw_ids("ids", ids)
        if self.ids.ndim != 1 or not bool((self.ids[:-1] < self.ids[1:]).all()):
            raise ValueError("ids must be one-dimensional and ascend, each once")
        self.ids.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdMap):
            return NotImplemented
        return self.holds_strings == other.holds_strings and np.array_equal(self.ids, other.ids)

    __hash__ = None  # type: ignore[assignment]  # it holds an array

    def __repr__(self) -> str:
        return f"IdMap of {len(self)} {'strings' if self.holds_strings else 'integers'}"

    @property
    def holds_strings(self) -> bool:
        """Whether its ids are strings."""
        return self.ids.dtype == object

    def rows(self, name: str, given: ArrayLike) -> NDArray[np.int64]:
        """Rows that these ids stand for, -1 where an id is unknown.

        Parameters
        ----------
        name : str
            Of the argument, for messages.
        given : array_like
            Of any shape; a scalar, too.

        Returns
        -------
        ndarray of the same shape, int64

        Raises
        ------
        TypeError
            Where they are of another type than the ids here: "7" is not 7.
        ValueError
            Where one is missing (None, NaN).
        """
        asked = raw_ids(name, given)
        if asked.size == 0:
            return np.zeros(asked.shape, np.int64)
        if (asked.dtype == object) != self.holds_strings and len(self):
            mine, theirs = ("strings", "integers")[:: 1 if self.holds_strings else -1]
            first = asked.reshape(-1).tolist()[0]
            raise TypeError(f"{name} must be {mine} as in the ratings, not {theirs} ({first!r})")
        import pandas as pd

        flat = asked.reshape(-1)
        rows = np.full(len(flat), -1, np.int64)
        known = _within(flat, self.ids.dtype)
        rows[known] = self._index.get_indexer(pd.Index(flat[known].astype(self.ids.dtype)))
        return rows.reshape(asked.shape)

    @cached_property
    def _index(self) -> "pd.Index[Any]":
        import pandas as pd

        index: pd.Index[Any] = pd.Index(self.ids, dtype=self.ids.dtype)
        return index


def contiguous(name: str, given: ArrayLike) -> tuple[NDArray[np.int32], IdMap]:
    """Rows of ids in the ascending order of the ids, and the map back.

    Parameters
    ----------
    name : str
        Of the argument, for messages.
    given : array_like, shape (n,)
        Integers or strings.

    Raises
    ------
    TypeError
        Where they are neither, or both.
    ValueError
        Where one is missing, or they are not one-dimensional.
    """
    import pandas as pd

    ids = raw_ids(name, given)
    if ids.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not {ids.ndim}-dimensional")
    rows, distinct = pd.factorize(ids, sort=True)
    if len(distinct) > _MOST_ROWS:
        raise ValueError(f"{name} are {len(distinct)} different ids: at most {_MOST_ROWS} can be")
    return rows.astype(np.int32), IdMap(distinct)


def check_map(name: str, ids: IdMap | None, counted: str, count: int) -> None:
    """Refuse what is no map of so many rows.

    Raises
    ------
    TypeError, ValueError
    """
    if ids is None:
        return
    of_kind(name, ids, IdMap)
    if len(ids) != count:
        raise ValueError(f"{name} must have {count} ids as {counted} says, not {len(ids)}")


def rows_of(name: str, given: ArrayLike, ids: IdMap | None, count: int) -> NDArray[np.int64]:
    """Rows of ids, -1 where one is unknown; without a map, ids are rows, checked as such."""
    if ids is None:
        return row_numbers(name, given, count).astype(np.int64)
    return ids.rows(name, given)


def raw_ids(name: str, given: Any) -> NDArray[Any]:
    """Ids as an array: int64, uint64 where that is too narrow, or object where they are strings.

    Raises
    ------
    TypeError
        Where they are neither integers nor strings, or both.
    ValueError
        Where one is missing.
    """
    # A list of both kinds would become strings all of them, in silence.
    ids = np.array(given, dtype=object) if isinstance(given, list | tuple) else np.asarray(given)
    if ids.size == 0:
        return ids.astype(np.int64)
    if ids.dtype.kind in "iu":
        wide = ids.dtype.kind == "u" and int(ids.max()) > _SIGNED.max
        return ids.astype(np.uint64 if wide else np.int64)
    if ids.dtype.kind in "UT":
        return ids.astype(object)
    if ids.dtype.kind == "f":
        raise _floats(name, ids.reshape(-1))
    if ids.dtype != object:
        raise TypeError(f"{name} must be integers or strings, not {ids.dtype.name}")
    from pandas.api.types import infer_dtype

    kind = infer_dtype(ids.reshape(-1), skipna=False)
    if kind == "string":
        return ids
    if kind == "integer":
        return _whole(name, ids)
    raise _first_offender(name, ids.reshape(-1))


def packed_strings(texts: NDArray[np.object_]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Strings as bytes of UTF-8, one after the other, and their lengths.

    NumPy's own strings lose zeros at their ends, and its objects are pickled.
    """
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    lengths = np.array([len(one) for one in encoded], np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), lengths


def unpacked_strings(packed: NDArray[Any], lengths: NDArray[Any]) -> NDArray[np.object_]:
    """Strings of `packed_strings`."""
    joined, ends = bytes(packed), np.cumsum(lengths).tolist()
    texts = np.empty(len(ends), object)
    for n, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True) if ends else ()):
        texts[n] = joined[start:end].decode("utf-8", "surrogatepass")
    return texts


def _whole(name: str, ids: NDArray[Any]) -> NDArray[Any]:
    for dtype in (np.int64, np.uint64):
        try:
            return ids.astype(dtype)
        except OverflowError:
            continue
    raise ValueError(f"{name} holds integers beyond 64 bits: give such ids as strings")


def _floats(name: str, ids: NDArray[Any]) -> Exception:
    """What to say of floats: where one is missing, tables make floats of all of them."""
    missing = np.isnan(ids)
    if missing.any():
        return ValueError(f"{name}[{int(np.argmax(missing))}] is missing (nan)")
    return TypeError(
        f"{name} must be integers or strings, not {ids.dtype.name} (the first is {ids[0]}): "
        f"cast them, {name}.astype(np.int64), if they are whole"
    )


def _first_offender(name: str, ids: NDArray[Any]) -> Exception:
    """What to say of ids that are neither all integers nor all strings."""
    import pandas as pd

    for n, one in enumerate(ids):
        where = f"{name}[{n}]"
        if not isinstance(one, list | tuple | np.ndarray) and pd.isna(one):
            return ValueError(f"{where} is missing ({one!r})")
        if isinstance(one, bool | np.bool_) or not isinstance(one, int | np.integer | str):
            return TypeError(f"{where} must be an integer or a string, not {one!r}")
        if isinstance(one, str) != isinstance(ids[0], str):
            return TypeError(
                f"{name} must be all integers or all strings: {where} is {one!r}, "
                f"the first is {ids[0]!r}"
            )
    raise AssertionError(f"{name}: pandas sees more than one kind, but there is one")


def _within(ids: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[np.bool_]:
    """Which of these integers a dtype can hold; all of them for strings."""
    if ids.dtype in (object, dtype):
        return np.ones(len(ids), np.bool_)
    if dtype == np.int64:
        return ids <= np.uint64(_SIGNED.max)
    return ids >= 0
