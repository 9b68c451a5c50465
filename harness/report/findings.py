"""What a run found, as tables, figures and page take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from harness.report.cells import baseline


@dataclass(frozen=True)
class About:
    """Of which data a run is, and what was asked of all implementations.

    Attributes
    ----------
    data : str
        Name of the data set, whatever it says.
    synthetic : bool
        Whether the ratings were made up.
    asked : str
        Rank, regularisers and sweeps, in words.
    """

    data: str
    synthetic: bool
    asked: str

    @classmethod
    def of(
        cls, dataset: Mapping[str, Any], params: Mapping[str, Any], sweeps: int, *first: str
    ) -> "About":
        """Put the model's parameters in words.

        Parameters
        ----------
        dataset : mapping
            name and synthetic.
        params : mapping
            The fields of `implementations.AlsParams`.
        sweeps : int
        *first : str
            What is to be said before.
        """
        regularisers = f"reg {params['reg']:g}"
        parts = [
            *first,
            f"rank {params['rank']}",
            f"{regularisers} and {params['bias_reg']:g}"
            if params["biases"]
            else f"{regularisers}, no biases",
            *(["scaled by counts"] if params["count_scaled"] else []),
            f"{sweeps} sweeps",
        ]
        return cls(str(dataset["name"]), bool(dataset["synthetic"]), " · ".join(parts))

    @property
    def title(self) -> str:
        """What stands above each table and figure."""
        return f"{self.data}{' (synthetic)' if self.synthetic else ''} · {self.asked}"

    @property
    def ratings(self) -> str:
        """What the ratings are called in a sentence."""
        return "synthetic ratings" if self.synthetic else "ratings"


@dataclass(frozen=True)
class Findings:
    """The frames of the analysis, which may be empty, and what they are about.

    Attributes
    ----------
    cells, qualities : DataFrame
    about : About
    against : mapping of str to DataFrame
        The cells frame once more for each implementation that speed can be compared with.
    """

    cells: pd.DataFrame
    qualities: pd.DataFrame
    about: About
    against: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def baseline(self) -> str:
        """Name of what speed is compared with, also where there is none."""
        return ("" if self.cells.empty else baseline(self.cells)) or "the baseline"
