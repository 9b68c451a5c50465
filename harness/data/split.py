"""Splits of published protocols, which go by the order of the file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.indexing import index_table
from harness.data.layouts import locate
from harness.data.readers import read_table
from harness.data.rung import Rung, split_by_mask


def bernoulli_mask(n_ratings: int, test_share: float, seed: int) -> NDArray[np.bool_]:
    """The mask of ``np.random.seed(seed); np.random.rand(n_ratings) < test_share``.

    Returns
    -------
    ndarray, shape (n_ratings,), bool
        True: test.
    """
    # The protocol is defined by NumPy's legacy generator, whose stream is frozen.
    generator = np.random.RandomState(seed)
    return generator.random_sample(n_ratings) < test_share


def file_order_split(path: Path, test_share: float, seed: int) -> Rung:
    """The whole of a data set, split by a Bernoulli mask in the order of its file.

    Parameters
    ----------
    path : Path
        Folder, zip or ratings file.
    test_share : float
        Between 0 and 1.
    seed : int

    Returns
    -------
    Rung
        Its name is "file-order".

    Raises
    ------
    UserError
        Where there are no ratings, or bad ones.
    """
    source = locate(path)
    indexed = index_table(read_table(source), source)
    test = bernoulli_mask(len(indexed.ratings), test_share, seed)
    if indexed.order is not None:
        test = test[indexed.order]
    return split_by_mask("file-order", indexed.ratings, indexed.user_ids, indexed.movie_ids, test)
