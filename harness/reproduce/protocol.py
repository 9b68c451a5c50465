"""The noun `Protocol`: a published experiment, read from a TOML file.

`docs/reproduce.md` describes the file, entry by entry.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from harness.errors import UserError
from implementations.problem import AlsParams

Count = Annotated[int, Meta(ge=1)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Ridge = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]

Quantity = Literal["train RMSE", "test RMSE", "training ratings", "test ratings", "speed-up"]


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: each entry has a meaning, so an unknown one is a mistake."""


class Source(_Entry, frozen=True, kw_only=True):
    """Where the figures were published."""

    title: Text
    authors: Text
    year: int
    link: Text


class DataSet(_Entry, frozen=True, kw_only=True):
    """The data set that a protocol needs.

    Attributes
    ----------
    name : str
        A release, where it is one: its counts and the checksum of its zip are known.
    ratings_md5 : str or None
        Checksum of its ratings file, where that is known.
    """

    name: Text
    ratings_md5: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None = None

    def __post_init__(self) -> None:
        if self.name.startswith("synthetic"):
            raise ValueError(f"{self.name} is a stand-in, and reproduces nothing")


class Split(_Entry, frozen=True, kw_only=True):
    """How train and test come about.

    Attributes
    ----------
    kind : str
        "file-order" (a Bernoulli mask down the file), "random" (an exact share of all ratings),
        "per-user" (an exact share of each user's), or "k-fold".
    share : float or None
        Of test.
    folds : int or None
        Of "k-fold".
    seeds : tuple of int
        A try for each; what is compared is their mean.
    original : bool
        Whether the first seed gives the split of the publication itself, rating by rating. Where
        it does not, the spread over the seeds adds to the tolerances.
    note : str
        Why the split is, or is not, that of the publication.
    drop_cold : bool
        Leave out test ratings whose user or movie has no training rating.
    """

    kind: Literal["file-order", "random", "per-user", "k-fold"]
    share: Share | None = None
    folds: Annotated[int, Meta(ge=2)] | None = None
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1)]
    original: bool
    note: Text
    drop_cold: bool = False

    def __post_init__(self) -> None:
        wanted, other = ("folds", "share") if self.kind == "k-fold" else ("share", "folds")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"a {self.kind} split has `{wanted}` and no `{other}`")
        if self.original and len(self.seeds) != 1:
            raise ValueError("the split of the publication itself has one seed")
        if not self.original and len(set(self.seeds)) < 3:
            raise ValueError("a split of our own needs three different seeds: they give its spread")


class Als(_Entry, frozen=True, kw_only=True, tag_field="solver", tag="als"):
    """Alternating least squares, as the implementations here do it.

    Attributes
    ----------
    rank, reg, bias_reg, count_scaled, biases, seed
        Those of `AlsParams`.
    centred : bool
        Whether the mean training rating is subtracted first.
    sweeps : int
    """

    rank: Count
    reg: Ridge
    bias_reg: Ridge
    count_scaled: bool = False
    biases: bool = True
    centred: bool = True
    sweeps: Count
    seed: Seed = 0

    @property
    def params(self) -> AlsParams:
        """Parameters that a backend takes."""
        return AlsParams(
            rank=self.rank,
            reg=self.reg,
            bias_reg=self.bias_reg,
            count_scaled=self.count_scaled,
            biases=self.biases,
            seed=self.seed,
        )


class Biases(_Entry, frozen=True, kw_only=True, tag_field="solver", tag="biases"):
    """Bias estimates alone, by alternating least squares.

    Attributes
    ----------
    user_reg, item_reg : float
    sweeps : int
        Each solves all items, then all users.
    least, most : float
        Predictions are clipped to these.
    """

    user_reg: Ridge
    item_reg: Ridge
    sweeps: Count
    least: float
    most: float


Model = Als | Biases


class Figure(_Entry, frozen=True, kw_only=True):
    """A published figure.

    Attributes
    ----------
    name : str
    quantity : str
    published : float
    tolerance : float
        Largest difference that counts as reproduced; of a speed-up, the largest factor.
    because : str
        The reason for the tolerance.
    change : dict
        Entries of the model that this figure has otherwise.
    implementation, over : str or None
        Of a speed-up: which implementation, as against which.
    """

    name: Text
    quantity: Quantity
    published: float
    tolerance: Annotated[float, Meta(ge=0)]
    because: Text
    change: dict[str, Any] = {}
    implementation: str | None = None
    over: str | None = None

    def __post_init__(self) -> None:
        named = [side is not None for side in (self.implementation, self.over)]
        if named != [self.quantity == "speed-up"] * 2:
            raise ValueError("a speed-up, and nothing else, has `implementation` and `over`")
        if self.quantity == "speed-up" and not (self.published > 0 and self.tolerance >= 1):
            raise ValueError("a speed-up is above 0, and its tolerance a factor of at least 1")


class Protocol(_Entry, frozen=True, kw_only=True):
    """A published experiment.

    Attributes
    ----------
    name : str
    source : Source
    dataset : DataSet
    split : Split
    model : Als or Biases
    implementation : str
        What it is tried with, unless the user names another one.
    figures : tuple of Figure
    """

    name: Text
    source: Source
    dataset: DataSet
    split: Split
    model: Als | Biases
    implementation: str = "numba-parallel"
    figures: Annotated[tuple[Figure, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if len({figure.name for figure in self.figures}) < len(self.figures):
            raise ValueError("two figures have the same name")
        for figure in self.figures:
            model = self.model_of(figure)
            if figure.quantity == "speed-up" and not isinstance(model, Als):
                raise ValueError(f"{figure.name!r}: bias estimates have no implementations to race")
            if figure.quantity.endswith("ratings") and self.split.kind == "k-fold":
                raise ValueError(f"{figure.name!r}: k folds have no single count")

    def model_of(self, figure: Figure) -> Model:
        """The model of a figure, its changes made."""
        entries = msgspec.to_builtins(self.model) | figure.change
        try:
            return msgspec.convert(entries, Als | Biases)
        except msgspec.ValidationError as error:
            raise ValueError(f"{figure.name!r}: {error}") from None


def read_protocol(text: bytes, where: str) -> Protocol:
    """Protocol of the text of its file.

    Raises
    ------
    UserError
        Where it is no TOML, or says something else than a protocol does.
    """
    try:
        return msgspec.toml.decode(text, type=Protocol)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{where} is no protocol: {reason}; docs/reproduce.md shows one") from None


def bundled() -> list[Protocol]:
    """The protocols that come with the harness, by name."""
    folder = files("harness.reproduce") / "protocols"
    texts = {file.name: file.read_bytes() for file in folder.iterdir()}
    return [read_protocol(texts[name], name) for name in sorted(texts) if name.endswith(".toml")]


def choose(asked: str | None) -> list[Protocol]:
    """Protocols that a user asked for.

    Parameters
    ----------
    asked : str or None
        A name, or a path of a TOML file; None: all that come with the harness.

    Raises
    ------
    UserError
        Where there is no such protocol, or its file is bad.
    """
    if asked is not None and asked.endswith(".toml"):
        try:
            return [read_protocol(Path(asked).expanduser().read_bytes(), asked)]
        except OSError as error:
            raise UserError(f"{asked} cannot be read: {error.strerror}") from None
    known = bundled()
    chosen = [protocol for protocol in known if asked in (None, protocol.name)]
    if not chosen:
        names = ", ".join(protocol.name for protocol in known)
        raise UserError(
            f"there is no protocol {asked!r}; there are {names}, or a path to FILE.toml"
        )
    return chosen
