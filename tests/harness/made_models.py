"""Models that are made up, and what is said of them."""

import numpy as np

from harness.analysis.latent import Trained
from implementations import AlsParams

ABOUT = {
    "data": {"name": "made", "synthetic": True, "train_ratings": 9, "movies": 9},
    "model": {"params": AlsParams().__dict__, "sweeps": 1, "test_rmse": None},
}
RANDOM = np.random.default_rng


def made(n_movies=80, rank=5, genres=("Children", "Horror"), seed=0) -> Trained:
    """A model whose first genre lies to one side; every fourth movie has few ratings."""
    random = np.random.default_rng(seed)
    users, items = random.normal(size=(50, rank + 1)), random.normal(size=(n_movies, rank + 1))
    of_movies = [(genres[n % len(genres)],) if genres else () for n in range(n_movies)]
    items[[bool(names) and names[0] == genres[0] for names in of_movies], 0] += 3
    counts = np.where(np.arange(n_movies) % 4 == 3, 2, 100 + np.arange(n_movies))
    return Trained(users, items, counts, [f"Movie {n} (1999)" for n in range(n_movies)], of_movies)
