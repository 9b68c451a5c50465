"""A trained model, and its file."""

import errno
import json
import os
import struct
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from implementations.arguments import file_path, of_kind
from implementations.atomic import atomic_write
from implementations.ids import IdMap, check_map, packed_strings, unpacked_strings
from implementations.problem import AlsParams, Float

_KIND, _VERSION = "als-ladder factors", 1

# What `zipfile` and NumPy raise on damaged archives, beside ValueError. RuntimeError is a bit that
# says "encrypted", NotImplementedError one that names another compression.
_DAMAGED = (
    *(KeyError, TypeError, AttributeError, EOFError, RuntimeError, MemoryError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


@dataclass(frozen=True, eq=False)  # arrays have no equality that is one
class Factors:
    """A model: r̂ = mean + b_u + c_i + p_u·q_i.

    Attributes
    ----------
    users : ndarray, shape (n_users, rank + 1), float32 or float64
        Row u is [p_u; b_u].
    items : ndarray, shape (n_items, rank + 1), same dtype
        Row i is [q_i; c_i].
    mean : float
        μ, the mean of the training ratings.
    user_ids, item_ids : IdMap or None
        Ids of the rows, where the ratings had ids of their own: `predict` and `recommend` take
        those. None: ids are the rows' numbers.
    params : AlsParams or None
        What it was trained with, where that is known.
    """

    users: NDArray[Float]
    items: NDArray[Float]
    mean: float
    user_ids: IdMap | None = None
    item_ids: IdMap | None = None
    params: AlsParams | None = None

    def __post_init__(self) -> None:
        for name in ("users", "items"):
            rows = getattr(self, name)
            of_kind(f"Factors.{name}", rows, np.ndarray)
            if rows.ndim != 2 or rows.dtype.kind != "f" or rows.shape[1] < 1:
                raise ValueError(
                    f"Factors.{name} must be floats of shape (rows, rank + 1), "
                    f"not {rows.dtype.name} of shape {rows.shape}"
                )
        if self.users.shape[1] != self.items.shape[1]:
            shapes = f"{self.users.shape} and {self.items.shape}"
            raise ValueError(f"Factors.users and items must be equally wide, not {shapes}")
        if isinstance(self.mean, bool) or not isinstance(self.mean, Real):
            raise TypeError(f"Factors.mean must be a number, not {type(self.mean).__name__}")
        if self.params is not None:
            of_kind("Factors.params", self.params, AlsParams)
        for side, rows, ids in (
            ("user", self.users, self.user_ids),
            ("item", self.items, self.item_ids),
        ):
            check_map(f"Factors.{side}_ids", ids, f"len({side}s)", len(rows))

    @property
    def rank(self) -> int:
        """Length of a factor; the bias is not counted."""
        return int(self.users.shape[1]) - 1

    def astype(self, dtype: np.dtype[Any]) -> "Factors":
        """Copy of these factors in another dtype, float32 or float64."""
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"dtype must be one of floats, not {dtype}")
        return replace(self, users=self.users.astype(dtype), items=self.items.astype(dtype))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model with its ids and parameters as a NumPy archive (.npz), without pickle.

        The file is whole or not there; one of that name is replaced.

        Parameters
        ----------
        path : path_like

        Raises
        ------
        OSError
            Where it cannot be written.
        """
        arrays: dict[str, NDArray[Any]] = {"users": self.users, "items": self.items}
        for side, ids in (("user", self.user_ids), ("item", self.item_ids)):
            if ids is None:
                continue
            if ids.holds_strings:
                packed = packed_strings(ids.ids)
                arrays[f"{side}_id_bytes"], arrays[f"{side}_id_lengths"] = packed
            else:
                arrays[f"{side}_ids"] = ids.ids
        about = {
            "kind": _KIND,
            "version": _VERSION,
            "arrays": sorted(arrays),
            "mean": float(self.mean),
            "params": self.params and asdict(self.params),
        }
        as_bytes = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with atomic_write(file_path("path", path)) as file:
            np.savez(file, allow_pickle=False, about=as_bytes, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Factors":
        """Read what `save` wrote.

        Parameters
        ----------
        path : path_like

        Returns
        -------
        Factors
            With the same bits, ids and parameters.

        Raises
        ------
        OSError
            Where there is no such file, or it cannot be read.
        ValueError
            Where it is no such archive, damaged, or of a later version.
        """
        path = file_path("path", path)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            return _restored(arrays)
        except _DAMAGED as error:
            raise ValueError(f"{path} holds no saved factors ({error!r})") from error
        except OSError as error:
            # A wild offset within the archive, or a stream of one of the other compressions.
            if error.errno not in (errno.EINVAL, None):
                raise
            raise ValueError(f"{path} holds no saved factors ({error!r})") from error
        except ValueError as error:
            raise ValueError(f"{path} cannot be read as factors: {error}") from error


def _restored(arrays: dict[str, NDArray[Any]]) -> Factors:
    about = json.loads(bytes(arrays.pop("about")))
    if about["kind"] != _KIND:
        raise KeyError(_KIND)
    if about["version"] > _VERSION:
        raise ValueError(f"version {about['version']} is later than {_VERSION}: update")
    if about["arrays"] != sorted(arrays):
        raise ValueError(f"it has {', '.join(arrays)} instead of {', '.join(about['arrays'])}")
    params = about["params"]
    user_ids, item_ids = (_id_map(arrays, side) for side in ("user", "item"))
    trained_with = params and AlsParams(**params)
    return Factors(
        arrays["users"], arrays["items"], about["mean"], user_ids, item_ids, trained_with
    )


def _id_map(arrays: dict[str, NDArray[Any]], side: str) -> IdMap | None:
    if f"{side}_ids" in arrays:
        return IdMap(arrays[f"{side}_ids"])
    if f"{side}_id_bytes" not in arrays:
        return None
    packed, lengths = (arrays[f"{side}_id_{part}"] for part in ("bytes", "lengths"))
    return IdMap(unpacked_strings(packed, lengths))
